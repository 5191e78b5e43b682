// Each limit of spec/v1.md §3.5 and each row of §4.1's table of closes, at N and at N + 1, where the recordings have no case, or only one at the
// default; and siblings of recorded cases, by the same rules. Settings make the large ones small, and the small ones large: a limit that is configured is the one that counts, in both profiles.

import { Peer, httpRequest } from '../../conformance/play/wire.mjs';
import { OP, encodeClose, encodeFrame } from '../../conformance/play/frames.mjs';
import { check, notOk, run, skip } from './lines.mjs';
import { opstreamd, start } from './start.mjs';

const LIMIT = 10000;
const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const insert = (text) => base64({ components: [{ type: 'insert', text }] });

// A client that says one thing and takes one answer: `code` of a refusal, `ok`, or `close <code> <reason>`.
class Talker
{
    static async open(where, path = '/collab-ws')
    {
        const talker = new Talker();
        talker.peer = new Peer('talker');
        const head = await talker.peer.open(where, path, [], LIMIT);
        if (head.status !== 101) throw new Error(`upgrade answered ${head.status}`);
        return talker;
    }

    bytes(bytes) { this.peer.socket.write(bytes); }
    say(message) { this.peer.send(OP.text, [Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))]); }

    async next()
    {
        const item = await this.peer.take(LIMIT);
        if (item === null) return 'nothing';
        if (item.close) return `close ${item.close.code} ${item.close.reason}`;
        if (item.text === undefined) return JSON.stringify(item);
        const m = JSON.parse(item.text);
        if (m.type === 'error') return m.code;
        if (m.type === 'op_ack') return m.success ? 'ok' : m.errorMessage.split(':')[0];
        if (m.messageType === 3) return m.opResponse.success ? 'ok' : m.opResponse.errorMessage;
        if (m.messageType === 8) return m.errorMessage;
        return /_ack$/.test(m.type) || m.messageType === 1 ? 'ok' : m.type ?? `message ${m.messageType}`;
    }

    ask(message) { this.say(message); return this.next(); }
    join(documentId, more = {}) { return this.ask({ type: 'join', documentId, documentType: 'text', protocolVersion: 1, ...more }); }
    op(documentId, payload, baseRevision, more = {}) { return this.ask({ type: 'op', documentId, payload, baseRevision, ...more }); }

    // The answer, whatever others push before it.
    async reply(message)
    {
        this.say(message);
        for (;;) {
            const got = await this.next();
            if (!['op', 'awareness_update', 'peer_disconnected', 'peer_left'].includes(got)) return got;
        }
    }

    drop() { this.peer.drop(); }
}

const agree = (name, got, wanted) => check(JSON.stringify(got) === JSON.stringify(wanted), name, `got    ${JSON.stringify(got)}`, `wanted ${JSON.stringify(wanted)}`);

async function withServer(env, play)
{
    const server = await start({ OPSTREAM__ENGINES: 'text,json', OPSTREAM__STORAGE__PROVIDER: 'memory', ...env });
    try {
        await play(server);
    } catch (e) {
        notOk(`with ${JSON.stringify(env)}`, ...String(e.stack ?? e).split('\n'), ...server.log.slice(-10));
    }
    const exit = await server.stop();
    if (exit.code !== 0) notOk(`with ${JSON.stringify(env)} the server ends cleanly`, JSON.stringify(exit), ...server.log.slice(-10));
}

// ---- limits --------------------------------------------------------------------------------------------------------------

async function identifiers({ where })
{
    const c = await Talker.open(where);
    const id = async (documentId) => c.join(documentId);
    agree('a document id has 1 to 256 UTF-16 units, is not blank and holds no control character',
        [await id('x'), await id('😀'.repeat(128)), await id('é'.repeat(256)), await id('😀'.repeat(128) + 'x'), await id(' x\u00a0'), await id('\u00a0\u2003')],
        ['ok', 'ok', 'ok', 'InvalidMessage', 'ok', 'InvalidMessage']);
    const controls = [];
    for (const c2 of ['\u0000', '\u001f', '\u007f', '\u0080', '\u009f']) {
        controls.push(await id(`a${c2}`));
        controls.push(await c.join('x')); // so that they are not eight in a row
    }
    agree('U+0000 to 1F and 7F to 9F', controls, ['InvalidMessage', 'ok', 'InvalidMessage', 'ok', 'InvalidMessage', 'ok', 'InvalidMessage', 'ok',
        'InvalidMessage', 'ok']);
    agree('U+0020, 7E and A0 are none', [await id('a b'), await id('a~'), await id('a\u00a0')], ['ok', 'ok', 'ok']);
    const type = (documentType) => c.join('t', { documentType });
    agree('a document type has 1 to 128 units, is not blank, and is one that is served, in any letter case',
        [await type('TeXt'), await type('t'.repeat(128)), await type('😀'.repeat(64)), await type('t'.repeat(129)), await type(' '), await type('tree')],
        ['ok', 'UnknownDocumentType', 'UnknownDocumentType', 'InvalidMessage', 'InvalidMessage', 'UnknownDocumentType']);
    const opId = async (text, base) => c.op('t', insert('a'), base, { opId: text });
    agree('an opId has 1 to 64 characters U+0021 to 7E', [await opId('i'.repeat(64), 1), await opId('i'.repeat(65), 2), await opId('', 2), await opId('a b', 2),
        await opId('\u007f', 2), await opId('!~', 2)], ['ok', 'InvalidMessage', 'InvalidMessage', 'InvalidMessage', 'InvalidMessage', 'ok']);
    agree('revisions are 0 to 2^63-1', [await c.op('t', insert('a'), -1), await c.op('t', insert('a'), 0),
        await c.ask(`{"type":"op","documentId":"t","payload":"${insert('a')}","baseRevision":9223372036854775807}`),
        await c.ask(`{"type":"op","documentId":"t","payload":"${insert('a')}","baseRevision":9223372036854775808}`)],
        ['InvalidMessage', 'RevisionCompacted', 'RevisionAhead', 'InvalidMessage']);
    c.drop();
}

async function joined({ where })
{
    const c = await Talker.open(where);
    agree('documents joined on a connection: N, one more is TooMany, a joined one again is none more',
        [await c.join('a'), await c.join('b'), await c.join('c'), await c.join('d'), await c.join('c')], ['ok', 'ok', 'ok', 'TooMany', 'ok']);
    agree('after a leave there is room again', [await c.ask({ type: 'leave', documentId: 'a' }), await c.join('d'), await c.join('a')], ['ok', 'ok', 'TooMany']);
    agree('a failed join takes no place', [await c.ask({ type: 'leave', documentId: 'd' }), await c.join('e', { documentType: 'tree' }),
        await c.join('f'), await c.join('g')],
        ['ok', 'UnknownDocumentType', 'ok', 'TooMany']);
    c.drop();
}

async function engines({ where })
{
    const c = await Talker.open(where);
    agree('a document type that OPSTREAM__ENGINES does not name is unknown', [await c.join('a'), await c.join('b', { documentType: 'text' })],
        ['UnknownDocumentType', 'UnknownDocumentType']);
    agree('one that it names is served', [await c.join('a', { documentType: 'json' })], ['ok']);
    c.drop();
}

async function joinedByDefault({ where })
{
    const c = await Talker.open(where);
    const answers = [];
    for (let i = 0; i <= 1000; i++) answers.push(await c.join(`doc-${i}`));
    agree('1,000 documents are joined, the next is TooMany', [answers.slice(0, 1000).every((a) => a === 'ok'), answers[1000]], [true, 'TooMany']);
    c.drop();
}

async function payloads({ where })
{
    const [v1, ref] = [await Talker.open(where), await Talker.open(where)];
    const opOf = (n) => { const frame = '{"components":[{"type":"insert","text":""}]}'.length; return insert('p'.repeat(n - frame)); };
    await v1.join('p');
    agree('a payload has 1 byte to as many as are configured', [await v1.op('p', '', 1), await v1.op('p', opOf(2 ** 21), 1), await v1.op('p', opOf(2 ** 21 + 1), 2)],
        ['InvalidMessage', 'ok', 'TooLarge']);
    const envelope = (payload, baseRevision) => ref.ask({ messageType: 2, opRequest: { documentId: 'q', payload, baseRevision } });
    await ref.ask({ messageType: 0, joinRequest: { documentId: 'q', documentType: 'text', clientProtoVersion: 1 } });
    agree('and in the envelope', [await envelope(opOf(2 ** 21), 1), await envelope(opOf(2 ** 21 + 1), 1), await envelope(opOf(2 ** 21 + 1), -1),
        await envelope('', -1), await envelope(opOf(50), -1)],
        ['ok', 'InvalidMessage: Operation payload exceeds 2097152 bytes.', 'InvalidMessage: Operation payload exceeds 2097152 bytes.',
            'InvalidMessage: Operation payload is empty.', 'InvalidMessage: Base revision must be non-negative.']);
    v1.drop();
    ref.drop();
}

// `all` is a multiple of `one`.
async function states({ where }, one, all)
{
    const clients = [];
    for (let i = 0; i <= all / one; i++) clients.push(await Talker.open(where));
    for (const c of clients) await c.join('d');
    const [a, b, last] = [clients[0], clients[1], clients.at(-1)];
    const set = (c, data, documentId = 'd') => c.reply({ type: 'awareness', documentId, data, id: 1 });
    const state = (bytes) => 's'.repeat(bytes - 2);
    agree(`a state has up to ${one} bytes`, [await set(a, state(one)), await set(a, state(one + 1)), await set(b,
        [state(one - 1)]), await set(b, 'é'.repeat(one / 2))],
        ['ok', 'TooLarge', 'TooLarge', 'TooLarge']);
    agree('before the join it is NotJoined, whatever its size', [await set(a, state(one + 1), 'other')], ['NotJoined']);
    const full = [];
    for (const c of clients.slice(0, -1)) full.push(await set(c, state(one)));
    agree(`the states of a document have up to ${all} bytes in all`, [full.every((x) => x === 'ok'), await set(last, 1)], [true, 'TooMany']);
    agree('a smaller one makes room', [await set(b, state(one - 3)), await set(last, '12'), await set(last, '1')], ['ok', 'TooMany', 'ok']);
    await b.reply({ type: 'leave', documentId: 'd' });
    agree('so does one that leaves', [await set(last, state(one))], ['ok']);
    for (const c of clients) c.drop();
}

async function documents({ where })
{
    const c = await Talker.open(where);
    await c.join('d');
    await c.join('e');
    const text = (n) => insert('x'.repeat(n));
    const room = 4096 - '{"content":""}'.length;
    agree('a document is as large, encoded, as is configured, and no larger', [await c.op('d', text(room), 1), await c.op('d', text(1), 2),
        await c.op('e', text(room + 1), 1)], ['ok', 'TooLarge', 'TooLarge']);
    agree('what makes it smaller is taken', [await c.op('d', base64({ components: [{ type: 'delete', count: 2 }, { type: 'insert', text: 'ab' }] }), 2),
        await c.op('d', base64({ components: [{ type: 'delete', count: 1 }] }), 3)], ['ok', 'ok']);
    agree('pending ops count', await (async () => {
        for (const t of [room - 1, 1, 1]) c.say({ type: 'op', documentId: 'e', payload: text(t), baseRevision: 1 });
        return [await c.next(), await c.next(), await c.next()];
    })(), ['ok', 'ok', 'TooLarge']);
    c.drop();
}

async function rebase({ where })
{
    const c = await Talker.open(where);
    await c.join('d');
    for (let i = 1; i <= 10; i++) await c.op('d', insert('abcdefghij'), i);
    const parts = (n) => base64({ components: Array.from({ length: n }, () => ({ type: 'insert', text: 'y' })) });
    agree('components times ops to rebase over: N, and RevisionCompacted one above',
        [await c.op('d', parts(101), 1), await c.op('d', parts(100), 1), await c.op('d', parts(100), 1), await c.op('d', parts(2000), 12)],
        ['RevisionCompacted', 'ok', 'RevisionCompacted', 'ok']);
    c.drop();
}

async function stamps({ where })
{
    const c = await Talker.open(where);
    await c.join('d', { documentType: 'json' });
    const set = (timestamp, base) => c.op('d', base64({ operations: [{ type: 'set', path: 'a', value: 1, timestamp, peerId: 'p' }] }), base);
    agree('stamps may run ahead of the clock by what is configured', [await set(Date.now() + 30000, 1), await set(Date.now() + 90000, 2), await set(1, 2)],
        ['ok', 'InvalidOp', 'ok']);
    c.drop();
}

async function undos({ where })
{
    const c = await Talker.open(where);
    await c.join('d');
    for (let i = 1; i <= 4; i++) await c.op('d', insert('a'), i);
    const answers = [];
    for (const type of ['undo', 'undo', 'undo', 'undo', 'redo', 'redo', 'redo', 'redo']) {
        answers.push(await c.reply({ type, documentId: 'd' }));
    }
    agree('an undo stack holds as many as are configured', answers, ['ok', 'ok', 'ok', 'NothingToUndo', 'ok', 'ok', 'ok', 'NothingToRedo']);
    c.drop();
}

// ---- siblings of recorded cases -------------------------------------------------------------------------------------------

async function siblings({ where })
{
    const [a, b] = [await Talker.open(where), await Talker.open(where)];
    const payload = (text) => Buffer.from(text).toString('base64');
    for (const c of [a, b]) await c.ask({ messageType: 0, joinRequest: { documentId: 'd', documentType: 'text', clientProtoVersion: 1 } });
    const op = (text, baseRevision) => a.ask({ messageType: 2, opRequest: { documentId: 'd', payload: payload(text), baseRevision } });
    const gap = 'Cannot reconstruct transformation path: op log gap (expected=1, current=1, base=0, streamed=0).';
    const nothing = "TextOp.Components cannot be null. Check JSON serialization casing. (Parameter 'op')";
    agree('ops that are nothing, and bases before the first op, are refused in the words of the released server',
        [await op(' null\n', 1), await op('{"components":null}', 1), await op('{"x":1}', 1), await op('{"components":[]}', 0), await op('{"components":[]}', 1)],
        ['Deserialized op payload is null.', nothing, nothing, gap, 'ok']);
    agree('the other peer hears of the one', [await b.next()], ['message 5']);
    for (const documentId of ['x'.repeat(257), 'a\tb', '', null, '\u00a0']) a.say({ messageType: 4, awarenessRequest: { documentId, dataJson: '1' } });
    for (const messageType of [-1, -7, 9, 17]) a.say({ messageType, correlationId: 'x' });
    agree('awareness with an id that is none, and messages that are none, get no answer', [await op('{"components":[]}', 2), await b.next()], ['ok', 'message 5']);
    agree('what is no JSON does', [(await a.ask({ messageType: 4, awarenessRequest: { documentId: 'd', dataJson: ' {' } })).startsWith('data: ')], [true]);

    const plain = await Talker.open(where);
    await plain.join('e');
    plain.say({ type: 'awareness', documentId: 'e', data: 1 });
    agree('awareness without an id has no reply, with one it has', [await plain.ask({ type: 'hello' }), await plain.ask({ type: 'awareness', documentId: 'e', data: 1, id: 0 })], ['ok', 'ok']);
    agree('an op is answered by op_ack if its documentId is a string, else by error', [await plain.ask({ type: 'op', documentId: '', payload: '', baseRevision: 'x' }),
        await plain.ask({ type: 'op', documentId: 'e', payload: 1, baseRevision: 1 }), await plain.ask({ type: 'undo', documentId: [] })],
        ['InvalidMessage', 'InvalidMessage', 'InvalidMessage']);
    agree('a repeated opId is found whatever its base and payload', [await plain.op('e', insert('a'), 1, { opId: 'i' }), await plain.op('e', '', 0, { opId: 'i' }),
        await plain.op('e', insert('b'), 0, { opId: 'j' }), await plain.op('e', insert('a'), 2, { opId: 'i' })], ['ok', 'ok', 'RevisionCompacted', 'ok']);

    const paths = [];
    for (const path of ['/health', '/Health/', '/HEALTH/Live', '/health/ready/', '/health/x', '/collab-ws/x'])
        paths.push((await httpRequest(where, { path, headers: [['Connection', 'close']] }, LIMIT)).status);
    agree('paths match in any letter case, with or without a slash at the end', paths, [200, 200, 200, 200, 404, 404]);
    for (const c of [a, b, plain]) c.drop();
}

// ---- closes ----------------------------------------------------------------------------------------------------------------

const hello = '{"type":"hello"}';
const helloOf = (bytes) => hello + ' '.repeat(bytes - hello.length);

// What is sent, and the Close that is answered: a code, or a code and its reason.
const CLOSES = [
    ['a frame without a mask', [encodeFrame({ opcode: 1, payload: Buffer.from(hello), mask: false })], 1002],
    ['a reserved bit', [encodeFrame({ opcode: 1, payload: Buffer.from(hello), rsv: 4 })], 1002],
    ['an unknown data opcode', [encodeFrame({ opcode: 3 })], 1002],
    ['an unknown control opcode', [encodeFrame({ opcode: 11 })], 1002],
    ['a fragmented Ping', [encodeFrame({ opcode: OP.ping, fin: false })], 1002],
    ['a Ping of 126 bytes', [encodeFrame({ opcode: OP.ping, payload: Buffer.alloc(126) })], 1002],
    ['a continuation of nothing', [encodeFrame({ opcode: 0, payload: Buffer.from(hello) })], 1002],
    ['a message inside a message', [encodeFrame({ opcode: 1, payload: Buffer.from('{'), fin: false }), encodeFrame({ opcode: 1, payload: Buffer.from('}') })], 1002],
    ['a Close of one byte', [encodeFrame({ opcode: OP.close, payload: Buffer.from([3]) })], 1002],
    ['a Close with code 999', [encodeClose(999)], 1002],
    ['a Close with code 1005', [encodeClose(1005)], 1002],
    ['a Close with code 5000', [encodeClose(5000)], 1002],
    ['invalid UTF-8 in a text message', [encodeFrame({ opcode: 1, payload: Buffer.from([0x22, 0xff, 0x22]) })], 1007],
    ['a character cut by the end of a text message', [encodeFrame({ opcode: 1, payload: Buffer.from([0x22, 0xc3]) })], 1007],
    ['invalid UTF-8 in a fragment', [encodeFrame({ opcode: 1, payload: Buffer.from([0xc3]), fin: false }),
        encodeFrame({ opcode: 0, payload: Buffer.from([0x28]) })], 1007],
    ['a Close whose reason is not UTF-8', [encodeFrame({ opcode: OP.close, payload: Buffer.from([3, 232, 0xff]) })], 1002],
    ['a message above the limit', [encodeFrame({ opcode: 1, payload: Buffer.from(helloOf(4097)) })], '1009 TooLarge'],
    ['one above it in fragments', [encodeFrame({ opcode: 1, payload: Buffer.from(helloOf(4000)), fin: false }),
        encodeFrame({ opcode: 0, payload: Buffer.alloc(97, 32) })], '1009 TooLarge'],
    ['a binary one above it', [encodeFrame({ opcode: 2, payload: Buffer.from(helloOf(4097)) })], '1009 TooLarge'],
];

async function closes({ where })
{
    for (const path of ['/collab-ws', '/collab-ws?profile=reference']) {
        for (const [name, frames, wanted] of CLOSES) {
            const c = await Talker.open(where, path);
            for (const f of frames) c.bytes(f);
            const got = (await c.next()).replace('close ', '');
            check(typeof wanted === 'string' ? got === wanted : got.startsWith(`${wanted} `), `${name} is answered by Close ${wanted}${path.slice(10)}`, `got ${got}`);
            c.drop();
        }
    }
    const c = await Talker.open(where);
    agree('a message of the limit is read', [await c.ask(helloOf(4096)), await c.ask(helloOf(4096))], ['ok', 'ok']);
    const peer = await Talker.open(where, '/collab-ws');
    await c.join('shared');
    await peer.join('shared');
    peer.bytes(encodeFrame({ opcode: 1, payload: Buffer.from(helloOf(4097)) }));
    await peer.next();
    agree('who is closed has left', [await c.next()], ['peer_disconnected']);
    c.drop();
    peer.drop();
}

async function farewells({ where })
{
    const got = [];
    for (const code of [1000, 1001, 1003, 1007, 1011, 3000, 4999, undefined]) {
        const c = await Talker.open(where);
        await c.ask(hello);
        c.peer.close(code, code === 1001 ? 'going' : undefined);
        const answer = await c.next();
        got.push(answer.split(' ')[1]);
        const end = await c.peer.take(LIMIT);
        if (!end?.eof) got.push('no end');
    }
    agree("the client's Close is answered by its own code", got, ['1000', '1001', '1003', '1007', '1011', '3000', '4999', 'null']);
}

async function ends({ where })
{
    const version = await Talker.open(where);
    agree('another version: the error, then 1002', [await version.join('d'), await version.join('d', { protocolVersion: 2 }), await version.next()],
        ['ok', 'UnsupportedProtocol', 'close 1002 UnsupportedProtocol']);
    const eight = await Talker.open(where), answers = [];
    for (let i = 0; i < 7; i++) answers.push(await eight.ask('['));
    answers.push(await eight.ask(hello));
    for (let i = 0; i < 8; i++) answers.push(await eight.ask(i % 2 ? '{"type":"nope"}' : { type: 'op', documentId: 7 }));
    answers.push(await eight.next());
    agree('eight in a row, counted anew after a good one: eight errors, then 1008', answers,
        [...Array(7).fill('InvalidMessage'), 'ok', ...Array(8).fill('InvalidMessage'), 'close 1008 InvalidMessage']);
    const refused = await Talker.open(where), ops = [];
    await refused.join('d');
    for (let i = 0; i < 9; i++) ops.push(await refused.op('d', '', 1));
    agree('refused ops are no errors, however many', [ops.every((a) => a === 'InvalidMessage'), await refused.ask(hello)], [true, 'ok']);
    for (const c of [version, eight, refused]) c.drop();
}

async function draining()
{
    const server = await start({ OPSTREAM__STORAGE__PROVIDER: 'memory' });
    const [v1, ref] = [await Talker.open(server.where), await Talker.open(server.where, '/collab-ws?profile=reference')];
    await v1.join('d');
    const stopped = server.stop();
    agree('a server that stops closes with 1001 Draining; in the other profile as ever', [await v1.next(), await ref.next()],
        ['close 1001 Draining', 'close 1000 Closing']);
    agree('and ends cleanly', (await stopped).code, 0);
}

run('limits', async () => {
    if (!opstreamd()) return skip('limits and closes', 'OPSTREAMD is not set');
    await withServer({}, async (s) => { await identifiers(s); await siblings(s); await farewells(s); await ends(s); await joinedByDefault(s); await states(s, 65536, 2 ** 20); });
    await withServer({ OPSTREAM__LIMITS__JOINED: '3' }, joined);
    await withServer({ OPSTREAM__LIMITS__PAYLOAD_BYTES: '2MiB', OPSTREAM__LIMITS__MESSAGE_BYTES: '4MiB' }, payloads);
    await withServer({ OPSTREAM__LIMITS__AWARENESS_BYTES: '512', OPSTREAM__LIMITS__AWARENESS_DOCUMENT_BYTES: '1KiB' }, (s) => states(s, 512, 1024));
    await withServer({ OPSTREAM__LIMITS__AWARENESS_BYTES: '128KiB', OPSTREAM__LIMITS__AWARENESS_DOCUMENT_BYTES: '256KiB' }, (s) => states(s, 131072, 262144));
    await withServer({ OPSTREAM__LIMITS__DOCUMENT_BYTES: '4KiB' }, documents);
    await withServer({ OPSTREAM__LIMITS__REBASE_COST: '1000' }, rebase);
    await withServer({ OPSTREAM__LIMITS__STAMPS_AHEAD: '60s' }, stamps);
    await withServer({ OPSTREAM__LIMITS__UNDO_OPS: '3' }, undos);
    await withServer({ OPSTREAM__ENGINES: 'json' }, engines);
    await withServer({ OPSTREAM__LIMITS__MESSAGE_BYTES: '4KiB' }, closes);
    await draining();
});
