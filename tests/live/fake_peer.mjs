// A server that knows one case by heart: it plays the server's half of the case, as recorded or with one planted fault. It shows that the player
// takes what agrees and notices what does not. It reads the case, not the player's mind: only `<run>` is told to it.

import net from 'node:net';
import { FrameReader, OP, encodeClose, encodeFrame, encodeMessage } from '../../conformance/play/frames.mjs';
import { acceptOf } from '../../conformance/play/wire.mjs';

const PLACE = /<(?:(run|date)|repeat:(.*?):(\d+)|(guid|hex32|id22|time|isotime|text):(\d+))>/gs;

// A value for a place: the same for the same kind and n.
export function valueOf(kind, n)
{
    const h = (k, size) => (k + Number(n) * 7919).toString(16).padStart(size, '0').slice(-size);
    return { guid: `${h(1, 8)}-aaaa-4bbb-8ccc-${h(2, 12)}`, hex32: h(3, 32), id22: h(4, 22), time: '2026-05-28T12:34:56.789+00:00',
        isotime: '2026-05-28T12:34:56.789Z', text: 'some \\"words\\" of a server', date: 'Thu, 28 May 2026 12:34:56 GMT' }[kind];
}

export const fill = (text, run) => text.replace(PLACE, (_, plain, string, count, kind, n) =>
    plain === 'run' ? run : string !== undefined ? fill(string, run).repeat(Number(count)) : valueOf(kind ?? 'date', n ?? 0));

// The positions of a text that are not inside a place.
export function literalPositions(text)
{
    const free = [];
    let last = 0;
    for (const m of text.matchAll(PLACE)) {
        for (let i = last; i < m.index; i++) free.push(i);
        last = m.index + m[0].length;
    }
    for (let i = last; i < text.length; i++) free.push(i);
    return free;
}

class Connection
{
    constructor(socket)
    {
        this.socket = socket;
        this.heard = [];
        this.waiting = null;
        this.raw = Buffer.alloc(0);
        this.reader = new FrameReader((e) => this.#event(e), { masked: true });
        socket.on('data', (b) => (this.up ? this.reader.push(b) : this.#head(b)));
        socket.on('end', () => this.#put('end'));
        socket.on('close', () => this.#put('end'));
        socket.on('error', () => {});
        this.request = new Promise((r) => { this.gotRequest = r; });
    }

    #head(b)
    {
        this.raw = Buffer.concat([this.raw, b]);
        const end = this.raw.indexOf('\r\n\r\n');
        if (end >= 0) this.gotRequest(this.raw.subarray(0, end).toString('latin1'));
    }

    #event(e)
    {
        if (e.ping) this.socket.write(encodeFrame({ opcode: OP.pong, payload: e.ping, mask: false }));
        else if (e.close) this.#put('close');
        else if (e.message) this.#put('message');
    }

    #put(what)
    {
        this.heard.push(what);
        this.waiting?.();
    }

    // Waits until the client has sent something of this kind; true when it has.
    async hear(what)
    {
        for (;;) {
            const i = this.heard.indexOf(what);
            if (i >= 0) return what === 'message' ? this.heard.splice(i, 1) : true; // a Close and the end stay heard
            if (this.heard.includes('end')) return false;
            await new Promise((r) => { this.waiting = r; });
        }
    }

    async upgrade(headers)
    {
        const key = /^Sec-WebSocket-Key: (.*)$/mi.exec(await this.request)?.[1];
        this.up = true;
        const extra = (headers ?? []).filter(([n]) => !/^(connection|upgrade|sec-websocket-accept)$/i.test(n)).map(([n, v]) => `${n}: ${v}\r\n`).join('');
        this.socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n${extra}\r\n`);
    }

    // Answers by a stream of events.
    async stream(response, run, bad)
    {
        await this.request;
        this.events = true;
        this.socket.write(`${headOf(response, run, bad)}Transfer-Encoding: chunked\r\n\r\n`);
    }

    // What is not text is, in a stream of events, not UTF-8.
    text(bytes, opcode = OP.text)
    {
        if (!this.events) return this.socket.write(encodeMessage(opcode, [bytes], false));
        if (opcode === OP.binary) bytes = Buffer.concat([Buffer.from('data: \xff', 'latin1'), bytes]);
        this.socket.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
    }

    async end()
    {
        if (!this.events) await this.hear('close');
        this.socket.end(this.events ? '0\r\n\r\n' : undefined);
    }
}

// Starts a server for the case. `fault` is {step, kind, position?}: kinds alter, extra, omit, binary, code, end, status, header.
export async function fakeServer(theCase, runOf, fault = null)
{
    const arrived = [], waiting = [];
    const sockets = new Set();
    const server = net.createServer({ noDelay: true }, (socket) => {
        sockets.add(socket);
        const c = new Connection(socket);
        const taker = waiting.shift();
        if (taker) taker(c);
        else arrived.push(c);
    });
    await new Promise((r) => server.listen(0, '127.0.0.1', r));
    const next = () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((r) => waiting.push(r)));
    const stop = () => { for (const s of sockets) s.destroy(); server.close(); };
    playHalf(theCase, runOf, fault, next).catch((e) => console.log(`fake server: ${e.stack}`));
    return { where: { host: '127.0.0.1', port: server.address().port }, stop };
}

async function playHalf(theCase, runOf, fault, next)
{
    const peers = new Map(), later = new Map();
    for (const [i, step] of theCase.steps.entries()) {
        const bad = fault?.step === i ? fault : null;
        const peer = peers.get(step.peer);
        if (step.do === 'connect') {
            const c = await next();
            peers.set(step.peer, c);
            if (step.via === 'sse') await c.stream(step.response, runOf(), bad);
            else await c.upgrade(step.response?.headers.map(([n, v]) => [n, fill(v, runOf())]));
        } else if (step.do === 'send') await peer.hear('message');
        else if (step.do === 'close') await peer.hear('close');
        else if (step.do === 'drop') await peer.hear('end');
        else if (step.do === 'gone') peer.socket.end();
        else if (step.do === 'http') {
            const c = await next();
            if (step.async !== undefined) later.set(step.async, c);
            else await answer(c, step.response, runOf(), bad);
        } else if (step.do === 'http-result') await answer(later.get(step.async), step.response, runOf(), bad);
        else if (step.do === 'recv' || step.do === 'recv-any') await tell(peer, step, runOf(), bad);
    }
}

async function tell(peer, step, run, bad)
{
    if (bad?.kind === 'omit') return;
    if (bad?.kind === 'end') return peer.socket.destroy();
    if (step.eof) return peer.end();
    if (step.close) return peer.socket.write(encodeClose(bad?.kind === 'code' ? (step.close.code ?? 1000) + 1 : step.close.code, step.close.reason, false));
    let text = step.text ?? '{}';
    if (bad?.kind === 'alter') text = text.slice(0, bad.position) + (text[bad.position] === 'x' ? 'y' : 'x') + text.slice(bad.position + 1);
    const bytes = Buffer.from(fill(text, run), 'utf8');
    peer.text(bytes, bad?.kind === 'binary' ? OP.binary : OP.text);
    if (bad?.kind === 'extra') peer.text(bytes);
}

// Without its last lines.
function headOf(response, run, bad)
{
    const headers = response.headers.filter(([n]) => !/^(content-length|transfer-encoding)$/i.test(n)).map(([n, v]) => `${n}: ${fill(v, run)}\r\n`).join('');
    const status = bad?.kind === 'status' ? response.status + 1 : response.status;
    const extra = bad?.kind === 'header' ? 'X-Extra: 1\r\n' : '';
    return `HTTP/1.1 ${status} ${response.reason}\r\n${headers}${extra}`;
}

async function answer(c, response, run, bad)
{
    await c.request;
    const body = Buffer.from(fill(response.body ?? '', run), 'utf8');
    c.socket.end(Buffer.concat([Buffer.from(`${headOf(response, run, bad)}Content-Length: ${body.length}\r\n\r\n`), body]));
}
