// The scenes that a SignalR client in another language plays with npm's @microsoft/signalr on the other side: one list for all languages.

import { join } from 'node:path';
import { check, isFull, notOk, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { apply, fromPayload, randomEdit, toPayload } from './ot.mjs';
import { HubClient, signalrOfNpm, snapshotOf } from './hub_client.mjs';
import { freePort, opstreamd, scratchFolder, start } from './start.mjs';

const nameOf = (how) => `${how.transport}${how.skipNegotiation ? ' without negotiation' : ''}, ${how.protocol}, ${how.profile}`;
const besides = (how) => ({ transport: 'WebSockets', protocol: 'json', profile: how.profile });
const failure = (promise) => promise.then(() => 'no error', (e) => e.message);
const base64 = (payload) => (typeof payload === 'string' ? payload : Buffer.from(payload).toString('base64'));

async function until(what, condition, ms = 20000)
{
    await within(ms, what, (async () => { while (!condition()) await sleep(5); })());
}

function insert(text, how)
{
    const payload = toPayload([{ i: text }]);
    return how.protocol === 'messagepack' ? new Uint8Array(Buffer.from(payload, 'base64')) : payload;
}

async function typeAll(clients, count, random)
{
    for (const c of clients) {
        for (let i = 0; i < count; i++) {
            c.edit(randomEdit(c.text, random));
            if (random.below(3) === 0) await sleep(random.below(4));
        }
    }
    await until('settling', () => {
        const last = Math.max(...clients.map((c) => c.revision));
        return clients.some((c) => c.refused !== null) || clients.every((c) => !c.busy && c.revision === last);
    });
    for (const c of clients) if (c.refused !== null) throw new Error(c.refused);
}

// `a` is the client in the other language, `b` npm's.
async function together(program, npm, port, how, random)
{
    const name = nameOf(how), doc = `program-${random.below(2 ** 31)}`;
    const a = new HubClient(program.packages, port, doc, how), b = new HubClient(npm, port, doc, besides(how));
    await Promise.all([a.start(), b.start()]);
    await Promise.all([a.join(), b.join()]);
    await typeAll([a, b], isFull ? 40 : 10, random);
    const there = await snapshotOf(npm, port, doc, besides(how));
    check(a.text === b.text && a.text === there.text, `${name}: edits of both sides converge`, JSON.stringify([a.text, b.text, there.text]));

    const late = await a.invoke('SendOp', doc, insert('stale ', how), 1);
    check(late.success && Number(late.newRevision) === there.revision + 1, `${name}: an op with a stale base is rebased`, JSON.stringify(late));
    await until('the push', () => b.revision === there.revision + 1);

    await a.invoke('UpdateAwareness', doc, { name: 'Zoë', at: 3 });
    await b.invoke('UpdateAwareness', doc, { name: 'Łukasz', at: 4 });
    await until('awareness', () => a.states.length > 0 && b.states.length > 0);
    check(b.states[0].data?.name === 'Zoë' && a.states[0].data?.name === 'Łukasz', `${name}: awareness goes both ways`,
        JSON.stringify([a.states, b.states]));

    const wrong = [await failure(a.invoke('NoSuchMethod', 1)), await failure(a.invoke('JoinDocument', doc, 'text', 7)),
        await failure(a.invoke('JoinDocument', doc))];
    check(wrong.every((w) => w !== 'no error' && !/not within/.test(w)), `${name}: an error is an error`, ...wrong);
    const still = await a.invoke('SendOp', doc, insert('!', how), there.revision + 1);
    check(still.success, `${name}: and the connection goes on`, JSON.stringify(still));

    await until('the end of the one that took the snapshot', () => b.gone.length > 0);
    await a.stop();
    await until('PeerDisconnected', () => b.gone.length > 1);
    check(b.gone.length === 2 && new Set(b.gone).size === 2, `${name}: who leaves is missed once`, JSON.stringify(b.gone));
    await b.stop();
}

// The server is killed and comes again: so does the client, and it fetches what it missed. Then the server drains, and tells.
async function recovery(program, npm, how, random, more)
{
    const name = nameOf(how), doc = 'recovery', folder = scratchFolder('program'), port = await freePort();
    const env = { ...more, OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(folder, 'x.db')}` };
    let server = await start(env, port);
    const a = new HubClient(program.packages, port, doc, { ...how, reconnect: Array(200).fill(50) });
    await a.start();
    await a.join();
    await typeAll([a], 10, random);
    const back = new Promise((r) => a.connection.onreconnected(r));
    await server.kill();
    server = await start(env, port);
    const other = new HubClient(npm, port, doc, besides(how));
    await other.start();
    await other.join();
    check(other.text === a.text, `${name}: what was acknowledged before a kill -9 is there after it`, JSON.stringify([other.text, a.text]));
    await typeAll([other], 5, random);
    await within(40000, 'coming back', back);
    if (how.profile === 'v1') {
        const caught = await a.invoke('JoinDocument', doc, 'text', 1, a.revision);
        const text = caught.pendingOps.reduce((now, op) => apply(now, fromPayload(base64(op.payload))), a.text);
        check(caught.pendingOps.length > 0 && text === other.text, `${name}: it comes back and fetches what it missed`,
            JSON.stringify([caught.pendingOps.length, text, other.text]));
    } else {
        const caught = await a.invoke('JoinDocument', doc, 'text', 1);
        check(Number(caught.revision) === other.revision, `${name}: it comes back and joins again`, JSON.stringify(caught));
    }
    const losses = a.connection.losses;
    const exit = await server.stop();
    check(exit.code === 0, `${name}: the server drains and ends with 0`, JSON.stringify(exit), ...server.log.slice(-5));
    await until('the client notices', () => a.connection.losses > losses);
    check(a.connection.losses === losses + 1, `${name}: the client is told`);
    a.connection.delays = [];
    await Promise.all([a, other].map((c) => c.stop().catch(() => {})));
}

// `absent()` says why the toolchain is not there, or null; `begin()` starts the program; `ways`: [{transport, protocol, profile, …}]; `env` of the
// servers.
export function play(language, { absent, begin, ways, env = {} })
{
    run(language, async () => {
        const random = randomFrom(seedOf(language)), npm = signalrOfNpm();
        if (!npm) return skip(language, 'the npm packages, which are the other side, are not installed');
        if (!opstreamd()) return skip(language, 'OPSTREAMD is not set');
        const why = absent();
        if (why) return skip(language, why);
        const program = begin(), server = await start(env);
        const guarded = async (what, how, scene) => {
            try {
                await scene();
            } catch (e) {
                notOk(`${nameOf(how)}: ${what}`, ...String(e.stack ?? e).split('\n').slice(0, 6), ...program.words.slice(-6));
            }
        };
        for (const how of ways) await guarded('together', how, () => together(program, npm, server.port, how, random));
        const exit = await server.stop();
        check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
        for (const how of ways) await guarded('recovery', how, () => recovery(program, npm, how, random, env));
        await within(10000, 'the end of the program', program.end());
    });
}
