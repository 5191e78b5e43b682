// Starts opstreamd on a port of its own for a test, and plain TCP clients that may misbehave. OPSTREAMD is the binary.
//
// A test file prints `ok - claim` and `not ok - claim` lines (test), and ends with 1 when one was not ok.

import net from 'node:net';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { watchReports } from '../support/sanitizer.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---- claims --------------------------------------------------------------------------------------------------------------

let failed = false;

export async function test(claim, run)
{
    try {
        await run();
        console.log(`ok - ${claim}`);
    } catch (e) {
        failed = true;
        console.log(`not ok - ${claim}`);
        console.log(String(e.stack ?? e));
    }
}

export function finish() { process.exit(failed ? 1 : 0); }

export function equal(got, wanted, what = 'value')
{
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

export function ensure(truth, what) { if (!truth) throw new Error(what); }

// Waits for what comes by itself; the limit only ends a test that has failed.
export async function until(what, ask, limitMs = 30000)
{
    for (const end = Date.now() + limitMs; Date.now() < end; await sleep(10)) {
        const answer = await ask();
        if (answer) return answer;
    }
    throw new Error(`never happened: ${what}`);
}

// ---- the server ----------------------------------------------------------------------------------------------------------

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

function environment(env)
{
    const passed = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PATH|HOME|[A-Z]+SAN_OPTIONS)$/.test(name)));
    return { ...passed, OPSTREAM__URLS: 'http://127.0.0.1:0', OPSTREAM__ADMIN__URLS: 'http://127.0.0.1:0', OPSTREAM__LOG__FORMAT: 'text', ...env };
}

// A start that is to fail: {code, log}.
export function startFails(env)
{
    if (!process.env.OPSTREAMD) return start();
    const child = spawn(process.env.OPSTREAMD, [], { stdio: ['ignore', 'ignore', 'pipe'], env: environment(env), timeout: 60000 });
    let log = '';
    child.stderr.setEncoding('utf8');
    watchReports(child);
    child.stderr.on('data', (text) => { log += text; });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, log })));
}

// `wrap`: a command that starts the server, such as ['prlimit', '--nofile=128'].
export async function start(env = {}, wrap = [])
{
    const binary = process.env.OPSTREAMD;
    if (!binary) {
        console.log('skip - the server is not built here: OPSTREAMD is not set');
        process.exit(0);
    }
    const [command, ...args] = [...wrap, binary];
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(env) });
    const server = { child, pid: child.pid, log: [], port: 0, adminPort: 0, exit: null };
    running.add(child);
    child.on('error', (e) => server.log.push(String(e)));
    server.ended = new Promise((resolve) => child.on('exit', (code, signal) => {
        running.delete(child);
        resolve(server.exit = { code, signal });
    }));
    let rest = '';
    child.stderr.setEncoding('utf8');
    watchReports(child);
    child.stderr.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        server.log.push(...lines);
        for (const line of lines) {
            const m = /listening on port (\d+)( for admin)?/.exec(line);
            if (m) server[m[2] ? 'adminPort' : 'port'] = Number(m[1]);
        }
    });
    await until('ready', () => server.exit || server.log.some((line) => /\bready after /.test(line)))
        .catch(() => {});
    if (server.exit || !server.port) throw new Error(`the server did not start:\n${server.log.join('\n')}`);
    server.kill = (signal) => child.kill(signal);
    // The clients of the test go first, so that nobody waits for their Closes.
    server.stop = async () => {
        for (const wire of [...wires]) if (wire.port === server.port) wire.close();
        child.kill('SIGTERM');
        return server.ended;
    };
    return server;
}

export const rssBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

// User and system time of a process so far, ms.
export function cpuMs(pid)
{
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
}

// ---- plain clients --------------------------------------------------------------------------------------------------------

const wires = new Set();

// A TCP connection: what came (text, one character a byte), and whether it has ended.
export class Wire
{
    static async open(port)
    {
        const wire = new Wire();
        wire.port = port;
        wires.add(wire);
        wire.got = '';
        wire.ended = wire.failed = false;
        wire.socket = net.connect({ port, host: '127.0.0.1' });
        wire.socket.setNoDelay(true);
        wire.socket.on('data', (bytes) => { wire.got += bytes.toString('latin1'); });
        wire.socket.on('end', () => { wire.ended = true; });
        wire.socket.on('error', (e) => { wire.failed = e.code; });
        wire.socket.on('close', () => { wire.ended = true; wires.delete(wire); });
        await new Promise((resolve, reject) => { wire.socket.once('connect', resolve); wire.socket.once('error', reject); });
        return wire;
    }

    send(bytes) { this.socket.write(Buffer.from(bytes, 'latin1')); return this; }
    close() { this.socket.destroy(); }

    // One answer to one request: {status, headers, body}. Only for answers with a length.
    async request(text)
    {
        this.got = '';
        this.send(text);
        await until(`an answer to ${text.slice(0, 60)}`, () => this.ended || /\r\n\r\n/.test(this.got));
        const head = this.got.slice(0, this.got.indexOf('\r\n\r\n'));
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        await until('the body', () => this.ended || this.got.length >= head.length + 4 + length);
        const [first, ...lines] = head.split('\r\n');
        return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(lines.map((l) => [l.split(': ')[0].toLowerCase(),
            l.slice(l.indexOf(': ') + 2)])), names: lines.map((l) => l.split(': ')[0].toLowerCase()), body: this.got.slice(head.length + 4) };
    }
}

export const get = (path, headers = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
export const upgrade = (path = '/collab-ws', headers = '') => get(path, 'Connection: Upgrade\r\nUpgrade: websocket\r\n' +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}`);

export async function once(port, text)
{
    const wire = await Wire.open(port);
    const answer = await wire.request(text);
    wire.close();
    return answer;
}

// A frame of a client, whole; its mask is zero, so its payload is as it is.
export function frame(payload, opcode = 1)
{
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    const n = bytes.length;
    const head = n < 126 ? [n] : n < 65536 ? [126, n >> 8, n & 255] : [127, 0, 0, 0, 0, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
    head[0] |= 128;
    return Buffer.concat([Buffer.from([128 | opcode, ...head, 0, 0, 0, 0]), bytes]);
}

// A WebSocket without manners: reads only when told, answers nothing by itself. `frames`: {opcode, text, code} of what came.
export class Raw
{
    static async open(port, path = '/collab-ws', headers = '')
    {
        const raw = new Raw();
        raw.wire = await Wire.open(port);
        const answer = await raw.wire.request(upgrade(path, headers));
        if (answer.status !== 101) throw new Error(`no upgrade: ${answer.status}`);
        raw.bytes = Buffer.from(answer.body, 'latin1');
        raw.frames = [];
        raw.wire.socket.removeAllListeners('data');
        raw.wire.socket.on('data', (more) => raw.take(more));
        raw.take(Buffer.alloc(0));
        return raw;
    }

    take(more)
    {
        this.bytes = this.bytes.length ? Buffer.concat([this.bytes, more]) : more;
        for (let at = 0; ;) {
            const b = this.bytes.subarray(at);
            const short = b[1], head = short === 127 ? 10 : short === 126 ? 4 : 2;
            const n = b.length < head ? 0 : short === 127 ? Number(b.readBigUInt64BE(2)) : short === 126 ? b.readUInt16BE(2) : short;
            if (b.length < head + n) { this.bytes = b; return; }
            const payload = b.subarray(head, head + n), opcode = b[0] & 15;
            this.frames.push({ opcode, text: payload.subarray(opcode === 8 ? 2 : 0).toString(), code: opcode === 8 && n >= 2 ? payload.readUInt16BE(0) : 0 });
            at += head + n;
        }
    }

    get ended() { return this.wire.ended; }
    get texts() { return this.frames.filter((f) => f.opcode === 1).map((f) => f.text); }
    get closed() { return this.frames.find((f) => f.opcode === 8); }
    say(message) { this.wire.socket.write(frame(typeof message === 'string' ? message : JSON.stringify(message))); return this; }
    send(bytes) { this.wire.socket.write(bytes); return this; }
    stall() { this.wire.socket.pause(); return this; }
    go() { this.wire.socket.resume(); return this; }
    close() { this.wire.close(); }
    async text(n) { await until(`text ${n}`, () => this.texts.length > n || this.ended); return this.texts[n]; }

    async join(documentId, documentType = 'text')
    {
        const n = this.texts.length;
        this.say({ type: 'join', documentId, documentType, protocolVersion: 1 });
        return JSON.parse(await this.text(n));
    }
}

export const insertOp = (documentId, text, baseRevision, at = 0) => ({ type: 'op', documentId, baseRevision, payload:
    Buffer.from(JSON.stringify({ components: [...(at ? [{ type: 'retain', count: at }] : []), { type: 'insert', text }] })).toString('base64') });
