// Order and back-pressure through the real thing, at 1, 2 and 4 loops: documents and connections on different threads.

import { Raw, ensure, equal, finish, insertOp, start, test, until } from './start.mjs';

for (const loops of ['1', '2', '4']) {
    await test(`thousands_of_pipelined_requests_are_answered_in_order_${loops}_loops`, async () => {
        const server = await start({ OPSTREAM__LOOPS: loops, OPSTREAM__LIMITS__REQUESTS: '16' });
        const clients = await Promise.all(Array.from({ length: 4 }, () => Raw.open(server.port)));
        const count = 3000;
        for (const [i, client] of clients.entries()) {
            await client.join(`doc-${i}`);
            const all = Array.from({ length: count }, (_, k) => insertOp(`doc-${i}`, 'x', k + 1));
            for (const op of all) client.say(op); // far more than may be unanswered: the server stops reading, and goes on
        }
        for (const [i, client] of clients.entries()) {
            await until('every answer', () => client.texts.length === count + 1 || client.ended, 60000);
            equal(client.texts.slice(1).map((t) => JSON.parse(t).newRevision), Array.from({ length: count }, (_, k) => k + 2), `answers of client ${i}`);
        }
        equal((await server.stop()).code, 0, 'exit');
    });

    await test(`everybody_sees_every_op_in_order_${loops}_loops`, async () => {
        const server = await start({ OPSTREAM__LOOPS: loops });
        const [docs, perDoc, ops] = [6, 5, 200];
        const rooms = await Promise.all(Array.from({ length: docs }, (_, d) => Promise.all(Array.from({ length: perDoc }, async () => {
            const client = await Raw.open(server.port);
            await client.join(`room-${d}`);
            return client;
        }))));
        for (let k = 0; k < ops; k++) for (const [d, room] of rooms.entries()) room[0].say(insertOp(`room-${d}`, String(k), k + 1));
        for (const room of rooms) {
            for (const [i, client] of room.entries()) {
                const seen = () => client.texts.filter((t) => t.startsWith(i === 0 ? '{"type":"op_ack"' : '{"type":"op"'));
                await until('every op', () => seen().length === ops || client.ended);
                equal(seen().map((t) => JSON.parse(t)[i === 0 ? 'newRevision' : 'revision']), Array.from({ length: ops }, (_, k) => k + 2), 'revisions');
            }
        }
        equal((await server.stop()).code, 0, 'exit');
    });
}

await test('a_client_that_writes_and_never_reads_is_not_read_any_more', async () => {
    const server = await start({ OPSTREAM__LIMITS__QUEUE_BYTES: '64KiB', OPSTREAM__TIMEOUTS__WRITE: '30s' });
    const client = await Raw.open(server.port);
    await client.join('d');
    client.stall();
    const hello = `{"type":"hello","id":"${'i'.repeat(60)}"}`;
    const batch = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([Buffer.from([0x81, 0x80 | hello.length, 0, 0, 0, 0]), Buffer.from(hello)])));
    let sent = 0;
    for (; sent < 2000; sent++) { // until the kernel's buffers in both directions are full
        if (client.send(batch).wire.socket.writableLength > 8 * 2 ** 20) break;
        await new Promise(setImmediate);
    }
    ensure(sent < 2000, 'it was read all the time');
    client.go();
    const total = (sent + 1) * 1000;
    await until('every answer', () => client.frames.length >= total + 1 || client.ended, 60000);
    equal(client.texts.length, total + 1, 'every request was answered in the end');
    equal((await server.stop()).code, 0, 'exit');
});

finish();
