// What hostile clients may do: each limit at N and N + 1, slow ones, many of them; beside them a well-behaved client is served.

import { Raw, Wire, cpuMs, ensure, equal, finish, frame, get, insertOp, once, rssBytes, sleep, start, test, until, upgrade } from './start.mjs';
import { execFileSync } from 'node:child_process';

const MIB = 2 ** 20;

await test('connections_up_to_the_limit_are_served_and_one_more_is_told_503', async () => {
    const server = await start({ OPSTREAM__LIMITS__CONNECTIONS: '5' });
    const clients = [];
    for (let i = 0; i < 5; i++) clients.push(await Raw.open(server.port));
    const refused = await once(server.port, upgrade());
    equal([refused.status, refused.headers['retry-after']], [503, '5'], 'the sixth');
    equal(refused.body.length, Number(refused.headers['content-length']), 'its body');
    equal((await once(server.adminPort, get('/health/live'))).status, 200, 'an operator gets in all the same');
    clients.pop().close();
    await until('a place is free', async () => (await once(server.port, get('/health/live'))).status === 200);
    await clients[0].join('d');
    equal((await server.stop()).code, 0, 'exit');
});

await test('connections_of_one_address_up_to_the_limit_are_served_and_one_more_is_told_429', async () => {
    const server = await start({ OPSTREAM__LIMITS__CONNECTIONS_PER_ADDRESS: '3' });
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await Raw.open(server.port));
    const refused = await once(server.port, upgrade());
    equal(refused.status, 429, 'the fourth');
    equal(refused.body.length, Number(refused.headers['content-length']), 'its body');
    await Promise.all(Array.from({ length: 200 }, async () => { const w = await Wire.open(server.port); w.send('GET '); })); // more than are told so
    clients.pop().close();
    await until('a place is free', async () => (await once(server.port, get('/health/live')).catch(() => ({}))).status === 200);
    equal((await server.stop()).code, 0, 'exit');
});

await test('a_message_at_its_limit_is_read_and_one_byte_more_is_closed_with_TooLarge', async () => {
    const server = await start({ OPSTREAM__LIMITS__MESSAGE_BYTES: '4096' });
    const hello = (n) => { const text = '{"type":"hello"}'; return text + ' '.repeat(n - text.length); };
    const good = await Raw.open(server.port), bad = await Raw.open(server.port), pieces = await Raw.open(server.port);
    good.say(hello(4096));
    equal(JSON.parse(await good.text(0)).type, 'hello_ack', 'at the limit');
    bad.send(frame(hello(4097)).subarray(0, 20)); // the header is enough
    await until('Close', () => bad.closed);
    equal([bad.closed.code, bad.closed.text], [1009, 'TooLarge'], 'above it');
    const first = frame(hello(4000)), rest = frame(Buffer.alloc(200, 32), 0);
    first[0] &= 127;
    pieces.send(first).send(rest);
    await until('Close', () => pieces.closed);
    equal(pieces.closed.code, 1009, 'in pieces');
    equal((await server.stop()).code, 0, 'exit');
});

await test('messages_that_never_end_cost_what_came_and_not_what_was_announced', async () => {
    const server = await start({ OPSTREAM__LIMITS__MESSAGE_BYTES: '16MiB' });
    const good = await Raw.open(server.port), many = [];
    for (let i = 0; i < 100; i++) many.push(await Raw.open(server.port));
    await good.join('d');
    const before = rssBytes(server.pid), sent = 16 * 1024;
    for (const raw of many) raw.send(frame(Buffer.alloc(16 * MIB)).subarray(0, sent)); // 1.6 GiB are announced
    const received = async () => Number(/opstream_received_bytes_total (\d+)/.exec((await once(server.adminPort, get('/metrics'))).body)[1]);
    await until('all of it came', async () => await received() >= many.length * sent);
    const grown = rssBytes(server.pid) - before;
    console.log(`memory grew by ${(grown / MIB).toFixed(1)} MiB for ${(many.length * sent / MIB).toFixed(1)} MiB that came`);
    ensure(process.env.OPS_SANITIZED || grown < 16 * MIB, `memory grew by ${grown / MIB} MiB`);
    good.say(insertOp('d', 'meanwhile', 1));
    equal(JSON.parse(await good.text(1)).type, 'op_ack', 'the well-behaved one is served');
    for (const raw of many) raw.close();
    equal((await server.stop()).code, 0, 'exit');
});

await test('a_slow_reader_is_bounded_told_and_reset_while_another_is_served', async () => {
    const server = await start({ OPSTREAM__LIMITS__QUEUE_BYTES: '256KiB', OPSTREAM__TIMEOUTS__WRITE: '1s' });
    const [slow, good, writer] = [await Raw.open(server.port), await Raw.open(server.port), await Raw.open(server.port)];
    for (const client of [slow, good, writer]) await client.join('busy');
    slow.stall();
    const before = rssBytes(server.pid), text = 'x'.repeat(20000), ops = 1500; // 40 MB: more than the kernel holds for it
    let most = 0;
    for (let i = 0; i < ops; i++) {
        writer.say({ ...insertOp('busy', text, i + 1), payload: i % 2 ? Buffer.from(JSON.stringify({ components: [{ type: 'delete', count: 20000 }] }))
            .toString('base64') : insertOp('busy', text, 0).payload });
        if (i % 50 === 49) {
            await until(`${i} acks`, () => writer.texts.length >= i + 2);
            most = Math.max(most, rssBytes(server.pid));
        }
    }
    const pushes = () => good.texts.filter((t) => t.startsWith('{"type":"op"')).map((t) => JSON.parse(t).revision);
    await until('every push', () => pushes().length >= ops);
    equal(pushes(), Array.from({ length: ops }, (_, i) => i + 2), 'the good reader saw everything, in order');
    console.log(`memory grew by ${((most - before) / MIB).toFixed(1)} MiB`);
    ensure(process.env.OPS_SANITIZED || most - before < 40 * MIB, `memory grew by ${(most - before) / MIB} MiB`);
    await until('the slow one is gone', async () => /opstream_slow_readers_total 1\b/.test((await once(server.adminPort, get('/metrics'))).body));
    await until('and is out of the document', () => good.texts.some((t) => t.includes('peer_disconnected')));
    equal((await server.stop()).code, 0, 'exit');
});

await test('a_slow_reader_that_wakes_up_in_time_finds_whole_frames_SlowConsumer_and_1013', async () => {
    const server = await start({ OPSTREAM__LIMITS__QUEUE_BYTES: '64KiB', OPSTREAM__TIMEOUTS__WRITE: '20s' });
    const [slow, writer] = [await Raw.open(server.port), await Raw.open(server.port)];
    await slow.join('busy');
    await writer.join('busy');
    slow.stall();
    for (let i = 0; ; i++) {
        writer.say({ type: 'awareness', documentId: 'busy', data: { i, text: 'y'.repeat(30000) } }).say(insertOp('busy', 'z'.repeat(100000), i + 1));
        await until('an ack', () => writer.texts.filter((t) => t.includes('op_ack')).length > i);
        if (writer.texts.some((t) => t.includes('peer_disconnected'))) break;
        ensure(i < 3000, 'never found slow');
    }
    slow.go();
    await until('Close', () => slow.closed || slow.ended);
    equal([slow.closed?.code, slow.closed?.text], [1013, 'SlowConsumer'], 'Close');
    equal(JSON.parse(slow.texts.at(-1)), { type: 'error', code: 'SlowConsumer', message: 'this connection does not read fast enough' }, 'last message');
    for (const text of slow.texts) JSON.parse(text);
    equal((await server.stop()).code, 0, 'exit');
});

await test('slow_headers_slow_bodies_and_silence_end_at_the_deadline_however_they_dribble', async () => {
    const server = await start({ OPSTREAM__TIMEOUTS__HANDSHAKE: '700ms' });
    const silent = await Wire.open(server.port), one = (await Wire.open(server.port)).send('G');
    const headers = (await Wire.open(server.port)).send('GET / HTTP/1.1\r\n');
    const body = (await Wire.open(server.port)).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    const idle = await Wire.open(server.port);
    await idle.request(get('/health/live'));
    const good = await Raw.open(server.port);
    const drip = setInterval(() => { for (const w of [headers, body]) if (!w.ended) w.send('a'); }, 50);
    for (const [name, wire] of Object.entries({ silent, one, headers, body, idle })) await until(`the end of ${name}`, () => wire.ended);
    clearInterval(drip);
    await good.join('d'); // an upgraded one has no such deadline
    equal((await server.stop()).code, 0, 'exit');
});

await test('without_descriptors_the_server_waits_without_spinning_and_goes_on_afterwards', async () => {
    const server = await start();
    const good = await Raw.open(server.port);
    await good.join('d');
    execFileSync('prlimit', [`--pid=${server.pid}`, '--nofile=8:20000']); // below what is open: every accept fails
    const waiting = await Promise.all(Array.from({ length: 20 }, () => Wire.open(server.port)));
    for (const wire of waiting) wire.send(get('/health/live', 'Connection: close\r\n'));
    await until('it was noticed', () => server.log.some((line) => line.includes('no descriptor')));
    const before = cpuMs(server.pid);
    await sleep(2000);
    const used = cpuMs(server.pid) - before;
    console.log(`${used} ms of CPU in 2 s`);
    ensure(used < 500, `it spins: ${used} ms of CPU in 2 s`);
    good.say(insertOp('d', 'still here', 1));
    equal(JSON.parse(await good.text(1)).type, 'op_ack', 'the one that is connected is served');
    execFileSync('prlimit', [`--pid=${server.pid}`, '--nofile=20000:20000']);
    for (const wire of waiting) await until('an answer', () => wire.got.includes('Healthy'));
    equal((await server.stop()).code, 0, 'exit');
});

await test('a_low_descriptor_limit_lowers_the_connection_limit_so_the_last_one_is_told', async () => {
    const server = await start({ OPSTREAM__LOOPS: '1' }, ['prlimit', '--nofile=120:120']);
    const clients = [];
    let refused;
    for (let i = 0; i < 120 && !refused; i++) {
        const wire = await Wire.open(server.port), answer = await wire.request(upgrade());
        if (answer.status === 503) refused = answer; else clients.push(wire);
    }
    ensure(refused, 'nobody was refused');
    ensure(clients.length >= 8, `only ${clients.length} were let in`);
    equal((await server.stop()).code, 0, 'exit');
});

await test('who_does_not_answer_pings_is_closed_who_does_is_not', async () => {
    const server = await start({ OPSTREAM__PING__INTERVAL: '200ms', OPSTREAM__PING__TIMEOUT: '300ms' });
    const [dead, alive] = [await Raw.open(server.port), await Raw.open(server.port)];
    let answered = 0;
    const pong = setInterval(() => { for (; answered < alive.frames.filter((f) => f.opcode === 9).length; answered++) alive.send(frame('', 10)); }, 20);
    await until('the silent one is closed', () => dead.ended);
    await until('the other one was asked again', () => answered >= 4);
    ensure(!alive.ended, 'the other one is still there');
    clearInterval(pong);
    equal((await server.stop()).code, 0, 'exit');
});

finish();
