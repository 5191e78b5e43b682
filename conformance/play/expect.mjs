// Two things around a play: whether there is a server at all, and cases that are known to differ.

import net from 'node:net';
import { readFileSync } from 'node:fs';
import { Report } from './report.mjs';

export function reachable(where)
{
    return new Promise((resolve, reject) => {
        const socket = net.connect(where.port, where.host, () => { socket.destroy(); resolve(); });
        socket.on('error', (e) => reject(new Error(`no server at ${where.host}:${where.port}: ${e.code ?? e.message}`)));
    });
}

// Ids from a file: one a line, `#` begins a comment.
export function readIds(path)
{
    return new Set(readFileSync(path, 'utf8').split('\n').map((l) => l.replace(/#.*/, '').trim()).filter(Boolean));
}

// A report in which the cases of `ids` have to differ: a difference that is written down is no failure, and a stale line is one.
export class ExpectingReport extends Report
{
    constructor(options, ids)
    {
        super(options);
        this.ids = ids;
        this.known = 0;
    }

    played(theCase, result)
    {
        if (!this.ids.has(theCase.id)) return super.played(theCase, result);
        if (result.passed)
            return super.played(theCase, { passed: false, step: theCase.steps.length - 1, doing: 'end of the case', want: '(a difference)', got: '(none)', at: 0,
                why: 'this case is listed as one that differs, and does not', unread: [], places: result.places });
        this.known++;
        this.failures.push({ theCase, result });
        if (this.tap) this.write(`ok - ${theCase.profile} ${theCase.id} differs, as documented`);
    }

    end(seconds)
    {
        const all = super.end(seconds);
        this.write(`${'documented'.padEnd(14)} ${this.known} cases differ, as listed`);
        return all;
    }
}
