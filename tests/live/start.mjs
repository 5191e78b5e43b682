// Starts the real server for a test and stops it. OPSTREAMD is the binary; without it a test says so and is skipped.

import net from 'node:net';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpRequest } from '../../conformance/play/wire.mjs';
import { sleep } from './lines.mjs';
import { watchReports } from '../support/sanitizer.mjs';

export const opstreamd = () => process.env.OPSTREAMD || null;

export function freePort()
{
    return new Promise((resolve, reject) => {
        const probe = net.createServer();
        probe.on('error', reject);
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

// A folder of its own for a test, gone with the process.
export function scratchFolder(name)
{
    const folder = mkdtempSync(join(tmpdir(), `opstream-${name}-`));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

const running = new Set();
process.on('exit', () => { for (const s of running) s.child.kill('SIGKILL'); });

class Server
{
    constructor(child, port)
    {
        this.child = child;
        this.port = port;
        this.where = { host: '127.0.0.1', port };
        this.log = [];
        this.ended = new Promise((resolve) => child.on('exit', (code, signal) => {
            running.delete(this);
            this.exit = { code, signal };
            resolve(this.exit);
        }));
        child.stderr.setEncoding('utf8');
        watchReports(child);
        child.stderr.on('data', (text) => {
            this.log.push(...text.split('\n').filter(Boolean));
            if (this.log.length > 400) this.log.splice(0, this.log.length - 200);
        });
        running.add(this);
    }

    kill() { this.child.kill('SIGKILL'); return this.ended; }

    // SIGTERM; the exit {code, signal}. One that does not end within the limit is killed, and has no code then.
    async stop(limit = 15000)
    {
        this.child.kill('SIGTERM');
        const timer = setTimeout(() => this.child.kill('SIGKILL'), limit);
        const exit = await this.ended;
        clearTimeout(timer);
        return exit;
    }
}

// The server, alive, or an error that holds its last words.
export async function start(env = {}, port = undefined)
{
    port ??= await freePort();
    const child = spawn(opstreamd(), [], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, HOME: process.env.HOME ?? '/',
        ...pass('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS', 'OPSTREAM__LOOPS', 'OPSTREAM__TRANSPORTS'),
        OPSTREAM__URLS: `http://127.0.0.1:${port}`, OPSTREAM__ADMIN__URLS: 'off', ...env } });
    const server = new Server(child, port);
    child.on('error', (e) => server.log.push(`cannot be started: ${e.message}`));
    for (let left = 2000; left > 0 && server.exit === undefined && child.pid !== undefined; left--) {
        try {
            if ((await httpRequest(server.where, { path: '/health/live', headers: [['Connection', 'close']] }, 1000)).status === 200) return server;
        } catch { /* not yet */ }
        await sleep(5);
    }
    child.kill('SIGKILL');
    throw new Error(`the server did not come up${server.exit ? ` (${JSON.stringify(server.exit)})` : ''}:\n${server.log.slice(-20).join('\n')}`);
}

const pass = (...names) => Object.fromEntries(names.filter((n) => process.env[n]).map((n) => [n, process.env[n]]));
