// Clients of npm's `ws` in both profiles, of npm's @microsoft/signalr on each of its transports and protocols, and C clients (opstream-edit) type into
// one document: in the end everybody holds the same bytes.
//
//   OPSTREAMD=… OPSTREAM_EDIT=… OPS_NPM_DIR=… node interop.mjs [full]      5 s; full: 30 s

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { check, isFull, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { contentOf, reference, v1 } from './protocol.mjs';
import { randomEdit } from './ot.mjs';
import { TextClient } from './text_client.mjs';
import { CEditor, opstreamEdit } from './c_editor.mjs';
import { HubClient, signalrOfNpm } from './hub_client.mjs';
import { startFake } from './fake_server.mjs';
import { opstreamd, start } from './start.mjs';

const DOCUMENT = 'interop', LIMIT = 60000;
const HUBS = [
    { transport: 'WebSockets', protocol: 'json', profile: 'v1' }, { transport: 'WebSockets', protocol: 'messagepack', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'json', profile: 'reference' }, { transport: 'ServerSentEvents', protocol: 'json', profile: 'v1' },
    { transport: 'LongPolling', protocol: 'messagepack', profile: 'v1' },
];

function webSocketOfNpm()
{
    try {
        return createRequire(resolve(join(process.env.OPS_NPM_DIR ?? 'build/npm', 'x.js')))('ws');
    } catch {
        return null;
    }
}

// On npm's @microsoft/signalr, with what is asked of the others.
async function connectHub(port, how)
{
    const client = new HubClient(signalrOfNpm(), port, DOCUMENT, how);
    await client.start();
    await client.join();
    client.profile = { name: `${how.profile} ${how.transport} ${how.protocol}` };
    client.socket = { terminate: () => client.connection.stop().catch(() => {}) };
    return client;
}

// A textbook client on npm's `ws`.
async function connectSocket(WebSocket, port, profile)
{
    const socket = new WebSocket(`ws://127.0.0.1:${port}/collab-ws`);
    const client = new TextClient(profile, DOCUMENT, (text) => socket.send(text));
    socket.on('message', (data, binary) => {
        try {
            if (binary) throw new Error('a binary message');
            client.receive(data.toString('utf8'));
        } catch (e) {
            client.refused ??= `it lost count: ${e.message}`;
        }
    });
    socket.on('error', (e) => { client.refused ??= e.message; });
    socket.on('close', (code) => { client.refused ??= `closed with ${code}`; });
    client.socket = socket;
    await within(10000, 'upgrade', new Promise((r) => socket.on('open', r)));
    client.join();
    await within(10000, 'join', client.joined);
    return client;
}

const connect = (WebSocket, port, way) => (way.transport ? connectHub(port, way) : connectSocket(WebSocket, port, way));

async function type(client, random, going)
{
    while (going() && client.refused === null) {
        client.edit(randomEdit(client.text, random));
        await sleep(random.below(30));
    }
}

async function typeInC(editor, random, going)
{
    while (going() && editor.failure === null) {
        await editor.randomEdit(random);
        await sleep(random.below(30));
    }
}

// Until all `ws` clients have seen the last revision and nothing is in flight.
async function settle(clients)
{
    for (;;) {
        const last = Math.max(...clients.map((c) => c.revision));
        if (clients.some((c) => c.refused !== null) || clients.every((c) => !c.busy && c.revision === last)) return last;
        await sleep(5);
    }
}

// Everybody types for `ms`; then what each holds is compared with the snapshot that a new joiner gets. What is wrong, and how many ops there were.
async function together(WebSocket, port, profiles, editorCount, ms, random, limit = LIMIT)
{
    const clients = [], editors = [], wrong = [];
    for (const profile of profiles) clients.push(await connect(WebSocket, port, profile));
    for (let i = 0; i < editorCount; i++) editors.push(await CEditor.start(port, DOCUMENT));
    const until = Date.now() + ms, going = () => Date.now() < until;
    const own = () => randomFrom(random.below(2 ** 31));
    await within(LIMIT, 'typing', Promise.all([...clients.map((c) => type(c, own(), going)), ...editors.map((e) => typeInC(e, own(), going))]));
    await within(LIMIT, 'the editors settle', Promise.all(editors.map((e) => e.settle())));
    const last = await within(limit, 'settling', settle(clients));

    let snapshot = null;
    const read = (m) => {
        if (m.type === 'join_ack') snapshot = m.snapshot;
        return v1.read(m);
    };
    clients.push(await connect(WebSocket, port, { ...v1, read }));
    const expected = contentOf(snapshot), bytes = (text) => Buffer.from(JSON.stringify({ content: text })).toString('base64');
    for (const c of clients) if (c.refused !== null) wrong.push(`a ${c.profile.name} client: ${c.refused}`);
    for (const c of clients) if (bytes(c.text) !== snapshot) wrong.push(`a ${c.profile.name} client holds ${c.text.length} units, the snapshot ${expected.length}`);
    for (const e of editors) {
        const text = await e.text();
        if (e.failure !== null) wrong.push(e.failure);
        if (bytes(text) !== snapshot) wrong.push(`a C client holds ${text.length} units, the snapshot ${expected.length}`);
    }
    for (const c of clients) c.socket.terminate();
    for (const e of editors) e.stop();
    return { wrong, ops: last - 1 };
}

async function self(WebSocket, random)
{
    for (const fault of [null, 'overtake']) {
        const fake = await startFake({ fault });
        // Clients that were told a wrong order may also wait for each other for ever: that is seen too.
        const { wrong } = await together(WebSocket, fake.where.port, [v1, v1, v1, v1], 0, 700, random, fault === null ? LIMIT : 5000)
            .catch((e) => ({ wrong: [e.message] }));
        if (fault === null) check(wrong.length === 0, 'four ws clients hold the same bytes on a right server', ...wrong);
        else check(wrong.length > 0, 'they do not when a push overtakes a reply', 'the test cannot see the fault');
        fake.stop();
    }
}

run('interop', async () => {
    const seed = seedOf('interop'), random = randomFrom(seed);
    const WebSocket = webSocketOfNpm();
    if (!WebSocket) return skip('real clients in one document', 'the npm package ws is not installed');
    await self(WebSocket, random);
    if (!opstreamd()) return skip('real clients in one document', 'OPSTREAMD is not set');
    const server = await start();
    const editors = opstreamEdit() ? 2 : 0;
    if (editors === 0) skip('opstream-edit beside the ws clients', 'OPSTREAM_EDIT is not set');
    const hubs = signalrOfNpm() ? HUBS : [];
    if (hubs.length === 0) skip('SignalR clients beside the others', 'the npm package @microsoft/signalr is not installed');
    const { wrong, ops } = await together(WebSocket, server.port, [v1, reference, v1, reference, ...hubs], editors, isFull ? 30000 : 5000, random);
    check(wrong.length === 0, `four ws clients in two profiles, ${hubs.length} SignalR clients and ${editors} C clients hold the snapshot's bytes`, ...wrong, ...server.log.slice(-5));
    check(ops > 100, `they met each other: ${ops} ops`);
    const exit = await server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
});
