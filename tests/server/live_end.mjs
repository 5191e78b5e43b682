// The end: SIGTERM finishes what was accepted and tells the clients, a second signal does not wait.

import { Raw, Wire, ensure, equal, finish, frame, get, insertOp, once, start, test, until } from './start.mjs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

await test('sigterm_tells_each_client_1001_and_ends_with_0', async () => {
    for (const loops of ['1', '2', '4']) {
        const server = await start({ OPSTREAM__LOOPS: loops });
        const clients = [];
        for (let i = 0; i < 12; i++) clients.push(await Raw.open(server.port, i % 4 === 3 ? '/collab-ws?profile=reference' : '/collab-ws'));
        for (const client of clients.slice(0, 3)) await client.join('d');
        const idle = await Wire.open(server.port);
        await idle.request(get('/health/live'));
        server.kill('SIGTERM');
        for (const [i, client] of clients.entries()) {
            await until('Close', () => client.closed || client.ended);
            equal([client.closed?.code, client.closed?.text], i % 4 === 3 ? [1000, 'Closing'] : [1001, 'Draining'], `Close of client ${i}, ${loops} loops`);
            client.send(frame(Buffer.from([client.closed.code >> 8, client.closed.code & 255]), 8));
        }
        await until('idle HTTP ends', () => idle.ended);
        equal(await server.ended, { code: 0, signal: null }, 'exit');
        for (const client of clients) await until('the connection ends', () => client.ended);
    }
});

await test('clients_that_do_not_answer_the_close_hold_nobody_up', async () => {
    const server = await start({ OPSTREAM__TIMEOUTS__CLOSE: '300ms' });
    const clients = [await Raw.open(server.port), await Raw.open(server.port)];
    clients[0].stall();
    const half = (await Wire.open(server.port)).send('GET / HT');
    server.kill('SIGTERM');
    equal(await server.ended, { code: 0, signal: null }, 'exit');
    await until('a half request ends', () => half.ended);
});

await test('no_new_connection_is_taken_while_draining', async () => {
    const server = await start({ OPSTREAM__TIMEOUTS__CLOSE: '2s' });
    const holdout = await Raw.open(server.port); // never answers the Close: the server waits for it
    server.kill('SIGTERM');
    await until('Close', () => holdout.closed);
    const refused = await Wire.open(server.port).then((w) => until('the end', () => w.ended).then(() => w.got === ''), (e) => e.code === 'ECONNREFUSED');
    ensure(refused, 'it was let in');
    equal((await server.ended).code, 0, 'exit');
});

for (const [signal, number] of [['SIGTERM', 15], ['SIGINT', 2]]) {
    await test(`a_second_${signal.toLowerCase()}_ends_it_at_once`, async () => {
        const server = await start({ OPSTREAM__TIMEOUTS__CLOSE: '1h', OPSTREAM__SHUTDOWN__GRACE: '1h' });
        const client = await Raw.open(server.port);
        server.kill(signal);
        await until('Close', () => client.closed);
        ensure(server.exit === null, 'it waits for the client');
        server.kill(signal);
        equal(await server.ended, { code: 128 + number, signal: null }, 'exit');
    });
}

await test('what_was_acknowledged_before_the_end_is_there_after_a_start', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'opstream-end-'));
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${path.join(folder, 'o.db')}` };
    try {
        const server = await start(env);
        const client = await Raw.open(server.port);
        await client.join('kept');
        for (let i = 0; i < 200; i++) client.say(insertOp('kept', 'x', i + 1));
        await until('a few acks', () => client.texts.length > 20);
        server.kill('SIGTERM');
        await until('Close', () => client.closed);
        const acks = client.texts.map((t) => JSON.parse(t)).filter((m) => m.type === 'op_ack' && m.success).length;
        client.close();
        equal((await server.ended).code, 0, 'exit');
        const again = await start(env), reader = await Raw.open(again.port);
        const { revision, snapshot } = await reader.join('kept');
        equal(JSON.parse(Buffer.from(snapshot, 'base64')).content.length, revision - 1, 'text and revision');
        ensure(revision - 1 >= acks, `${acks} were acknowledged, ${revision - 1} are there`);
        equal((await again.stop()).code, 0, 'exit');
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});

await test('health_is_503_while_draining_and_the_process_is_alive', async () => {
    const server = await start({ OPSTREAM__TIMEOUTS__CLOSE: '1h', OPSTREAM__SHUTDOWN__GRACE: '20s' });
    const holdout = await Raw.open(server.port); // does not answer the Close yet: the server waits for it
    const ask = async (path) => { const { status, body } = await once(server.adminPort, get(path)); return [status, body]; };
    equal(await ask('/health/ready'), [200, 'Degraded'], 'before');
    server.kill('SIGTERM');
    await until('Close', () => holdout.closed);
    equal([await ask('/health'), await ask('/health/ready'), await ask('/health/live')],
        [[503, 'Unhealthy'], [503, 'Unhealthy'], [200, 'Healthy']], 'meanwhile');
    ensure((await once(server.adminPort, get('/metrics'))).body.includes('opstream_draining 1'), 'metrics say so');
    await Wire.open(server.port).then(() => { throw new Error('a client was let in'); }, (e) => equal(e.code, 'ECONNREFUSED', 'a client'));
    holdout.send(frame(Buffer.from([0x03, 0xe9]), 8));
    equal((await server.ended).code, 0, 'exit');
});

finish();
