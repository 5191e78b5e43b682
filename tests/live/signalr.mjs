// Unmodified @microsoft/signalr against the server: every transport × hub protocol × profile plays one list of scenes.
//
//   OPSTREAMD=… OPS_NPM_DIR=… node signalr.mjs [full]      full: more ops, more cuts

import net from 'node:net';
import { join } from 'node:path';
import { check, isFull, notOk, ok, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { fromPayload, apply, randomEdit, toPayload } from './ot.mjs';
import { HubClient, signalrOfNpm, snapshotOf } from './hub_client.mjs';
import { freePort, opstreamd, scratchFolder, start } from './start.mjs';

const WAYS = [
    { transport: 'WebSockets', protocol: 'json', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'messagepack', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'json', profile: 'v1', skipNegotiation: true },
    { transport: 'ServerSentEvents', protocol: 'json', profile: 'v1' },
    { transport: 'LongPolling', protocol: 'json', profile: 'v1' },
    { transport: 'LongPolling', protocol: 'messagepack', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'json', profile: 'reference' },
    { transport: 'ServerSentEvents', protocol: 'json', profile: 'reference' },
    { transport: 'LongPolling', protocol: 'json', profile: 'reference' },
];
const nameOf = (how) => `${how.transport}${how.skipNegotiation ? ' without negotiation' : ''}${how.stateful ? ' with stateful reconnect' : ''}, ${how.protocol}, ${how.profile}`;

async function until(what, condition, ms = 20000)
{
    await within(ms, what, (async () => { while (!condition()) await sleep(5); })());
}

async function settle(clients)
{
    await until('settling', () => {
        const last = Math.max(...clients.map((c) => c.revision));
        return clients.some((c) => c.refused !== null) || clients.every((c) => !c.busy && c.revision === last);
    });
    for (const c of clients) if (c.refused !== null) throw new Error(c.refused);
}

async function typeBoth(clients, count, random)
{
    await Promise.all(clients.map(async (c) => {
        for (let i = 0; i < count; i++) {
            c.edit(randomEdit(c.text, random));
            if (random.below(2) === 0) await sleep(random.below(6));
        }
    }));
    await settle(clients);
}

async function failure(promise)
{
    return promise.then(() => 'no error', (e) => e.message);
}

const insert = (text, how) => {
    const payload = toPayload([{ i: text }]);
    return how.protocol === 'messagepack' ? new Uint8Array(Buffer.from(payload, 'base64')) : payload;
};

// Two clients, everything that a healthy server does.
async function scenes(npm, port, how, random)
{
    const name = nameOf(how), doc = `signalr-${random.below(2 ** 31)}`;
    const a = new HubClient(npm, port, doc, how), b = new HubClient(npm, port, doc, how);
    await Promise.all([a.start(), b.start()]);
    await Promise.all([a.join(), b.join()]);
    await typeBoth([a, b], isFull ? 150 : 25, random);
    const there = await snapshotOf(npm, port, doc, how);
    check(a.text === b.text && a.text === there.text, `${name}: edits of both sides converge`, JSON.stringify(a.text), JSON.stringify(b.text), JSON.stringify(there.text));

    const late = await a.invoke('SendOp', doc, insert('stale ', how), 1);
    check(late.success && Number(late.newRevision) === there.revision + 1, `${name}: an op with a stale base is rebased`, JSON.stringify(late));
    await until('the push', () => b.revision === there.revision + 1);

    const listsBefore = b.awareness.length;
    await a.invoke('UpdateAwareness', doc, { name: 'Zoë', at: 3 });
    await until('awareness', () => b.states.length > 0);
    check(b.states[0].data?.name === 'Zoë' && b.states[0].data.at === 3, `${name}: awareness comes`, JSON.stringify(b.states[0]));
    if (how.profile === 'v1') check(listsBefore === 1, `${name}: the live states come once behind a join`, `${listsBefore} lists`);
    const third = new HubClient(npm, port, doc, how);
    await third.start();
    const joined = await third.invoke('JoinDocument', doc, 'text', 1);
    check(joined.currentAwareness.length === 1 && joined.currentAwareness[0].data.name === 'Zoë', `${name}: a late joiner sees it`, JSON.stringify(joined.currentAwareness));

    const wrong = [await failure(a.invoke('SendOp', 'not-joined', insert('x', how), 1).then((r) => { if (!r.success) throw new Error(r.errorMessage); })),
        await failure(a.invoke('NoSuchMethod', 1)), await failure(a.invoke('JoinDocument', doc, 'text', 7)), await failure(a.invoke('JoinDocument', doc))];
    check(wrong.every((w) => w !== 'no error'), `${name}: what is wrong is refused`, ...wrong);
    const still = await a.invoke('SendOp', doc, insert('!', how), there.revision + 1);
    check(still.success, `${name}: and the connection goes on`, JSON.stringify(still));

    const before = b.gone.length;
    await third.stop();
    await until('PeerDisconnected', () => b.gone.length > before);
    ok(`${name}: who leaves is missed`);
    if (how.profile === 'v1' && third.id) check(b.gone.at(-1) === third.id, `${name}: by its connection id`, `${b.gone.at(-1)} and ${third.id}`);
    await Promise.all([a.stop(), b.stop()]);
    check(a.closed === '' && b.closed === '', `${name}: stop is clean`, String(a.closed), String(b.closed));
}

// The server is killed, started again, and ended: clients come back by themselves and fetch what they missed.
async function recovery(npm, how, random)
{
    const name = nameOf(how), doc = 'recovery', folder = scratchFolder('signalr'), port = await freePort();
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(folder, 'x.db')}` };
    let server = await start(env, port);
    const a = new HubClient(npm, port, doc, { ...how, reconnect: Array(200).fill(50) });
    await a.start();
    await a.join();
    await typeBoth([a], 10, random);
    const back = new Promise((r) => a.connection.onreconnected(r));
    await server.kill();
    server = await start(env, port);
    const other = new HubClient(npm, port, doc, how);
    await other.start();
    await other.join();
    check(other.text === a.text, `${name}: what was acknowledged before a kill -9 is there after it`, JSON.stringify([other.text, a.text]));
    await typeBoth([other], 5, random);
    await within(40000, 'automatic reconnect', back);
    let text = a.text;
    if (how.profile === 'v1') {
        const caught = await a.invoke('JoinDocument', doc, 'text', 1, a.revision);
        for (const op of caught.pendingOps) text = apply(text, fromPayload(typeof op.payload === 'string' ? op.payload : Buffer.from(op.payload).toString('base64')));
        check(caught.pendingOps.length > 0 && text === other.text, `${name}: it comes back and fetches what it missed`, JSON.stringify([caught.pendingOps.length, text, other.text]));
    } else {
        const caught = await a.invoke('JoinDocument', doc, 'text', 1);
        check(Number(caught.revision) === other.revision, `${name}: it comes back and joins again`, JSON.stringify(caught));
    }
    const exit = await server.stop();
    check(exit.code === 0, `${name}: the server drains and ends with 0`, JSON.stringify(exit), ...server.log.slice(-5));
    await Promise.all([a, other].map((c) => c.stop().catch(() => {})));
}

// ---- stateful reconnect --------------------------------------------------------------------------------------------------------------------

// Forwards connections; `cut` resets those that are open.
async function proxyTo(port)
{
    const pairs = new Set();
    const listener = net.createServer((from) => {
        const to = net.connect(port, '127.0.0.1'), pair = [from, to];
        pairs.add(pair);
        from.pipe(to);
        to.pipe(from);
        for (const s of pair) {
            s.on('error', () => {});
            s.on('close', () => { pairs.delete(pair); for (const o of pair) o.destroy(); });
        }
    });
    await new Promise((r) => listener.listen(0, '127.0.0.1', r));
    return { port: listener.address().port, cut: () => { for (const p of pairs) for (const s of p) s.resetAndDestroy(); }, close: () => listener.close() };
}

async function shortBreaks(npm, port, how, random)
{
    const name = nameOf(how), doc = `breaks-${random.below(2 ** 31)}`, proxy = await proxyTo(port);
    const a = new HubClient(npm, proxy.port, doc, how), b = new HubClient(npm, port, doc, { ...how, stateful: false });
    await Promise.all([a.start(), b.start()]);
    await Promise.all([a.join(), b.join()]);
    const id = a.id;
    for (let i = 0; i < 8; i++) { // more than ten in ten seconds are refused: then it is an ordinary reconnect
        const typing = typeBoth([a, b], 8, random);
        await sleep(random.below(15));
        proxy.cut();
        await typing;
        await sleep(20);
    }
    const there = await snapshotOf(npm, port, doc, { ...how, stateful: false });
    check(a.text === there.text && b.text === there.text, `${name}: short breaks lose and double nothing`, JSON.stringify([a.text, b.text, there.text]));
    check(a.closed === null && a.connection.connectionId === id && b.gone.length === 0, `${name}: nobody notices them`, JSON.stringify([a.closed, b.gone]));
    await Promise.all([a.stop(), b.stop()]);
    proxy.close();
}

run('signalr', async () => {
    const random = randomFrom(seedOf('signalr'));
    const npm = signalrOfNpm();
    if (!npm) return skip('@microsoft/signalr', 'the npm packages are not installed');
    if (!opstreamd()) return skip('@microsoft/signalr', 'OPSTREAMD is not set');
    const guarded = async (how, scene) => {
        try {
            await scene();
        } catch (e) {
            notOk(nameOf(how), ...String(e.stack ?? e).split('\n').slice(0, 6));
        }
    };
    const server = await start();
    for (const how of WAYS) await guarded(how, () => scenes(npm, server.port, how, random));
    for (const protocol of ['json', 'messagepack']) {
        const how = { transport: 'WebSockets', protocol, profile: 'v1', stateful: true };
        for (let i = 0; i < (isFull ? 6 : 1); i++) await guarded(how, () => shortBreaks(npm, server.port, how, random));
    }
    const refused = await failure(new HubClient(npm, server.port, 'x', { transport: 'ServerSentEvents', protocol: 'messagepack', profile: 'v1' }).start());
    check(refused !== 'no error', 'MessagePack over server-sent events is refused', refused);
    const binary = await failure(new HubClient(npm, server.port, 'x', { transport: 'WebSockets', protocol: 'messagepack', profile: 'reference' }).start());
    check(/not supported/.test(binary), 'MessagePack in reference is refused, as the released server does', binary);
    const exit = await server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
    for (const how of WAYS.filter((w) => !w.skipNegotiation)) await guarded(how, () => recovery(npm, how, random));
});
