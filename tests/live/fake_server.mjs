// A small, right server of one process and the v1 profile's join and op, for text; with faults that can be planted. It shows that the tests of this
// folder can fail: `overtake` lets a push go out before the reply of a lower revision, `lose` acknowledges ops and forgets them.

import net from 'node:net';
import { FrameReader, OP, encodeFrame, encodeMessage } from '../../conformance/play/frames.mjs';
import { acceptOf, header } from '../../conformance/play/wire.mjs';
import { apply, fromPayload, isNoOp, toPayload, transform } from './ot.mjs';

export async function startFake({ fault = null, every = 7 } = {})
{
    const documents = new Map(), sockets = new Set();
    let count = 0;
    const strikes = () => fault !== null && ++count % every === 0;
    const open = (id) => {
        if (!documents.has(id)) documents.set(id, { text: '', log: [], members: new Set() });
        return documents.get(id);
    };
    const put = (c, m) => c.socket.writable && c.socket.write(encodeMessage(OP.text, [Buffer.from(JSON.stringify(m))], false));

    // A connection's held replies go out behind the next push to it: the released server's fault W56.
    const push = (c, m) => {
        put(c, m);
        c.held.splice(0).forEach((reply) => put(c, reply));
    };

    function join(c, m)
    {
        const d = open(m.documentId);
        d.members.add(c);
        const since = m.sinceRevision;
        put(c, { type: 'join_ack', revision: d.log.length + 1, snapshot: since ? '' : Buffer.from(JSON.stringify({ content: d.text })).toString('base64'), awareness: [],
            ...(since ? { pendingOps: d.log.slice(since - 1).map((e, i) => ({ payload: toPayload(e.op), revision: since + 1 + i, opId: e.opId })) } : {}) });
    }

    function op(c, m)
    {
        const d = open(m.documentId);
        const reply = (r) => ({ type: 'op_ack', documentId: m.documentId, success: true, newRevision: r });
        const known = m.opId === undefined ? -1 : d.log.findIndex((e, i) => i + 2 > m.baseRevision && e.opId === m.opId);
        if (known >= 0) return put(c, reply(known + 2));
        let op = fromPayload(m.payload);
        for (const e of d.log.slice(m.baseRevision - 1)) op = transform(op, e.op, false);
        const rebased = m.baseRevision <= d.log.length;
        if (rebased && isNoOp(op)) return put(c, reply(d.log.length + 1));
        if (fault === 'lose' && strikes()) return put(c, reply(d.log.length + 2));
        try {
            d.text = apply(d.text, op);
        } catch (e) {
            return put(c, { ...reply(d.log.length + 1), success: false, errorMessage: `InvalidOp: ${e.message}` });
        }
        d.log.push({ op, opId: m.opId });
        const revision = d.log.length + 1;
        for (const other of d.members)
            if (other !== c) push(other, { type: 'op', documentId: m.documentId, payload: toPayload(op), revision, ...(m.opId ? { opId: m.opId } : {}) });
        const answer = reply(revision);
        if (fault !== 'overtake' || !strikes()) return put(c, answer);
        c.held.push(answer);
        setTimeout(() => c.held.splice(0).forEach((r) => put(c, r)), 10);
    }

    const server = net.createServer({ noDelay: true }, (socket) => {
        const c = { socket, held: [] };
        let raw = Buffer.alloc(0), reader = null;
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => { for (const d of documents.values()) d.members.delete(c); });
        socket.on('data', (b) => {
            if (reader) return reader.push(b);
            raw = Buffer.concat([raw, b]);
            if (raw.indexOf('\r\n\r\n') < 0) return;
            const headers = raw.toString('latin1').split('\r\n').slice(1).map((l) => l.split(': '));
            socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(header(headers, 'Sec-WebSocket-Key'))}\r\n\r\n`);
            reader = new FrameReader((e) => {
                if (e.ping) socket.write(encodeFrame({ opcode: OP.pong, payload: e.ping, mask: false }));
                if (e.close) socket.end();
                if (!e.message) return;
                const m = JSON.parse(e.message.toString('utf8'));
                if (m.type === 'join') join(c, m);
                if (m.type === 'op') op(c, m);
            }, { masked: true });
        });
    });
    await new Promise((r) => server.listen(0, '127.0.0.1', r));
    return { where: { host: '127.0.0.1', port: server.address().port }, cut: () => { for (const s of sockets) s.destroy(); },
        stop: () => { for (const s of sockets) s.destroy(); server.close(); } };
}
