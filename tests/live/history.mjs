// The history checker (shared/design/reliability.md): each op has an id, its ack carries a revision, so a document's history is judged in linear time.
//
//   1 revisions in the final log are without gap        2 every acked (id, revision) is in the log exactly there
//   3 no id twice                                       4 A acked before B submitted: rev(A) < rev(B)
//   5 an un-acked id is in the log at most once         6 a client's document at revision r is the server's at r
//   7 each client saw revisions without gap or repeat

import { createHash } from 'node:crypto';
import { apply } from './ot.mjs';

export const digest = (text) => createHash('sha1').update(text, 'utf8').digest('hex');

// What clients of one document note while they work. Times are one counter of this process: it orders what happened here.
let clock = 0;
export class History
{
    constructor()
    {
        this.ops = new Map(); // id → {submitted, acked, revision}
        this.seen = []; // a list of {revisions, digests: Map(revision → digest)} a client
    }

    submit(id) { if (!this.ops.has(id)) this.ops.set(id, { submitted: ++clock, acked: 0, revision: 0 }); }

    // An op that the server absorbed has no row: its ack is not held against the log.
    ack(id, revision)
    {
        const op = this.ops.get(id);
        if (op.acked !== 0 && op.revision !== revision) this.changed = `${id} was acknowledged as ${op.revision} and as ${revision}`;
        if (op.acked === 0) Object.assign(op, { acked: ++clock, revision });
    }

    // An op that had to be given up without an answer.
    absorb(id) { this.ops.get(id).absorbed = true; }

    newClient(from)
    {
        const client = { from, revisions: [], digests: new Map() };
        this.seen.push(client);
        return client;
    }

    get acked() { return [...this.ops.values()].filter((o) => o.acked > 0 && !o.absorbed).length; }
}

// `log`: [{revision, opId, op}] from revision 2 on, in order. Returns what is wrong, at most 20 lines; [] is a verdict.
export function judge(history, log)
{
    const wrong = [], at = new Map();
    const say = (text) => wrong.length < 20 && wrong.push(text);
    if (history.changed) say(history.changed);
    log.forEach((row, i) => {
        if (row.revision !== i + 2) say(`rule 1: place ${i + 2} of the log holds revision ${row.revision}`);
        if (row.opId === undefined || row.opId === null) return;
        if (at.has(row.opId)) say(`rules 3, 5: ${row.opId} is in the log at ${at.get(row.opId)} and at ${row.revision}`);
        at.set(row.opId, row.revision);
        if (!history.ops.has(row.opId)) say(`${row.opId} at revision ${row.revision} was never submitted`);
    });
    for (const [id, op] of history.ops) {
        if (op.acked === 0 || op.absorbed) continue;
        if (!at.has(id)) say(`rule 2: ${id} was acknowledged as revision ${op.revision} and is not in the log`);
        else if (at.get(id) !== op.revision) say(`rule 2: ${id} was acknowledged as revision ${op.revision}, the log has it at ${at.get(id)}`);
    }
    ordered(history, at, say);
    replayed(history, log, say);
    return wrong;
}

// Rule 4, one sweep over the events: the highest revision acknowledged so far is below that of every op submitted later.
function ordered(history, at, say)
{
    const events = [];
    for (const [id, op] of history.ops) {
        if (at.has(id)) events.push({ time: op.submitted, id, revision: at.get(id) });
        if (op.acked > 0 && !op.absorbed) events.push({ time: op.acked, acked: op.revision });
    }
    let highest = 0;
    for (const e of events.sort((a, b) => a.time - b.time)) {
        if (e.acked !== undefined) highest = Math.max(highest, e.acked);
        else if (e.revision <= highest) say(`rule 4: ${e.id} has revision ${e.revision}, and ${highest} was acknowledged before it was submitted`);
    }
}

// Rules 6 and 7.
function replayed(history, log, say)
{
    const digests = new Map([[1, digest('')]]);
    const asked = new Set(history.seen.flatMap((c) => [...c.digests.keys()]));
    let text = '';
    for (const row of log) {
        try {
            text = apply(text, row.op);
        } catch (e) {
            say(`rule 6: the log cannot be replayed at revision ${row.revision}: ${e.message}`);
            break;
        }
        if (asked.has(row.revision)) digests.set(row.revision, digest(text));
    }
    history.seen.forEach((client, n) => {
        let last = client.from;
        for (const r of client.revisions) {
            if (r !== last + 1) say(`rule 7: client ${n} saw revision ${r} after ${last}`);
            last = r;
        }
        for (const [r, d] of client.digests) if (digests.get(r) !== d) say(`rule 6: client ${n} had another document at revision ${r}`);
    });
}
