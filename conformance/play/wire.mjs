// Connections: an HTTP request on a socket of its own, and a WebSocket with a queue of what was received. node:net only, so that every byte
// that leaves is one that a case asked for.

import net from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { FrameReader, OP, encodeClose, encodeFrame, encodeMessage } from './frames.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='; // RFC 6455 1.3; the recordings were made with it

export const acceptOf = (key) => createHash('sha1').update(key + GUID).digest('base64');

// The head of a response: {status, reason, headers: [[name, value]…], rest}, or null while it is incomplete.
export function parseHead(bytes)
{
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const lines = bytes.subarray(0, end).toString('latin1').split('\r\n');
    const m = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(lines[0]);
    if (!m) throw new Error(`not an HTTP/1.1 status line: ${JSON.stringify(lines[0].slice(0, 80))}`);
    const headers = lines.slice(1).map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    return { status: Number(m[1]), reason: m[2], headers, rest: bytes.subarray(end + 4) };
}

export const header = (headers, name) => headers.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1];

// The head of a request, with the empty line behind it. `length`: of its body, if it says one.
export function httpHead(method, path, headers, where, length)
{
    const lines = [`${method} ${path} HTTP/1.1`];
    if (!header(headers, 'Host')) lines.push(`Host: ${where.host}:${where.port}`);
    for (const [n, v] of headers) lines.push(`${n}: ${v}`);
    if (length !== undefined) lines.push(`Content-Length: ${length}`);
    return Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'utf8');
}

function requestText(method, path, headers, where, body)
{
    const says = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
    return Buffer.concat([httpHead(method, path, headers, where, says ? body.length : undefined), body]);
}

// The first chunk of a body: {data, rest}, or null while more is needed. The last one has no data.
export function nextChunk(bytes)
{
    const eol = bytes.indexOf('\r\n');
    if (eol < 0) return null;
    const size = bytes.subarray(0, eol).toString('latin1');
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`not the size of a chunk: ${JSON.stringify(size.slice(0, 40))}`);
    const [from, n] = [eol + 2, parseInt(size, 16)];
    if (bytes.length < from + n + 2) return null;
    if (bytes.toString('latin1', from + n, from + n + 2) !== '\r\n') throw new Error('a chunk without its end');
    return { data: bytes.subarray(from, from + n), rest: bytes.subarray(from + n + 2) };
}

// null: it is not UTF-8.
export function textOf(bytes)
{
    const text = bytes.toString('utf8');
    return Buffer.compare(Buffer.from(text, 'utf8'), bytes) === 0 ? text : null;
}

// SignalR: several records may share a message; its pings are dropped. What has no separator behind it comes as it is.
export function recordsOf(text)
{
    const parts = text.split('\x1e'), rest = parts.pop();
    const records = parts.filter((record) => record !== '{"type":6}').map((record) => record + '\x1e');
    return rest === '' ? records : [...records, rest];
}

// The body by Content-Length, chunks, or the end of the connection; undefined while more is needed.
function bodyOf(head, ended)
{
    const length = header(head.headers, 'Content-Length');
    if (/chunked/i.test(header(head.headers, 'Transfer-Encoding') ?? '')) {
        const parts = [];
        for (let chunk = nextChunk(head.rest); chunk; chunk = nextChunk(chunk.rest)) {
            if (chunk.data.length === 0) return Buffer.concat(parts);
            parts.push(chunk.data);
        }
        return undefined;
    }
    if (length !== undefined) return head.rest.length >= Number(length) ? head.rest.subarray(0, Number(length)) : undefined;
    if (head.status === 204 || head.status === 304) return Buffer.alloc(0);
    return ended ? head.rest : undefined;
}

// One request on a connection of its own: {status, reason, headers, body}.
export function httpRequest(where, { method = 'GET', path, headers = [], body = '' }, timeout)
{
    return new Promise((resolve, reject) => {
        const socket = net.connect(where.port, where.host);
        let bytes = Buffer.alloc(0);
        const give = (f, v) => { clearTimeout(timer); socket.destroy(); f(v); };
        const timer = setTimeout(() => give(reject, new Error(`no answer to ${method} ${path} within ${timeout} ms`)), timeout);
        const look = (ended) => {
            try {
                const head = parseHead(bytes);
                const content = head && bodyOf(head, ended);
                if (content !== undefined && content !== null)
                    give(resolve, { status: head.status, reason: head.reason, headers: head.headers, body: content.toString('utf8') });
                else if (ended) give(reject, new Error(`the connection ended inside the answer to ${method} ${path}`));
            } catch (e) {
                give(reject, e);
            }
        };
        socket.on('connect', () => socket.write(requestText(method, path, headers, where, Buffer.from(body))));
        socket.on('data', (b) => { bytes = Buffer.concat([bytes, b]); look(false); });
        socket.on('end', () => look(true));
        socket.on('error', (e) => give(reject, new Error(`${method} ${path}: ${e.message}`)));
    });
}

// A connection of a case. `queue` holds what was received and not yet taken: {text}, {binary}, {close}, {eof}, {fault}.
export class Inbox
{
    constructor(name)
    {
        this.name = name;
        this.queue = [];
        this.waiting = null;
        this.sentClose = false;
        this.gotClose = false;
        this.ended = false;
        this.socket = null;
    }

    put(item)
    {
        this.queue.push(item);
        this.waiting?.();
    }

    // The next thing received, or null when there is none within `ms`.
    take(ms)
    {
        if (this.queue.length > 0) return Promise.resolve(this.queue.shift());
        return new Promise((resolve) => {
            const done = () => { clearTimeout(timer); this.waiting = null; resolve(this.queue.shift() ?? null); };
            const timer = setTimeout(done, ms);
            this.waiting = done;
        });
    }

    drop() { this.ended = true; this.socket?.destroy(); }
}

// A WebSocket. `records`: its messages are SignalR records.
export class Peer extends Inbox
{
    constructor(name, { records = false } = {})
    {
        super(name);
        this.records = records;
        this.pongs = [];
    }

    // Upgrades; resolves to the response's head. Any status but 101 is left to the caller to judge.
    open(where, path, headers, timeout, key = randomBytes(16).toString('base64'))
    {
        return new Promise((resolve, reject) => {
            this.socket = net.connect({ port: where.port, host: where.host, noDelay: true });
            const timer = setTimeout(() => reject(new Error(`no answer to the upgrade of ${path} within ${timeout} ms`)), timeout);
            let bytes = Buffer.alloc(0), up = false;
            const reader = new FrameReader((event) => this.#event(event));
            this.socket.on('connect', () => this.socket.write(requestText('GET', path, [['Connection', 'Upgrade'], ['Upgrade', 'websocket'],
                ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', key], ...headers], where, Buffer.alloc(0))));
            this.socket.on('data', (b) => {
                if (up) return reader.push(b);
                bytes = Buffer.concat([bytes, b]);
                try {
                    const head = parseHead(bytes);
                    if (!head) return;
                    clearTimeout(timer);
                    up = true;
                    if (head.status === 101 && header(head.headers, 'Sec-WebSocket-Accept') !== acceptOf(key))
                        reject(new Error('Sec-WebSocket-Accept does not belong to the key'));
                    resolve(head);
                    if (head.rest.length > 0) reader.push(head.rest);
                } catch (e) {
                    reject(e);
                }
            });
            const end = (text) => {
                if (!up) { clearTimeout(timer); reject(new Error(`the upgrade of ${path}: ${text}`)); }
                if (!this.ended) { this.ended = true; this.put({ eof: true }); }
            };
            this.socket.on('end', () => end('the connection ended'));
            this.socket.on('close', () => end('the connection ended'));
            this.socket.on('error', (e) => end(e.message));
        });
    }

    #event(event)
    {
        if (event.ping) return this.#write(encodeFrame({ opcode: OP.pong, payload: event.ping }));
        if (event.pong) return this.pongs.shift()?.();
        if (event.close) {
            this.gotClose = true;
            this.put({ close: event.close });
            if (!this.sentClose) this.close(event.close.code ?? undefined);
            return;
        }
        if (event.fault) return this.put({ fault: event.fault });
        if (event.opcode !== OP.text) return this.put({ binary: event.message });
        const text = textOf(event.message);
        if (text === null) return this.put({ fault: 'a text message that is not UTF-8' });
        for (const part of this.records ? recordsOf(text) : [text]) this.put({ text: part });
    }

    #write(bytes)
    {
        if (!this.ended && this.socket.writable) this.socket.write(bytes);
    }

    send(opcode, parts) { this.#write(encodeMessage(opcode, parts)); }

    close(code, reason)
    {
        this.sentClose = true;
        this.#write(encodeClose(code, reason));
    }

    // Whatever the server has written to this connection so far is in the queue when its Pong is here.
    barrier(ms)
    {
        if (this.ended || this.sentClose || this.gotClose || !this.socket) return Promise.resolve(true);
        return new Promise((resolve) => {
            const timer = setTimeout(() => resolve(this.ended), ms);
            this.pongs.push(() => { clearTimeout(timer); resolve(true); });
            this.socket.once('close', () => { clearTimeout(timer); resolve(true); });
            this.#write(encodeFrame({ opcode: OP.ping, payload: Buffer.from('barrier') }));
        });
    }
}
