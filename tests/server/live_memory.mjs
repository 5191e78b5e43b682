// What an idle joined WebSocket costs, plain or of the hub, and an idle server: printed, and held against a bound that only a leak or a buffer would break.
//
//   node live_memory.mjs [connections, 1000]

import { Raw, ensure, equal, finish, rssBytes, start, test, until } from './start.mjs';

const count = Number(process.argv[2] ?? 1000);

const END = '\x1e';

// Each opens and joins; `there`: it has its answer.
const kinds = {
    WebSockets: { open: (port) => Raw.open(port), join: (client, doc) => client.join(doc), there: (client) => client.texts.length === 1 },
    'hub connections': {
        open: async (port) => {
            const client = await Raw.open(port, '/collab');
            client.say(`{"protocol":"json","version":1}${END}`);
            await client.text(0);
            return client;
        },
        join: async (client, doc) => {
            client.say(JSON.stringify({ type: 1, invocationId: '0', target: 'JoinDocument', arguments: [doc, 'text', 1] }) + END);
            await client.text(1);
        },
        there: (client) => client.texts.join('').includes('"type":3'),
    },
};

for (const [name, { open, join, there }] of Object.entries(kinds)) {
    await test(`${count} idle joined ${name} hold no buffers`, async () => {
        const server = await start({ OPSTREAM__LIMITS__CONNECTIONS: '50000' });
        const empty = rssBytes(server.pid);
        const warm = [];
        for (let i = 0; i < 100; i++) { // what the server takes once, whoever comes
            warm.push(await open(server.port));
            await join(warm[i], `doc-${i % 10}`);
        }
        const before = rssBytes(server.pid);
        const clients = [];
        for (let i = 0; i < count; i += 50) {
            clients.push(...await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => open(server.port))));
            await Promise.all(clients.slice(i).map((c, k) => join(c, `doc-${(i + k) % 10}`)));
        }
        await until('all are there', async () => clients.every(there));
        const each = (rssBytes(server.pid) - before) / count;
        console.log(`idle server ${(empty / 2 ** 20).toFixed(1)} MiB; of ${count} idle joined ${name} each ${(each / 1024).toFixed(2)} KiB`);
        if (!process.env.OPS_SANITIZED) ensure(each < 8192, `${each} bytes a connection`);
        for (const client of [...warm, ...clients]) client.close();
        equal(await server.stop(), { code: 0, signal: null }, 'exit');
    });
}

finish();
