// What an idle joined WebSocket costs, and an idle server: printed, and held against a bound that only a leak or a buffer would break.
//
//   node live_memory.mjs [connections, 1000]

import { Raw, ensure, equal, finish, rssBytes, start, test, until } from './start.mjs';

const count = Number(process.argv[2] ?? 1000);

await test(`${count} idle joined WebSockets hold no buffers`, async () => {
    const server = await start({ OPSTREAM__LIMITS__CONNECTIONS: '50000' });
    const empty = rssBytes(server.pid);
    const warm = [];
    for (let i = 0; i < 100; i++) { // what the server takes once, whoever comes
        warm.push(await Raw.open(server.port));
        await warm[i].join(`doc-${i % 10}`);
    }
    const before = rssBytes(server.pid);
    const clients = [];
    for (let i = 0; i < count; i += 50) {
        clients.push(...await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => Raw.open(server.port))));
        await Promise.all(clients.slice(i).map((c, k) => c.join(`doc-${(i + k) % 10}`)));
    }
    await until('all are there', async () => clients.every((c) => c.texts.length === 1));
    const each = (rssBytes(server.pid) - before) / count;
    console.log(`idle server ${(empty / 2 ** 20).toFixed(1)} MiB; an idle joined WebSocket ${(each / 1024).toFixed(2)} KiB (${count} of them)`);
    if (!process.env.OPS_SANITIZED) ensure(each < 8192, `${each} bytes a connection`);
    for (const client of [...warm, ...clients]) client.close();
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
});

finish();
