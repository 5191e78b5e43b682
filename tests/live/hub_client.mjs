// A client on npm's unmodified @microsoft/signalr: a text document over any transport and hub protocol, in either profile.
//
// The JavaScript client resolves the promise of a call after it has run the callbacks that came behind the completion in the same frame, so replies
// and pushes are put back in the order of their revisions here. A client in another language need not.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { contentOf } from './protocol.mjs';
import { TextClient } from './text_client.mjs';
import { within } from './lines.mjs';

// {signalR, msgpack}, or null when they are not installed.
export function signalrOfNpm()
{
    try {
        const require = createRequire(resolve(join(process.env.OPS_NPM_DIR ?? 'build/npm', 'x.js')));
        return { signalR: require('@microsoft/signalr'), msgpack: require('@microsoft/signalr-protocol-msgpack') };
    } catch {
        return null;
    }
}

const base64 = (payload) => (typeof payload === 'string' ? payload : Buffer.from(payload).toString('base64'));

// What TextClient needs of a profile: messages are calls here, and what comes is {kind: …} already.
const calls = (name, binary) => ({
    name,
    join: (documentId) => ({ method: 'JoinDocument', args: [documentId, 'text', 1] }),
    op: (documentId, payload, baseRevision) => ({ method: 'SendOp', args: [documentId, binary ? { bin: payload } : payload, baseRevision] }),
    read: (m) => m,
});

export class HubClient
{
    // `how`: {transport: 'WebSockets' | 'ServerSentEvents' | 'LongPolling', protocol: 'json' | 'messagepack', profile: 'v1' | 'reference', skipNegotiation,
    // stateful, reconnect: [delays]}.
    constructor(npm, port, documentId, how)
    {
        const { signalR, msgpack } = npm;
        Object.assign(this, { documentId, how, binary: how.protocol === 'messagepack', awareness: [], states: [], gone: [], closed: null, failure: null });
        const query = new URLSearchParams({ ...(how.profile === 'v1' ? {} : { profile: how.profile }) }).toString();
        let builder = new signalR.HubConnectionBuilder().configureLogging(signalR.LogLevel.None)
            .withUrl(`http://127.0.0.1:${port}/collab${query ? `?${query}` : ''}`,
                { transport: signalR.HttpTransportType[how.transport], skipNegotiation: how.skipNegotiation ?? false });
        if (this.binary) builder = builder.withHubProtocol(new msgpack.MessagePackHubProtocol());
        if (how.stateful) builder = builder.withStatefulReconnect();
        if (how.reconnect) builder = builder.withAutomaticReconnect(how.reconnect);
        this.connection = builder.build();
        this.client = new TextClient(calls(how.profile, this.binary), documentId, (text) => this.#call(JSON.parse(text)));
        this.held = [];
        this.connection.on('ReceiveOp', (...args) => this.#pushed(args));
        this.connection.on('ReceiveAwareness', (list) => this.awareness.push(list));
        this.connection.on('ReceiveAwarenessUpdate', (state) => this.states.push(state));
        this.connection.on('PeerDisconnected', (peer) => this.gone.push(peer));
        this.connection.onclose((e) => { this.closed = e?.message ?? ''; });
    }

    get text() { return this.client.text; }
    get revision() { return this.client.revision; }
    get refused() { return this.failure ?? this.client.refused; }
    get busy() { return this.client.busy || this.held.length > 0; }

    async start()
    {
        await within(15000, `start by ${this.how.transport}`, this.connection.start());
        this.id = this.connection.connectionId;
    }

    async join()
    {
        this.client.join();
        await within(15000, 'join', this.client.joined);
    }

    edit(op) { this.client.edit(op); }

    invoke(method, ...args) { return within(20000, method, this.connection.invoke(method, ...args)); }

    async stop() { await within(10000, 'stop', this.connection.stop()); }

    #call({ method, args })
    {
        const given = args.map((a) => (a !== null && typeof a === 'object' && 'bin' in a ? new Uint8Array(Buffer.from(a.bin, 'base64')) : a));
        this.connection.invoke(method, ...given).then((result) => this.#answered(method, result), (e) => { this.failure ??= `${method}: ${e.message}`; });
    }

    #answered(method, result)
    {
        if (method === 'JoinDocument') this.#take({ kind: 'joined', revision: Number(result.revision), snapshot: base64(result.snapshot) });
        else this.#take({ kind: 'ack', success: result.success, revision: Number(result.newRevision), error: result.errorMessage });
    }

    // v1: documentId is not among the arguments of ReceiveOp in `reference`.
    #pushed(args)
    {
        const [payload, revision] = this.how.profile === 'v1' ? args.slice(1) : args;
        this.#take({ kind: 'op', revision: Number(revision), payload: base64(payload) });
    }

    // In the order of revisions; an ack that made no revision comes when its revision is there.
    #take(m)
    {
        if (m.kind === 'joined') this.client.receive(JSON.stringify(m));
        else this.held.push(m);
        for (let next; this.client.text !== null && (next = this.#next()) >= 0;) {
            const [ready] = this.held.splice(next, 1);
            this.client.receive(JSON.stringify({ ...ready, revision: Math.max(ready.revision, this.client.revision) }));
        }
    }

    #next()
    {
        const now = this.client.revision;
        const made = this.held.findIndex((m) => m.revision === now + 1);
        if (made >= 0) return made;
        return this.held.findIndex((m) => m.kind === 'ack' && (!m.success || m.revision <= now));
    }
}

// The document as a new joiner gets it.
export async function snapshotOf(npm, port, documentId, how)
{
    const client = new HubClient(npm, port, documentId, how);
    await client.start();
    const joined = await client.invoke('JoinDocument', documentId, 'text', 1);
    await client.stop();
    return { revision: Number(joined.revision), text: contentOf(base64(joined.snapshot)) };
}
