// What the JavaScript shell keeps over a restart of a program: with `fileStorage`, with a storage of the program's own, with one that fails.
//
//   OPSTREAMD=… node keeping.mjs opstream-VERSION.tgz

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, run, skip } from '../live/lines.mjs';
import { freePort, start } from '../live/start.mjs';
import { load, ownFolder, soon, story, unpack, until, whyNot } from './package.mjs';

// Another process with the package: lines of JSON in and out. Its orders are the cases below.
const PROGRAM = `
import { createInterface } from 'node:readline';
import { connect, fileStorage } from 'opstream/node';
const [url, folder] = process.argv.slice(2), say = (value) => console.log(JSON.stringify(value));
let client, doc;
const orders = {
  async claim() { // the storage alone
    const slot = await fileStorage(folder).claim(url), bytes = await slot.load();
    return bytes === undefined ? null : Buffer.from(bytes).toString();
  },
  async keep(text) { await (await fileStorage(folder).claim(url)).save(Buffer.from(text), true); return null; },
  async orphans() { return (await Promise.all((await fileStorage(folder).orphans(url)).map((s) => s.load()))).map((b) => Buffer.from(b).toString()); },
  async open(id, wait) {
    client ??= connect(url, { storage: fileStorage(folder) });
    client.on('trouble', (trouble) => say({ trouble }));
    doc = await client.open(id, 'text', { wait });
    return [doc.text, doc.pending, client.persistent];
  },
  async type(text) { doc.insert(doc.length, text); await client.saved(); return doc.pending; },
  async synced() { await doc.synced(); return doc.text; },
  async close() { await client.close(); return null; },
};
say({ ready: process.pid });
createInterface({ input: process.stdin }).on('line', async (line) => {
  const [order, ...args] = JSON.parse(line);
  try { say({ answer: await orders[order](...args) }); } catch (e) { say({ error: String(e.stack) }); }
});
`;

const alive = new Set();
process.on('exit', () => { for (const p of alive) p.child.kill('SIGKILL'); });

class Program
{
    constructor(folder, url, storage)
    {
        Object.assign(this, { lines: [], troubles: [] });
        this.child = spawn(process.execPath, [join(folder, 'program.js'), url, storage], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.ended = new Promise((r) => this.child.on('close', (code, signal) => r(code ?? signal)));
        this.child.stdin.on('error', () => {});
        alive.add(this);
        this.ended.then(() => alive.delete(this));
        let rest = '';
        this.child.stdout.setEncoding('utf8').on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines.map((l) => JSON.parse(l))) (line.trouble !== undefined ? this.troubles.push(line.trouble) : this.lines.push(line));
        });
        this.ready = this.next();
    }

    async next()
    {
        await until('the program answers', () => this.lines.length > 0);
        return this.lines.shift();
    }

    async ask(...order)
    {
        await this.ready;
        this.child.stdin.write(`${JSON.stringify(order)}\n`);
        const { answer, error } = await this.next();
        if (error !== undefined) throw new Error(`${order[0]}: ${error}`);
        return answer;
    }

    kill() { this.child.kill('SIGKILL'); return this.ended; }
    end() { this.child.stdin.end(); return this.ended; }
}

// One place in memory, and what became of it.
function memoryStorage(more = {})
{
    const slot = { calls: [], load: async () => slot.bytes, save: async (bytes, pending) => { Object.assign(slot, { bytes, pending }); },
        remove: async () => { slot.calls.push('remove'); }, release: () => { slot.calls.push('release'); }, setAside: async () => { slot.calls.push('setAside'); slot.bytes = undefined; },
        ...more };
    return { slot, claim: async (name) => { slot.name = name; return slot; } };
}

async function fileStories(place)
{
    const program = (storage) => new Program(place.folder, place.url, storage);

    await story('what was typed while the server was away survives kill -9 of the program, and is sent once', async ({ equal, keep }) => {
        const folder = ownFolder('files'), programs = [];
        try {
            const first = programs[0] = program(folder);
            await first.ask('open', 'files', true);
            await first.ask('type', 'before ');
            await first.ask('synced');
            await place.server.kill();
            equal([await first.ask('type', 'one '), await first.ask('type', 'two ')].every((pending) => pending > 0), true, 'pending');
            await first.kill();
            const second = programs[1] = program(folder);
            const [text, pending, persistent] = await second.ask('open', 'files', true); // the server is still away
            equal([text, pending > 0, persistent], ['before one two ', true, true], 'there is something to edit, without a server');
            await second.ask('type', 'three ');
            await second.kill();
            place.server = await start(place.env, place.port);
            const third = programs[2] = program(folder);
            await third.ask('open', 'files', true);
            equal(await third.ask('synced'), 'before one two three ', 'sent once');
            await third.ask('close');
            equal([readdirSync(folder).length, readdirSync(folder).every((f) => /\.0\.opstream$/.test(f))], [1, true], `one file, nobody's: ${readdirSync(folder)}`);
            const doc = await keep(place.connect(place.url)).open('files', 'text');
            equal(doc.text, 'before one two three ', 'the server\'s');
            third.end();
        } finally {
            for (const p of programs) p.kill();
        }
    });

    await story('edits that were in flight when program and server died are sent once', async ({ equal, keep }) => {
        const folder = ownFolder('flight');
        for (let i = 0; i < 4; i++) {
            const one = program(folder);
            await one.ask('open', 'flight', true);
            await one.ask('type', `(${i})`); // saved and sent, perhaps committed, perhaps answered
            await Promise.all(i % 2 === 0 ? [one.kill(), place.server.kill()] : [one.kill()]);
            if (i % 2 === 0) place.server = await start(place.env, place.port);
        }
        const last = program(folder);
        await last.ask('open', 'flight', true);
        const text = await last.ask('synced');
        await last.kill();
        equal([0, 1, 2, 3].map((i) => text.split(`(${i})`).length - 1), [1, 1, 1, 1], `once each: ${text}`);
        equal((await keep(place.connect(place.url)).open('flight', 'text')).text, text, 'the server\'s');
    });

    await story('two processes never share a file, whoever comes first, and one that has ended has none', async ({ equal }) => {
        for (let round = 0; round < 3; round++) {
            const folder = ownFolder('share'), sample = place.fileStorage(folder), names = ['a', 'b', 'c'];
            const slots = await Promise.all(names.map(() => sample.claim(place.url)));
            await Promise.all(slots.map((slot, i) => (round > 0 ? slot.save(Buffer.from(names[i]), true) : null)));
            for (const slot of slots) slot.release();
            const before = names.map(() => (round > 0 ? null : program(folder))); // those of processes that were killed are taken over
            await Promise.all(before.map((p, i) => p?.ask('keep', names[i])));
            await Promise.all(before.map((p) => p?.kill()));
            const programs = Array.from({ length: 5 }, () => program(folder));
            try {
                await Promise.all(programs.map((p) => p.ready));
                const got = await Promise.all(programs.map((p) => p.ask(round === 2 ? 'orphans' : 'claim'))), all = got.flat().filter((g) => g !== null);
                equal(all.sort(), names, 'each file has one owner');
                equal((await sample.orphans(place.url)).length, 0, 'none is left');
                await Promise.all(programs.map((p) => p.kill()));
                const back = await sample.orphans(place.url);
                equal((await Promise.all(back.map(async (s) => Buffer.from(await s.load()).toString()))).sort(), names, 'after their death all are');
                equal(await (await sample.claim(place.url)).load(), undefined, 'a new one has nothing');
                await back[0].remove();
                for (const slot of back) slot.release();
                equal((await sample.orphans(place.url)).length, 2, 'one was removed');
                equal((await sample.orphans('another server')).length, 0, 'a server\'s files are its own');
            } finally {
                for (const p of programs) p.kill();
            }
        }
    });

    await story('an unreadable file is set aside and said; the client goes on', async ({ equal, keep }) => {
        const folder = ownFolder('unreadable'), storage = place.fileStorage(folder), slot = await storage.claim(place.url), trouble = [];
        await slot.save(Buffer.from('not what a client saves'), true);
        slot.release();
        const client = keep(place.connect(place.url, { storage }));
        client.on('trouble', (what) => trouble.push(what));
        const doc = await client.open('unreadable', 'text');
        doc.insert(0, 'x');
        await doc.synced();
        await client.saved();
        const files = readdirSync(folder), aside = files.filter((f) => f.endsWith('.unreadable'));
        equal([trouble.length, /set aside/.test(trouble[0]), aside.length, files.length], [1, true, 1, 2], `trouble: ${trouble}; files: ${files}`);
        equal(readFileSync(join(folder, aside[0]), 'utf8'), 'not what a client saves', 'whoever can read it finds it');
    });

    await story('what a dead program left is sent by another that is at work', async ({ equal, keep }) => {
        const folder = ownFolder('orphans'), dead = [program(folder), program(folder)];
        await Promise.all(dead.map((p, i) => p.ask('open', `orphan-${i}`, true)));
        await Promise.all(dead.map((p) => p.ask('synced')));
        await place.server.kill();
        await Promise.all(dead.map((p, i) => p.ask('type', `left ${i}`)));
        await Promise.all(dead.map((p) => p.kill()));
        writeFileSync(join(folder, readdirSync(folder)[0].replace(/-[0-9a-f-]+\./, '-00000000-0000-0000-0000-000000000000.')), 'broken'); // an orphan, too
        place.server = await start(place.env, place.port);
        const trouble = [], heir = keep(place.connect(place.url, { storage: place.fileStorage(folder) })), reader = keep(place.connect(place.url));
        heir.on('trouble', (what) => trouble.push(what));
        for (const i of [0, 1]) {
            const doc = await reader.open(`orphan-${i}`, 'text');
            await until('what was left is there', () => doc.text === `left ${i}`);
        }
        await until('only the heir\'s own file is left, and the broken one', () => readdirSync(folder).length <= 2);
        await until('the broken one is said', () => trouble.some((t) => /set aside/.test(t)));
        const doc = await heir.open('orphan-0', 'text');
        await doc.synced();
        equal(doc.text, 'left 0', 'once');
    });
}

async function storageStories(place)
{
    await story('a program\'s own storage is told everything; documents of an earlier run are there, and sent', async ({ equal, keep }) => {
        const storage = memoryStorage(), first = keep(place.connect(place.url, { storage })), doc = await first.open('own', 'text'), other = await first.open('own-2', 'json');
        equal([first.persistent, storage.slot.name], [true, place.url], 'claimed by the server\'s URL');
        await Promise.all([doc.synced(), other.synced()]);
        doc.insert(0, 'ä\u{1f600}');
        other.set('a', 1);
        await first.saved();
        equal([storage.slot.bytes instanceof Uint8Array, storage.slot.pending], [true, true], 'saved with what is pending');
        const bytes = storage.slot.bytes;
        await first.close();
        equal(storage.slot.calls, ['release'], 'given back');
        storage.slot.bytes = bytes; // as if it had been killed then
        const second = keep(place.connect(place.url, { storage })), again = await second.open('own', 'text');
        await again.synced();
        equal(again.text, 'ä\u{1f600}', 'once');
        await until('what was not opened again is left once the server has it', () => second.documents.length === 1);
        await second.saved();
        equal(storage.slot.pending, false, 'nothing is pending');
        equal((await keep(place.connect(place.url)).open('own-2', 'json')).get('a'), 1, 'and it has it');
    });

    await story('an edit of an earlier run that is refused is said, though nobody has opened its document', async ({ equal, keep }) => {
        const port = await freePort(), url = `ws://127.0.0.1:${port}/collab-ws`, storage = memoryStorage();
        const first = keep(place.connect(url, { storage })), doc = await first.open('big', 'text', { wait: false });
        doc.insert(0, 'x'.repeat(2000));
        await first.saved();
        await first.close();
        const small = await start({ OPSTREAM__LIMITS__DOCUMENT_BYTES: '1024' }, port), refused = [];
        try {
            const second = keep(place.connect(url, { storage }));
            second.on('refused', (what) => refused.push([what.documentId, what.code]));
            await until('it is said', () => refused.length > 0);
            equal(refused, [['big', 'TooLarge']], 'which and why');
        } finally {
            await small.stop();
        }
    });

    await story('an edit that finds no memory does not stop the client', async ({ equal, keep }) => {
        const client = keep(place.connect(place.url, { storage: null, memoryLimit: 1 << 20 })), doc = await client.open('narrow', 'text');
        let thrown = 0;
        for (let i = 0; i < 20 && thrown === 0; i++)
            try { doc.insert(0, 'y'.repeat(60_000)); } catch { thrown++; }
        equal(thrown, 1, 'it is refused');
        equal(doc.text.length, doc.length, 'what is read is what is there');
        await until('the client goes on with its document', () => doc.status !== 'offline');
    });

    await story('a storage that fails is trouble, not an end', async ({ equal, keep }) => {
        const fails = { 'no place': { claim: async () => { throw new Error('full'); } }, 'no bytes': memoryStorage({ load: async () => { throw new Error('bad block'); } }),
            'no write': memoryStorage({ save: async () => { throw new Error('full'); } }) };
        let setAside = 0;
        fails['no bytes'].slot.setAside = async () => { setAside++; };
        for (const [what, storage] of Object.entries(fails)) {
            const client = keep(place.connect(place.url, { storage })), trouble = [];
            client.on('trouble', (t) => trouble.push(t));
            const doc = await client.open('fails', 'text');
            doc.insert(0, 'x');
            await doc.synced();
            const failed = await client.saved().then(() => false, () => true); // without a place there is nothing that could have failed
            equal([trouble.length, client.persistent, failed], [1, what === 'no bytes', what === 'no write'], `${what}: ${trouble}`);
            await client.close();
            if (what === 'no write') equal(storage.slot.calls, ['release'], 'its place is given back all the same');
        }
        equal(setAside, 1, 'what could not be read is not written over');
        const unreadable = memoryStorage();
        unreadable.slot.bytes = new Uint8Array([1, 2, 3]);
        await keep(place.connect(place.url, { storage: unreadable })).open('fails', 'text');
        equal(unreadable.slot.calls, ['setAside'], 'unreadable');
        equal(keep(place.connect(place.url)).persistent, false, 'in Node nothing is kept unless asked for');
    });

    await story('a client that is closed at any moment of its beginning gives its place back once', async ({ equal }) => {
        for (let turns = 0; turns < 60; turns++) {
            const storage = memoryStorage(), client = place.connect(place.url, { storage });
            for (let i = 0; i < turns; i++) await (turns % 2 === 0 ? null : new Promise((r) => setImmediate(r)));
            await soon('it closes', client.close());
            await client.saved().catch(() => {});
            await new Promise((r) => setTimeout(r, 1));
            equal(storage.slot.calls, ['release'], `after ${turns} turns`);
            equal([client.peerId, client.status], [undefined, 'closed'], 'closed');
        }
    });

    await story('saved() means saved, also while a save is under way', async ({ equal, keep }) => {
        const writes = [], storage = memoryStorage({ save: (bytes) => new Promise((r) => setTimeout(() => { writes.push(Buffer.from(bytes).toString('latin1')); r(); }, 5)) });
        const client = keep(place.connect(place.url, { storage })), doc = await client.open('saved', 'text');
        await doc.synced();
        for (let i = 0; i < 10; i++) {
            doc.insert(0, `<${i}>`);
            if (i % 3 === 0) await null;
            await client.saved();
            equal(writes.at(-1).includes(`<${i}>`), true, `the last write has edit ${i}`);
        }
    });
}

run('keeping', async () => {
    const why = whyNot(), tgz = process.argv[2];
    if (why !== null) return skip('what the JavaScript shell keeps', why);
    const folder = unpack(tgz), opstream = await load(folder), port = await freePort();
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__SYNC: 'full',
        OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(ownFolder('keeping'), 'opstream.db')}` };
    const place = { ...opstream, folder, env, port, url: `ws://127.0.0.1:${port}/collab-ws`, server: await start(env, port) };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'program.js'), PROGRAM);
    await fileStories(place);
    await storageStories(place);
    const exit = await soon('the server ends', place.server.stop());
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...place.server.log.slice(-10));
});
