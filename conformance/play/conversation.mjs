// Plays one case: its steps in order, each peer with a connection and a queue of its own. The first step that does not go as recorded ends
// the play; what is reported then is the step, both texts, and where they part.

import { OP } from './frames.mjs';
import { EventStream } from './events.mjs';
import { Peer, SAMPLE_KEY, httpRequest } from './wire.mjs';
import { Places } from './places.mjs';
import { profileQuery } from './profile.mjs';

const MASKED_HEADERS = new Set(['date', 'server', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']);

class Mismatch extends Error
{
    constructor(want, got, why, at = 0)
    {
        super(why);
        Object.assign(this, { want, got, at });
    }
}

// What lies in a queue, as a person reads it.
function show(item)
{
    if (item === null) return '(nothing)';
    if (item.text !== undefined) return item.text;
    if (item.binary !== undefined) return `(a binary message of ${item.binary.length} bytes: ${item.binary.toString('latin1').slice(0, 200)})`;
    if (item.close) return `(Close ${item.close.code ?? 'without a code'}${item.close.reason ? ` "${item.close.reason}"` : ''})`;
    return item.eof ? '(end of the connection)' : `(broken frame: ${item.fault})`;
}

const showClose = ({ code, reason }) =>
    `(Close ${code ?? 'without a code'}${reason === undefined ? ', any reason' : reason ? ` "${reason}"` : ', no reason'})`;

// Where: {host, port}. Options: timeout (ms), strict, settle (ms), profileMode, fileProfile.
export class Conversation
{
    constructor(theCase, where, options)
    {
        this.case = theCase;
        this.where = where;
        this.options = options;
        this.places = new Places();
        this.peers = new Map();
        this.pending = new Map();
    }

    // {passed: true}, or {passed: false, step, peer, doing, want, got, at, why, unread, places}.
    async play()
    {
        let index = 0;
        const { steps } = this.case;
        try {
            for (; index < steps.length; index++) await this.#step(steps[index]);
            await this.#nothingUnread();
            return { passed: true, places: this.places };
        } catch (e) {
            if (!(e instanceof Mismatch)) e = new Mismatch('', '', e.message);
            if (e.got !== '(nothing)') await new Promise((r) => setTimeout(r, this.options.settle));
            const unread = [...this.peers].flatMap(([name, p]) => p.queue.filter((i) => !i.eof).map((i) => `${name}: ${show(i)}`));
            return { passed: false, step: index, peer: e.peer ?? steps[index]?.peer, doing: steps[index]?.do ?? 'end of the case', want: e.want, got: e.got,
                at: e.at, why: e.message, unread, places: this.places };
        } finally {
            for (const p of this.peers.values()) p.drop();
        }
    }

    #peer(step)
    {
        const peer = this.peers.get(step.peer);
        if (!peer) throw new Error(`the case uses peer ${step.peer} before it connects`);
        return peer;
    }

    async #step(step)
    {
        switch (step.do) {
        case 'connect': return this.#connect(step);
        case 'send': return this.#send(step);
        case 'recv': return this.#receive(step);
        case 'recv-any': return this.#receiveAny(step);
        case 'silence': return this.#silence(step);
        case 'gone': return this.#gone(step);
        case 'close': return this.#peer(step).close(step.code, step.reason);
        case 'drop': return this.#peer(step).drop();
        case 'wait': return new Promise((r) => setTimeout(r, step.ms));
        case 'http': return this.#http(step);
        case 'http-result': return this.#compareResponse(step.response, await this.#result(step.async));
        default: throw new Error(`unknown step ${JSON.stringify(step.do)}`);
        }
    }

    async #connect(step)
    {
        const events = step.via === 'sse';
        const records = this.case.transport !== 'websocket' && !/^\/[a-z]+-ws/i.test(step.path);
        const peer = events ? new EventStream(step.peer) : new Peer(step.peer, { records });
        this.peers.get(step.peer)?.drop();
        this.peers.set(step.peer, peer);
        const path = profileQuery(this.case, step, this.places.fill(step.path), this.options);
        const headers = (step.headers ?? []).map(([n, v]) => [n, this.places.fill(v)]);
        const head = await peer.open(this.where, path, headers, this.options.timeout, step.response ? SAMPLE_KEY : undefined);
        if (step.response) this.#compareResponse(step.response, { ...head, body: '' });
        else if (head.status !== (events ? 200 : 101))
            throw new Mismatch(events ? '200' : '101', `${head.status} ${head.reason}`, `${step.path} was not ${events ? 'served' : 'upgraded'}`);
    }

    #send(step)
    {
        const peer = this.#peer(step);
        if (step.base64 !== undefined) {
            const bytes = this.places.fillBytes(Buffer.from(step.base64, 'base64'));
            return peer.send(step.opcode === 'binary' ? OP.binary : OP.text, [bytes]);
        }
        const parts = (step.fragments ?? [step.text]).map((text) => Buffer.from(this.places.fill(text), 'utf8'));
        return peer.send(OP.text, parts);
    }

    async #receive(step)
    {
        const want = step.text ?? (step.close ? showClose(step.close) : '(end of the connection)');
        const item = await this.#peer(step).take(this.options.timeout);
        const got = show(item);
        if (item === null) throw new Mismatch(this.places.fillKnown(want), got, `nothing came within ${this.options.timeout} ms`);
        if (step.text !== undefined) {
            if (item.text === undefined) throw new Mismatch(this.places.fillKnown(want), got, 'something else came');
            const differ = this.places.match(step.text, item.text);
            if (differ) throw new Mismatch(differ.want, got, differ.why, differ.at);
        } else if (step.close) {
            const { code, reason } = step.close;
            if (!item.close || item.close.code !== (code ?? null) || (reason !== undefined && item.close.reason !== (reason ?? '')))
                throw new Mismatch(want, got, item.close ? 'another Close' : 'something else came');
        } else if (!item.eof) throw new Mismatch(want, got, 'something else came');
    }

    async #receiveAny(step)
    {
        const item = await this.#peer(step).take(this.options.timeout);
        if (item?.text === undefined) throw new Mismatch('(some text)', show(item), 'something else came');
    }

    async #silence(step)
    {
        const item = await this.#peer(step).take(step.ms);
        if (item) throw new Mismatch(`(silence for ${step.ms} ms)`, show(item), 'something came');
    }

    async #gone(step)
    {
        for (;;) {
            const item = await this.#peer(step).take(this.options.timeout);
            if (item?.eof) return;
            if (!item?.close) throw new Mismatch('(a Close or not, then the end of the connection)', show(item), 'the connection goes on');
        }
    }

    async #http(step)
    {
        const headers = (step.headers ?? []).map(([n, v]) => [n, this.places.fill(v)]);
        const path = profileQuery(this.case, step, this.places.fill(step.path), this.options);
        const answer = httpRequest(this.where, { method: step.method, path, headers, body: this.places.fill(step.body ?? '') }, this.options.timeout);
        if (step.async === undefined) return this.#compareResponse(step.response, await answer);
        answer.catch(() => {}); // asked for later
        this.pending.set(step.async, answer);
    }

    #result(name)
    {
        if (!this.pending.has(name)) throw new Error(`the case asks for the answer ${name} that no request has`);
        return this.pending.get(name);
    }

    #compareResponse(want, got)
    {
        const line = (r) => `${r.status} ${r.reason}`;
        if (want.status !== got.status || want.reason !== got.reason) throw new Mismatch(line(want), line(got), 'another status line');
        const strict = this.options.strict;
        const list = (headers) => {
            const out = headers.filter(([n]) => strict || !MASKED_HEADERS.has(n.toLowerCase()))
                .map(([n, v]) => `${strict ? n : n.toLowerCase()}: ${v}`);
            return (strict ? out : out.sort()).join('\n');
        };
        const headers = this.places.match(list(want.headers), list(got.headers));
        if (headers) throw new Mismatch(headers.want, list(got.headers), `headers: ${headers.why}`, headers.at);
        const body = this.places.match(want.body ?? '', got.body);
        if (body) throw new Mismatch(body.want, got.body, `body: ${body.why}`, body.at);
    }

    // At the end of a case every peer must have taken all that came. A Ping and its Pong go round first, so that what is on its way is here.
    async #nothingUnread()
    {
        const open = [...this.peers.values()];
        const back = await Promise.all(open.map((p) => p.barrier(this.options.timeout)));
        if (back.includes(false)) {
            const e = new Mismatch('(a Pong)', '(nothing)', 'a Ping was not answered');
            throw Object.assign(e, { peer: open[back.indexOf(false)].name });
        }
        await new Promise((r) => setTimeout(r, this.options.settle));
        for (const [name, p] of this.peers) {
            const left = p.queue.find((item) => !(item.eof && (p.gotClose || p.sentClose)));
            if (left) throw Object.assign(new Mismatch('(nothing more)', show(left), 'unread when the case ended'), { peer: name });
        }
    }
}
