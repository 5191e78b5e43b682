// What a client writes and reads in each profile, for the live tests: messages as objects in, {kind: …} out. JSON by Node's own library.

export const v1 = {
    name: 'v1',
    join: (documentId, { type = 'text', since } = {}) =>
        ({ type: 'join', documentId, documentType: type, protocolVersion: 1, ...(since === undefined ? {} : { sinceRevision: since }) }),
    op: (documentId, payload, baseRevision, opId) => ({ type: 'op', documentId, payload, baseRevision, ...(opId === undefined ? {} : { opId }) }),
    awareness: (documentId, data) => ({ type: 'awareness', documentId, data }),
    read(m) {
        switch (m.type) {
        case 'join_ack': return { kind: 'joined', revision: m.revision, snapshot: m.snapshot, pendingOps: m.pendingOps };
        case 'op_ack': return { kind: 'ack', success: m.success, revision: m.newRevision, error: m.errorMessage };
        case 'op': return { kind: 'op', revision: m.revision, payload: m.payload, opId: m.opId };
        case 'error': return { kind: 'error', error: `${m.code}: ${m.message}`, code: m.code };
        default: return { kind: m.type };
        }
    },
};

export const reference = {
    name: 'reference',
    join: (documentId, { type = 'text' } = {}) => ({ correlationId: 'j', messageType: 0, joinRequest: { documentId, documentType: type, clientProtoVersion: 1 } }),
    op: (documentId, payload, baseRevision) => ({ correlationId: 'o', messageType: 2, opRequest: { documentId, payload, baseRevision } }),
    awareness: (documentId, data) => ({ messageType: 4, awarenessRequest: { documentId, dataJson: JSON.stringify(data) } }),
    read(m) {
        switch (m.messageType) {
        case 1: return { kind: 'joined', revision: m.joinResponse.revision, snapshot: m.joinResponse.snapshot };
        case 3: return { kind: 'ack', success: m.opResponse.success, revision: m.opResponse.newRevision, error: m.opResponse.errorMessage };
        case 5: return { kind: 'op', revision: m.receiveOpEvent.newRevision, payload: m.receiveOpEvent.payload };
        case 8: return { kind: 'error', error: m.errorMessage };
        default: return { kind: `message ${m.messageType}` };
        }
    },
};

export const contentOf = (snapshot) => JSON.parse(Buffer.from(snapshot, 'base64').toString('utf8')).content;
