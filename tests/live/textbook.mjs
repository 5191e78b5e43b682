// Six textbook OT clients in one document, 5,000 ops in all, as fast as they can: in the end every client and a fresh joiner hold the same text.
// In v1, in reference, and with three clients of each. The released server fails this (opstream-ops.md W56, W57).
//
//   OPSTREAMD=… node textbook.mjs [full]      3 runs; full: 20

import { check, isFull, notOk, ok, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { reference, v1 } from './protocol.mjs';
import { randomEdit } from './ot.mjs';
import { TextClient } from './text_client.mjs';
import { Link } from './link.mjs';
import { startFake } from './fake_server.mjs';
import { opstreamd, start } from './start.mjs';

const CLIENTS = 6, LIMIT = 120000;

async function connect(where, profile, documentId)
{
    let client = null;
    const receive = (text) => {
        try {
            client.receive(text);
        } catch (e) {
            client.refused ??= `it lost count: ${e.message}`; // what it receives no longer fits what it has
        }
    };
    const link = await Link.open(where, { onText: receive, onEnd: () => { client.refused ??= 'the connection ended'; } });
    client = new TextClient(profile, documentId, (text) => link.send(text));
    client.link = link;
    client.join();
    await within(10000, 'join', client.joined);
    return client;
}

// Edits until `quota` ops went out. Edits come in bursts, so that some are composed into the buffer.
async function type(client, quota, random)
{
    while (client.sent < quota && client.refused === null) {
        for (let n = 1 + random.below(3); n > 0; n--) client.edit(randomEdit(client.text, random));
        await (random.below(4) === 0 ? sleep(random.below(3)) : new Promise((r) => setImmediate(r)));
    }
}

// Until nothing is in flight anywhere and everybody has seen the last revision.
async function settle(clients)
{
    for (;;) {
        const last = Math.max(...clients.map((c) => c.revision));
        if (clients.some((c) => c.refused !== null) || clients.every((c) => !c.busy && c.revision === last)) return;
        await sleep(2);
    }
}

// One run; what is wrong, or null.
async function once(where, profiles, documentId, ops, seed)
{
    const clients = [];
    for (let i = 0; i < CLIENTS; i++) clients.push(await connect(where, profiles[i % profiles.length], documentId));
    try {
        await within(LIMIT, 'typing', Promise.all(clients.map((c, i) => type(c, Math.ceil(ops / CLIENTS), randomFrom(seed * 31 + i)))));
        await within(LIMIT, 'settling', settle(clients));
        const fresh = await connect(where, profiles[0], documentId);
        clients.push(fresh);
        const refused = clients.find((c) => c.refused !== null);
        if (refused) return refused.refused;
        const wrong = clients.findIndex((c) => c.text !== fresh.text);
        if (wrong >= 0) return `client ${wrong} ends with another text: ${clients[wrong].text.length} units at revision ${clients[wrong].revision}, a joiner gets ${fresh.text.length} at ${fresh.revision}`;
        if (fresh.revision < ops / 2) return `only ${fresh.revision} revisions: too few ops met each other`;
        return null;
    } catch (e) {
        return e.message;
    } finally {
        for (const c of clients) c.link.drop();
    }
}

// Without a server of ours: a right one passes, one whose pushes overtake replies does not.
async function self(seed)
{
    for (const fault of [null, 'overtake']) {
        const fake = await startFake({ fault });
        const wrong = await once(fake.where, [v1], 'doc', 600, seed);
        fake.stop();
        if (fault === null) check(wrong === null, 'six textbook clients converge on a right server', wrong);
        else check(wrong !== null, 'they do not when a push overtakes the reply of a lower revision', 'the test cannot see the fault');
        if (wrong && fault) console.log(`  ${wrong}`);
    }
}

run('textbook', async () => {
    const seed = seedOf('textbook');
    await self(seed);
    if (!opstreamd()) return skip('textbook clients on the server', 'OPSTREAMD is not set');
    const server = await start();
    const kinds = { v1: [v1], reference: [reference], 'both profiles': [v1, reference] };
    const runs = isFull ? 20 : 3;
    for (let i = 0; i < runs; i++) {
        const [name, profiles] = Object.entries(kinds)[i % 3];
        const began = process.hrtime.bigint();
        const wrong = await once(server.where, profiles, `textbook-${i}`, 5000, seed + i);
        const seconds = Number(process.hrtime.bigint() - began) / 1e9;
        if (wrong) notOk(`run ${i + 1} of ${runs}, ${name}: six textbook clients end with one text`, wrong, ...server.log.slice(-5));
        else ok(`run ${i + 1} of ${runs}, ${name}: six textbook clients, 5,000 ops, one text (${seconds.toFixed(1)} s)`);
    }
    const exit = await server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
});
