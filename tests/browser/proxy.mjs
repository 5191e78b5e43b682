// A TCP proxy between a page and the server, which a test breaks in the ways that a network breaks: the WebSocket alone, so that the page itself
// can be loaded again; everything; or silently, so that bytes vanish and nobody says so. (What a browser's own "offline" does to a WebSocket that
// is open differs between versions.)

import net from 'node:net';

const KEPT_BYTES = 1 << 16; // of what a client sends before it is known what it asks for

export class Proxy
{
    // Listens on a port of its own. `target`: the server's port; the server may come and go.
    static async open(target)
    {
        const proxy = new Proxy();
        Object.assign(proxy, { target, state: 'up', links: new Set(), troubled: false });
        proxy.server = net.createServer((client) => proxy.#accept(client));
        await new Promise((r) => proxy.server.listen(0, '127.0.0.1', r));
        proxy.port = proxy.server.address().port;
        return proxy;
    }

    up()
    {
        const stalled = this.state === 'stalled';
        this.state = 'up';
        if (stalled) this.#breakLinks(() => true); // bytes are missing in them
    }

    // No WebSocket gets through, and those there are break. `HTTP` goes on.
    cut() { this.#become('cut', (l) => l.socket !== false); }
    // Nothing gets through.
    down() { this.#become('down', () => true); }
    // What is sent on WebSockets vanishes, in both directions; new ones open and hear nothing.
    stall() { this.#become('stalled', () => false); }

    close()
    {
        this.#breakLinks(() => true);
        this.server.close();
    }

    #become(state, broken)
    {
        this.troubled = true;
        this.state = state;
        this.#breakLinks(broken);
    }

    #breakLinks(which)
    {
        for (const link of [...this.links].filter(which)) this.#end(link);
    }

    #end(link)
    {
        this.links.delete(link);
        link.client.destroy();
        link.server?.destroy();
    }

    // What a connection is for is known from its first bytes.
    #accept(client)
    {
        const link = { client, server: null, socket: undefined, head: Buffer.alloc(0) };
        this.links.add(link);
        client.on('error', () => {});
        client.on('close', () => this.#end(link));
        if (this.state === 'down') return this.#end(link);
        client.on('data', (bytes) => {
            if (link.server) return void (this.#passes(link) && link.server.write(bytes));
            link.head = Buffer.concat([link.head, bytes]);
            const end = link.head.indexOf('\r\n\r\n');
            if (end < 0 && link.head.length < KEPT_BYTES) return;
            link.socket = /^upgrade: *websocket/im.test(link.head.toString('latin1'));
            if (link.socket && this.state === 'cut') return this.#end(link);
            this.#connect(link);
        });
    }

    #connect(link)
    {
        link.server = net.connect(this.target, '127.0.0.1');
        link.server.on('error', () => {});
        link.server.on('close', () => this.#end(link));
        link.server.on('data', (bytes) => this.#passes(link) && link.client.write(bytes));
        if (this.#passes(link)) link.server.write(link.head);
    }

    #passes(link) { return !(link.socket && this.state === 'stalled'); }
}
