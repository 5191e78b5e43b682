// SIGKILL of the real server under load, again and again, on SQLite with full sync: writers with op ids reconnect, catch up and send again, and the
// history checker judges the final log, as the server tells it and as it lies in the file.
//
// What it proves: the death of the process at any moment loses, doubles or reorders nothing that was acknowledged; no op is applied twice by a
// repeated send; clients that resume agree with the server at every revision. What it cannot prove: that the bytes survive a power loss or a
// crash of the kernel. A killed process's written pages stay in the page cache, synced or not: a server that never called fsync passes here.
// That is what the store's VFS test is for, which drops everything that was not synced.
//
//   OPSTREAMD=… node kill.mjs [full]      5 kills; full: 100

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { check, isFull, ok, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { fromJson, fromPayload, isNoOp, randomEdit, toPayload } from './ot.mjs';
import { v1 } from './protocol.mjs';
import { History, judge } from './history.mjs';
import { DurableClient } from './durable_client.mjs';
import { Link } from './link.mjs';
import { startFake } from './fake_server.mjs';
import { freePort, opstreamd, scratchFolder, start } from './start.mjs';

const DOCUMENTS = ['kill-a', 'kill-b', 'kill-c'], CLIENTS = 9, LIMIT = 60000;

// Edits for as long as `going()`; one in flight, the rest composed behind it.
async function type(client, random, going)
{
    while (going() && client.refused === null) {
        if (client.text !== null && (client.ready || random.below(20) === 0)) client.edit(randomEdit(client.text, random));
        await sleep(1 + random.below(5));
    }
}

async function until(what, condition)
{
    await within(LIMIT, what, (async () => { while (!condition()) await sleep(2); })());
}

// One exchange on a connection of its own: the first message of one of `kinds`.
async function ask(where, documentId, messages, kinds)
{
    let got;
    const answer = new Promise((r, reject) => { got = { r, reject }; });
    const link = await Link.open(where, { onEnd: () => got.reject(new Error('the connection ended')), onText: (text) => {
        const m = v1.read(JSON.parse(text));
        if (kinds.includes(m.kind)) got.r(m);
        if (m.kind === 'error') got.reject(new Error(m.error));
    } });
    for (const m of messages) link.send(JSON.stringify(m));
    try {
        return await within(20000, 'an answer', answer);
    } finally {
        link.drop();
    }
}

// The log as a joiner that has seen nothing gets it.
async function logOverTheWire(where, documentId)
{
    const { pendingOps } = await ask(where, documentId, [v1.join(documentId, { since: 1 })], ['joined']);
    return pendingOps.map((row) => ({ revision: row.revision, opId: row.opId, op: fromPayload(row.payload) }));
}

// The log as it lies in the file, op ids left out: [[revision, op as text]…].
function logInTheFile(file, documentId)
{
    const sql = `SELECT Revision, hex(Payload) AS p FROM DocumentOps WHERE DocumentId = '${documentId}' ORDER BY Revision;`;
    const rows = JSON.parse(execFileSync('sqlite3', ['-readonly', '-json', file, sql], { maxBuffer: 1 << 28 }).toString() || '[]');
    return rows.map((r) => [r.Revision, JSON.stringify(fromJson(JSON.parse(Buffer.from(r.p, 'hex').toString('utf8'))))]);
}

class Load
{
    constructor(where, documents, random)
    {
        this.histories = new Map(documents.map((d) => [d, new History()]));
        this.clients = Array.from({ length: CLIENTS }, (_, i) => {
            const id = documents[i % documents.length];
            return new DurableClient(where, id, this.histories.get(id));
        });
        this.on = true;
        this.work = this.clients.flatMap((c, i) => [c.live(), type(c, randomFrom(random.below(2 ** 31) + i), () => this.on)]);
    }

    get acks() { return this.clients.reduce((n, c) => n + c.acks, 0); }
    get refused() { return this.clients.find((c) => c.refused !== null)?.refused ?? null; }

    // No more edits; what is in flight comes home.
    async finish()
    {
        this.on = false;
        await until('the last acks', () => this.refused !== null || this.clients.every((c) => c.ready && !c.inFlight && !c.buffer));
        const last = (c) => Math.max(...this.clients.filter((o) => o.documentId === c.documentId).map((o) => o.revision));
        await until('the last pushes', () => this.refused !== null || this.clients.every((c) => c.revision === last(c)));
    }

    async end()
    {
        this.on = false;
        for (const c of this.clients) c.stop();
        await within(LIMIT, 'the clients end', Promise.all(this.work));
    }
}

// The checker and the clients, judged by a right server that cuts connections, one that forgets what it acknowledged, and broken logs.
async function self(seed)
{
    for (const fault of [null, 'lose']) {
        const fake = await startFake({ fault, every: 40 });
        const load = new Load(fake.where, ['doc'], randomFrom(seed));
        for (let i = 0; i < 4; i++) {
            await sleep(60);
            fake.cut();
        }
        if (fault === null) await load.finish();
        const log = await logOverTheWire(fake.where, 'doc');
        const wrong = judge(load.histories.get('doc'), log);
        if (load.refused) wrong.push(load.refused);
        await load.end();
        fake.stop();
        if (fault === null) {
            check(wrong.length === 0, `the checker finds nothing wrong with a right server (${log.length} ops, connections cut)`, ...wrong);
            brokenLogs(load.histories.get('doc'), log);
        } else check(wrong.length > 0, 'the checker finds ops that were acknowledged and forgotten', 'nothing was found');
    }
}

function brokenLogs(history, log)
{
    const at = log.findIndex((r, i) => i > 20 && history.ops.get(r.opId)?.acked);
    const renumber = (rows) => rows.map((r, i) => ({ ...r, revision: i + 2 }));
    const swapped = [...log];
    [swapped[at], swapped[at - 9]] = [log[at - 9], log[at]];
    const faults = {
        'a missing row': renumber(log.filter((_, i) => i !== at)), 'a gap': log.filter((_, i) => i !== at),
        'a row twice': renumber([...log.slice(0, at), log[at], ...log.slice(at)]), 'two rows swapped': renumber(swapped),
        'a strange op': log.map((r, i) => (i === at ? { ...r, opId: 'never-sent' } : r)),
        'another text': log.map((r, i) => (i === at ? { ...r, op: [{ i: '#' }, ...r.op] } : r)),
    };
    for (const [name, rows] of Object.entries(faults)) check(judge(history, rows).length > 0, `the checker finds ${name}`);
}

// Ids that the log has are sent again, with their old base: each is answered with its own revision, and nothing is written.
async function repeated(where, documentId, log, random)
{
    const rows = Array.from({ length: 20 }, () => random.pick(log)).filter((r) => r.opId && log.length + 2 - r.revision < 900 && !isNoOp(r.op));
    for (const row of rows) {
        const ack = await ask(where, documentId, [v1.join(documentId), v1.op(documentId, toPayload([{ i: 'again' }]), row.revision - 1, row.opId)], ['ack']);
        if (!ack.success || ack.revision !== row.revision) return `${row.opId} of revision ${row.revision}: ${JSON.stringify(ack)}`;
    }
    return (await logOverTheWire(where, documentId)).length === log.length ? null : 'a repeated op was written again';
}

async function killAgainAndAgain(kills, seed)
{
    const random = randomFrom(seed);
    const folder = scratchFolder('kill');
    const file = join(folder, 'opstream.db');
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${file}`, OPSTREAM__STORAGE__SYNC: 'full',
        OPSTREAM__HISTORY__RETAIN: '1000000', OPSTREAM__HISTORY__RETAIN_BYTES: '1GiB', OPSTREAM__SNAPSHOT__OPS: '50' };
    const port = await freePort();
    let server = await start(env, port);
    const load = new Load(server.where, DOCUMENTS, random);
    for (let i = 0; i < kills && load.refused === null; i++) {
        const before = load.acks;
        await until(`acks after start ${i + 1}`, () => load.acks >= before + 5 || load.refused !== null || server.exit !== undefined);
        if (server.exit) throw new Error(`the server ended by itself: ${JSON.stringify(server.exit)}\n${server.log.slice(-20).join('\n')}`);
        await sleep(random.below(150));
        await server.kill();
        server = await start(env, port);
    }
    await load.finish();
    check(load.refused === null, `${kills} kills: no client was refused or lost count`, load.refused, ...server.log.slice(-5));
    await server.stop();
    server = await start(env, port);
    const acked = [...load.histories.values()].reduce((n, h) => n + h.acked, 0);
    const resent = load.clients.reduce((n, c) => n + c.resent, 0);
    console.log(`${acked} acknowledged ops of ${CLIENTS} clients, ${resent} sent again`);
    const logs = new Map();
    for (const id of DOCUMENTS) {
        logs.set(id, await logOverTheWire(server.where, id));
        const wrong = judge(load.histories.get(id), logs.get(id));
        check(wrong.length === 0, `${id}: nothing acknowledged is lost, doubled or reordered in ${logs.get(id).length} ops`, ...wrong);
        const again = await repeated(server.where, id, logs.get(id), random);
        check(again === null, `${id}: op ids are known after ${kills} kills`, again);
    }
    await load.end();
    const exit = await server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
    inTheFile(file, logs);
}

function inTheFile(file, logs)
{
    try {
        execFileSync('sqlite3', ['-version']);
    } catch {
        return skip('the log in the file', 'the sqlite3 command is not there');
    }
    const sound = execFileSync('sqlite3', ['-readonly', file, 'PRAGMA integrity_check;']).toString().trim();
    check(sound === 'ok', 'SQLite finds the file sound', sound);
    for (const [id, log] of logs) {
        const rows = logInTheFile(file, id), told = log.map((r) => [r.revision, JSON.stringify(r.op)]);
        const from = rows.length > 0 ? rows[0][0] - 2 : told.length;
        const differ = rows.findIndex(([revision, op], i) => told[from + i]?.[0] !== revision || told[from + i]?.[1] !== op);
        check(rows.length > 0 && from + rows.length === told.length && differ < 0, `${id}: the file holds the log that the server tells (${rows.length} rows)`,
            `${rows.length} rows from revision ${rows[0]?.[0]}, the server tells ${told.length} ops; first difference at row ${differ}`);
    }
}

run('kill', async () => {
    const seed = seedOf('kill');
    await self(seed);
    if (!opstreamd()) return skip('kill -9 of the server', 'OPSTREAMD is not set');
    await killAgainAndAgain(isFull ? 100 : 5, seed);
    ok('the kill test ran to its end');
});
