// The textbook client of operational transformation: one op in flight, later edits composed into a buffer behind it. It trusts the order in which
// replies and pushes reach it: what comes before the reply is older than its op, what comes after is newer. No op ids, no look at revisions.
// A server that lets a push overtake the reply of a lower revision makes it diverge.

import { apply, compose, fromPayload, isNoOp, toPayload, transform } from './ot.mjs';
import { contentOf } from './protocol.mjs';

export class TextClient
{
    // `send(text)` puts one message on the wire.
    constructor(profile, documentId, send)
    {
        Object.assign(this, { profile, documentId, send: (m) => send(JSON.stringify(m)) });
        this.text = null;
        this.revision = 0;
        this.inFlight = null;
        this.buffer = null;
        this.sent = 0;
        this.received = 0;
        this.refused = null; // the first refusal: a textbook client cannot go on
        this.joined = new Promise((r) => { this.gotJoined = r; });
    }

    get busy() { return this.inFlight !== null; }

    join() { this.send(this.profile.join(this.documentId)); }

    edit(op)
    {
        this.text = apply(this.text, op);
        if (this.inFlight === null) this.#ship(op);
        else this.buffer = this.buffer ? compose(this.buffer, op) : op;
    }

    #ship(op)
    {
        this.inFlight = op;
        this.sent++;
        this.send(this.profile.op(this.documentId, toPayload(op), this.revision));
    }

    receive(text)
    {
        const m = this.profile.read(JSON.parse(text));
        if (m.kind === 'joined') {
            [this.text, this.revision] = [contentOf(m.snapshot), m.revision];
            this.gotJoined();
        } else if (m.kind === 'ack') this.#acked(m);
        else if (m.kind === 'op') this.#pushed(m);
        else if (m.kind === 'error') this.refused ??= m.error;
    }

    #acked(m)
    {
        if (!m.success) this.refused ??= m.error;
        this.inFlight = null;
        this.revision = m.revision;
        const next = this.buffer;
        this.buffer = null;
        if (next && !isNoOp(next)) this.#ship(next);
    }

    #pushed(m)
    {
        let op = fromPayload(m.payload);
        this.received++;
        this.revision = m.revision;
        if (this.inFlight) [this.inFlight, op] = [transform(this.inFlight, op, false), transform(op, this.inFlight, true)];
        if (this.buffer) [this.buffer, op] = [transform(this.buffer, op, false), transform(op, this.buffer, true)];
        this.text = apply(this.text, op);
    }
}
