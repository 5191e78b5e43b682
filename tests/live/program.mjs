// A SignalR client in another language, as a program that takes orders: {do: 'open' | 'invoke' | 'stop', id, …}, a line each, and tells what happens:
// {id, event: 'opened' | 'failed' | 'closed' | 'stopped' | 'callback' | 'result' | 'error', …}. Its connections look like those of @microsoft/signalr
// here, so that HubClient and the scenes do not know the difference.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { sleep } from './lines.mjs';

// How many arguments the callbacks take; some clients have to say.
const CALLBACKS = {
    v1: { ReceiveOp: 3, ReceiveAwareness: 1, ReceiveAwarenessUpdate: 1, PeerDisconnected: 1 },
    reference: { ReceiveOp: 2, ReceiveAwarenessUpdate: 1, PeerDisconnected: 1 },
};
const NO_RESULT = new Set(['UpdateAwareness', 'LeaveDocument']);

export class Program
{
    constructor(command, args)
    {
        this.connections = new Map();
        this.last = 0;
        this.words = []; // on stderr
        this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        this.child.stderr.setEncoding('utf8');
        this.child.stderr.on('data', (text) => { this.words = [...this.words, ...text.split('\n').filter(Boolean)].slice(-40); });
        this.child.stdin.on('error', () => {});
        createInterface({ input: this.child.stdout }).on('line', (line) => {
            const event = JSON.parse(line);
            this.connections.get(event.id)?.happened(event);
        });
        this.ended = new Promise((r) => this.child.on('close', (code) => r(code)));
        this.ended.then((code) => { for (const c of this.connections.values()) c.happened({ event: 'gone', error: `the program ended with ${code}` }); });
        process.on('exit', () => this.child.kill('SIGKILL'));
    }

    // What HubClient takes for the npm packages.
    get packages()
    {
        const program = this;
        return {
            signalR: { LogLevel: { None: 0 }, HttpTransportType: { WebSockets: 'WebSockets', ServerSentEvents: 'ServerSentEvents', LongPolling: 'LongPolling' },
                HubConnectionBuilder: class { constructor() { return new Builder(program); } } },
            msgpack: { MessagePackHubProtocol: class {} },
        };
    }

    add(connection) { this.connections.set(++this.last, connection); return this.last; }

    say(order) { this.child.stdin.write(`${JSON.stringify(order)}\n`); }

    // End of input is the order to end.
    async end() { this.child.stdin.end(); return this.ended; }
}

class Builder
{
    constructor(program) { Object.assign(this, { program, order: { protocol: 'json' }, delays: [] }); }

    configureLogging() { return this; }

    withUrl(url, { transport, skipNegotiation })
    {
        const profile = new URL(url).searchParams.get('profile') ?? 'v1';
        Object.assign(this.order, { url, transport, skipNegotiation, callbacks: CALLBACKS[profile] });
        return this;
    }

    withHubProtocol() { this.order.protocol = 'messagepack'; return this; }

    withAutomaticReconnect(delays) { this.delays = delays; return this; }

    build() { return new Connection(this.program, this.order, this.delays); }
}

class Connection
{
    constructor(program, order, delays)
    {
        Object.assign(this, { program, order, delays, calls: new Map(), callbacks: new Map(), closes: [], backs: [], losses: 0, connectionId: null, waiting: {} });
        this.id = program.add(this);
        this.last = 0;
    }

    on(name, callback) { this.callbacks.set(name, callback); }
    onclose(callback) { this.closes.push(callback); }
    onreconnected(callback) { this.backs.push(callback); }

    async start()
    {
        this.stopping = false;
        this.connectionId = (await this.#order('open', 'opened', this.order)).connectionId;
        this.open = true;
    }

    async stop()
    {
        this.stopping = true;
        if (this.open) await this.#order('stop', 'stopped', {});
        this.#lost({});
    }

    invoke(method, ...args)
    {
        return new Promise((resolve, reject) => {
            const call = ++this.last;
            this.calls.set(call, { resolve, reject });
            this.program.say({ do: 'invoke', id: this.id, call, method, returns: !NO_RESULT.has(method),
                args: args.map((a) => (a instanceof Uint8Array ? { bin: Buffer.from(a).toString('base64') } : a)) });
        });
    }

    happened(event)
    {
        switch (event.event) {
        case 'callback': this.callbacks.get(event.name)?.(...event.args.map(bytes)); break;
        case 'result': this.#answered(event.call, (c) => c.resolve(bytes(event.value))); break;
        case 'error': this.#answered(event.call, (c) => c.reject(new Error(event.error))); break;
        case 'opened': case 'stopped': this.waiting[event.event]?.resolve(event); break;
        case 'failed': for (const w of Object.values(this.waiting)) w.reject(new Error(event.error)); break;
        case 'gone': for (const w of Object.values(this.waiting)) w.reject(new Error(event.error)); this.#lost(event); break;
        case 'closed': this.#lost(event); break;
        default: throw new Error(`what is ${JSON.stringify(event)}?`);
        }
    }

    #answered(call, settle)
    {
        const waits = this.calls.get(call);
        this.calls.delete(call);
        if (waits) settle(waits);
    }

    #order(what, answer, more)
    {
        return new Promise((resolve, reject) => {
            this.waiting[answer] = { resolve, reject };
            this.program.say({ do: what, id: this.id, ...more });
        }).finally(() => delete this.waiting[answer]);
    }

    // A loss while the connection is being opened is the failure to open it, and told as such.
    #lost({ error })
    {
        this.waiting.opened?.reject(new Error(error ?? 'closed while it was opened'));
        if (!this.open) return;
        this.open = false;
        this.losses++;
        for (const c of this.calls.values()) c.reject(new Error('the connection is closed'));
        this.calls.clear();
        if (!this.stopping && this.delays.length > 0) this.#comeBack();
        else for (const c of this.closes) c(error ? new Error(error) : undefined);
    }

    async #comeBack()
    {
        for (const delay of this.delays) {
            await sleep(delay);
            try {
                await this.start();
                for (const b of this.backs) b(this.connectionId);
                return;
            } catch { /* once more */ }
        }
        for (const c of this.closes) c(new Error('the server did not come back'));
    }
}

function bytes(value)
{
    if (Array.isArray(value)) return value.map(bytes);
    if (value === null || typeof value !== 'object') return value;
    if (Object.keys(value).length === 1 && typeof value.bin === 'string') return new Uint8Array(Buffer.from(value.bin, 'base64'));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, bytes(v)]));
}
