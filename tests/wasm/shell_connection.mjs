// The connection: a server that dies and comes back, one that refuses, one that speaks another protocol; where the module comes from.

import { createRequire } from 'node:module';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import net from 'node:net';
import { freePort, start } from '../live/start.mjs';
import { soon, story, until } from './package.mjs';

export async function connectionStories(place)
{
    await story('a server that is killed and comes back has everything once', async ({ equal, keep }) => {
        const [alice, bob] = [0, 1].map(() => keep(place.connect(place.url))), statuses = [];
        const [a, b] = await Promise.all([alice.open('killed', 'text'), bob.open('killed', 'text')]);
        alice.on('status', (s) => statuses.push(s));
        a.insert(0, 'before ');
        b.awareness.local = { name: 'Bob' };
        await a.synced();
        await until('both have it', () => b.text === 'before ');
        await until('Bob is seen', () => a.awareness.peers.get(bob.peerId)?.name === 'Bob');
        for (let round = 0; round < 3; round++) {
            a.insert(a.length, `a${round} `);
            b.insert(b.length, `b${round} `);
            await place.server.kill();
            await until('it is noticed', () => alice.status !== 'online' && bob.status !== 'online');
            const planned = alice.retryAt;
            if (alice.status === 'offline') equal(planned > Date.now() - 1000 && planned < Date.now() + 60000, true, `when it is tried again: ${planned}`);
            a.insert(a.length, `offline${round} `);
            b.delete(0, 1);
            equal([a.status, a.pending > 0], ['offline', true], 'offline');
            place.server = await start(place.env, place.port);
            alice.retry();
            bob.retry();
            await soon('both are home', Promise.all([a.synced(), b.synced()]));
            await until('both see the same', () => a.revision === b.revision);
            await until('Bob is seen again, once', () => a.awareness.peers.size === 1 && a.awareness.peers.get(bob.peerId)?.name === 'Bob');
        }
        equal(a.text, b.text, 'the same');
        for (const word of [0, 1, 2].flatMap((i) => [`a${i} `, `b${i} `, `offline${i} `])) equal(a.text.split(word).length - 1, 1, JSON.stringify(word));
        equal([statuses.includes('offline'), statuses.at(-1)], [true, 'online'], `statuses: ${statuses}`);
    });

    await story('a document that the server refuses is not opened, and says why', async ({ equal, rejects, keep }) => {
        const [other, client] = [0, 1].map(() => keep(place.connect(place.url))), refused = [];
        const text = await other.open('is-text', 'text');
        text.insert(0, 'x');
        await text.synced();
        const error = await rejects('open', client.open('is-text', 'json'));
        equal([error.code, error instanceof Error && error.message.length > 0], ['UnknownDocumentType', true], 'the code');
        client.documents[0]?.on('refused', (r) => refused.push(r.code));
        equal([client.documents[0]?.status, (await rejects('open again', client.open('is-text', 'json'))).code, refused],
            ['refused', 'UnknownDocumentType', ['UnknownDocumentType']], 'another try');
        equal((await rejects('no such type', client.open('y', 'picture'))).constructor, RangeError, 'a type that there is not');
        equal((await rejects('no id', client.open('', 'text'))).constructor, RangeError, 'an empty id');
        equal((await rejects('an id that is no text', client.open('\ud800', 'text'))).constructor, TypeError, 'an id with half a character');
        equal((await client.open('z', 'text')).status, 'joined', 'others are opened');
    });

    await story('a server of another protocol stops the client; one that talks nonsense is trouble', async ({ equal, rejects, keep }) => {
        const { WebSocketServer } = createRequire(join(place.folder, 'all.js'))('ws'), port = await freePort(), answers = ['no JSON at all'];
        const server = new WebSocketServer({ host: '127.0.0.1', port });
        server.on('connection', (socket) => socket.on('message', (data) => {
            const { id } = JSON.parse(data);
            socket.send(answers.shift() ?? JSON.stringify({ type: 'error', id, code: 'UnsupportedProtocol', message: 'another', min: 7, max: 9 }));
        }));
        try {
            const client = keep(place.connect(`ws://127.0.0.1:${port}/`)), trouble = [], refused = [], received = [];
            equal(client.url, `ws://127.0.0.1:${port}/collab-ws`, 'a URL without a path');
            client.on('trouble', (what) => trouble.push(what));
            client.on('refused', (r) => refused.push(r.code));
            client.on('received', (m) => received.push(m));
            const opening = rejects('open', client.open('x', 'text')), typed = await client.open('y', 'text', { wait: false });
            typed.insert(0, 'x');
            const syncing = rejects('synced', typed.synced());
            await until('nonsense is trouble', () => trouble.length > 0);
            equal(received, ['no JSON at all'], 'the curious hear it');
            client.retry();
            await until('stopped', () => client.status === 'stopped');
            equal([refused, client.retryAt], [['UnsupportedProtocol'], undefined], 'never again');
            for (const error of [await opening, await syncing, await rejects('open now', client.open('z', 'text')), await rejects('synced now', typed.synced())])
                equal(/version|stopped/.test(error.message), true, `who waits is told: ${error.message}`);
            equal([typed.text, typed.pending], ['x', 1], 'what was typed is there');
        } finally {
            for (const socket of server.clients) socket.terminate();
            server.close();
        }
    });

    await story('module and WebSocket come from wherever the program says', async ({ equal, rejects, throws, keep }) => {
        const path = join(place.folder, 'node_modules/opstream/opstream.wasm'), bytes = readFileSync(path), url = pathToFileURL(path);
        let made = 0;
        class Counted extends place.WebSocket { constructor(...args) { super(...args); made++; } }
        const ways = { 'a URL': url, 'a string': String(url), bytes, 'a buffer': bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
            'a module': await WebAssembly.compile(bytes), 'a response': new Response(bytes, { headers: { 'content-type': 'application/wasm' } }),
            'a promise': Promise.resolve(new Response(bytes, { headers: { 'content-type': 'application/wasm' } })) };
        for (const [what, wasm] of Object.entries(ways)) {
            const doc = await soon(what, keep(place.connect(new URL(place.url), { wasm, WebSocket: Counted, storage: null })).open('ways', 'text'));
            equal(doc.status, 'joined', what);
        }
        equal(made, Object.keys(ways).length, 'the class given');
        equal(place.browserStorage(), undefined, 'a browser\'s storage in Node');
        const broken = keep(place.connect(place.url, { wasm: new Uint8Array(8) })), trouble = [];
        broken.on('trouble', (what) => trouble.push(what));
        equal([(await rejects('open', broken.open('x', 'text'))) instanceof WebAssembly.CompileError, broken.status, trouble.length], [true, 'closed', 1], 'no module');
        throws(TypeError, 'no URL', () => place.connect());
        throws(TypeError, 'not a URL', () => place.connect('not a url'));
        throws(TypeError, 'another protocol', () => place.connect('ftp://127.0.0.1/'));
    });

    await story('a program ends when its clients are closed, even one that is just connecting', async ({ equal }) => {
        const silent = net.createServer(() => {}).listen(0, '127.0.0.1'), program = join(place.folder, 'ends.js');
        await new Promise((r) => silent.once('listening', r));
        writeFileSync(program, `import { connect } from 'opstream';
            const there = connect(process.argv[2]), silent = connect(process.argv[3]);
            const doc = await there.open('ends', 'text');
            doc.insert(0, 'x');
            await doc.synced();
            await Promise.all([there.close(), silent.close()]);
            console.log(performance.now());`);
        const began = Date.now(), child = spawn(process.execPath, [program, place.url, `ws://127.0.0.1:${silent.address().port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = new Promise((r) => child.on('close', (code, signal) => r(code ?? signal)));
        let said = '';
        child.stdout.on('data', (text) => { said += text; });
        try {
            const code = await soon('it ends', ended), rest = Date.now() - began - Number(said);
            equal([code, rest < 10000], [0, true], `it ended ${rest} ms after its clients were closed`); // a time-out that nobody cleared is 15 s
        } finally {
            child.kill('SIGKILL');
            silent.close();
        }
    });
}
