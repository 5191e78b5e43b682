// A client that survives the server: each op has an id, after a cut it joins with `sinceRevision`, finds its ops in `pendingOps`, and sends what is
// missing again. Everything that it sends and learns is noted in a History.

import { randomBytes } from 'node:crypto';
import { apply, compose, fromPayload, isNoOp, toPayload, transform } from './ot.mjs';
import { contentOf, v1 } from './protocol.mjs';
import { digest } from './history.mjs';
import { Link } from './link.mjs';
import { sleep } from './lines.mjs';

const DIGEST_EVERY = 16; // revisions

export class DurableClient
{
    constructor(where, documentId, history)
    {
        Object.assign(this, { where, documentId, history });
        this.server = null; // the document at `revision`, as the server has it
        this.text = null; // with our own edits
        this.revision = 0;
        this.inFlight = null; // {id, op}
        this.buffer = null;
        this.acks = 0;
        this.resent = 0;
        this.refused = null;
        this.stopped = false;
        this.link = null;
    }

    // Connects, joins, and does so again whenever the connection ends, until it is stopped.
    async live()
    {
        while (!this.stopped && this.refused === null) {
            try {
                await this.#connection();
            } catch { /* the server is down: again */ }
            this.link = null;
            this.ready = false;
            await sleep(5);
        }
    }

    async #connection()
    {
        let ended;
        const end = new Promise((r) => { ended = r; });
        const receive = (text) => {
            try {
                this.#receive(text);
            } catch (e) {
                this.refused ??= `it lost count: ${e.stack}`;
            }
        };
        const link = await Link.open(this.where, { onText: receive, onEnd: ended });
        if (this.stopped) return link.drop();
        this.link = link;
        this.ready = false;
        link.send(JSON.stringify(v1.join(this.documentId, { since: this.server === null ? undefined : this.revision })));
        await end;
        link.drop();
    }

    stop()
    {
        this.stopped = true;
        this.link?.drop();
    }

    edit(op)
    {
        this.text = apply(this.text, op);
        if (this.inFlight) this.buffer = this.buffer ? compose(this.buffer, op) : op;
        else this.#ship(op);
    }

    #ship(op)
    {
        this.inFlight = { id: randomBytes(12).toString('hex'), op };
        this.history.submit(this.inFlight.id);
        this.#send();
    }

    // Without a connection it stays in flight, and is sent after the next join.
    #send()
    {
        if (this.ready) this.link.send(JSON.stringify(v1.op(this.documentId, toPayload(this.inFlight.op), this.revision, this.inFlight.id)));
    }

    #receive(text)
    {
        const m = v1.read(JSON.parse(text));
        if (m.kind === 'joined') this.#joined(m);
        else if (m.kind === 'op') this.#pushed(m);
        else if (m.kind === 'ack') this.#acked(m);
        else if (m.kind === 'error' && m.code !== 'Draining') this.refused ??= m.error;
    }

    #joined(m)
    {
        if (this.server === null) {
            this.server = this.text = contentOf(m.snapshot);
            this.revision = m.revision;
            this.seen = this.history.newClient(m.revision);
        } else {
            for (const row of m.pendingOps) {
                if (this.inFlight && row.opId === this.inFlight.id) this.#own(row.revision, fromPayload(row.payload));
                else this.#pushed(row);
            }
            if (m.revision !== this.revision) this.refused ??= `join_ack says revision ${m.revision}, its ops end at ${this.revision}`;
            this.seen.digests.set(this.revision, digest(this.server));
        }
        this.ready = true;
        if (this.inFlight) {
            this.resent++;
            this.#send();
        } else this.#next();
    }

    #acked(m)
    {
        if (!m.success) {
            if (/^(StorageUnavailable|Draining)\b/.test(m.error)) return this.link.drop(); // temporary: again, with the same id
            this.refused ??= m.error;
            return;
        }
        if (!this.inFlight) {
            this.refused ??= 'an ack for nothing';
            return;
        }
        this.acks++;
        if (m.revision === this.revision) { // absorbed by what others did: no row
            this.history.absorb(this.inFlight.id);
            this.inFlight = null;
        } else this.#own(m.revision, this.inFlight.op);
        this.#next();
    }

    // Our own op is revision `revision`, as `op`.
    #own(revision, op)
    {
        this.history.ack(this.inFlight.id, revision);
        this.#see(revision, op);
        this.inFlight = null;
    }

    #next()
    {
        if (this.inFlight || !this.buffer) return;
        const op = this.buffer;
        this.buffer = null;
        if (!isNoOp(op)) this.#ship(op);
    }

    #pushed(m)
    {
        let op = fromPayload(m.payload);
        this.#see(m.revision, op);
        if (this.inFlight) {
            const mine = this.inFlight.op;
            this.inFlight.op = transform(mine, op, false);
            op = transform(op, mine, true);
        }
        if (this.buffer) [this.buffer, op] = [transform(this.buffer, op, false), transform(op, this.buffer, true)];
        this.text = apply(this.text, op);
    }

    #see(revision, op)
    {
        this.server = apply(this.server, op);
        this.revision = revision;
        this.seen.revisions.push(revision);
        if (revision % DIGEST_EVERY === 0) this.seen.digests.set(revision, digest(this.server));
    }
}
