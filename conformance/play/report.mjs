// What a play says: a line a case, failures with both texts and the place where they part, counts by class, and every reason for skipping.

const CUT = 400;

// A text around the place that matters, with how much was left out.
function around(text, at, whole)
{
    if (whole || text.length <= CUT) return text;
    const from = Math.max(0, Math.min(at - CUT / 2, text.length - CUT));
    const to = Math.min(text.length, from + CUT);
    return `${from > 0 ? `…(${from})…` : ''}${text.slice(from, to)}${to < text.length ? `…(${text.length - to})` : ''}`;
}

// Base64 of JSON reads badly: the first difference inside it is shown decoded as well.
function decodedDifference(want, got)
{
    const list = (text) => [...text.matchAll(/"(?:payload|snapshot|state)":"([A-Za-z0-9+/]{4,}={0,2})"/g)].map((m) => Buffer.from(m[1], 'base64').toString('utf8'));
    const [a, b] = [list(want), list(got)];
    const i = a.findIndex((text, n) => text !== b[n]);
    return i < 0 || b[i] === undefined ? [] : [`    decoded, expected: ${a[i].slice(0, CUT)}`, `    decoded, received: ${b[i].slice(0, CUT)}`];
}

// The lines that tell one failure.
export function failureLines(theCase, f, whole = false)
{
    const lines = [`  ${theCase.file} (profile ${theCase.profile}, section ${theCase.section ?? '?'})`,
        `  step ${f.step} (${f.doing}${f.peer ? `, peer ${f.peer}` : ''}): ${f.why}`];
    if (f.want !== '' || f.got !== '') {
        const textual = f.got !== '(nothing)' && f.at > 0;
        lines.push(`    expected: ${around(f.want, f.at, whole)}`, `    received: ${around(f.got, f.at, whole)}`);
        if (textual) lines.push(`    they part at character ${f.at}: ${JSON.stringify(f.want.slice(f.at, f.at + 24))} and ${JSON.stringify(f.got.slice(f.at, f.at + 24))}`);
        lines.push(...decodedDifference(f.want, f.got));
    }
    for (const text of f.unread.slice(0, 4)) lines.push(`    also unread: ${around(text, 0, whole)}`);
    return lines;
}

// The record of a difference for a page such as DEVIATIONS.md: what differs from play to play is a place again.
export function deviation(theCase, f)
{
    const mask = (text) => text.length > 2000 ? `${f.places.mask(text).slice(0, 200)}…` : f.places.mask(text);
    return { id: theCase.id, class: theCase.class, step: f.step, peer: f.peer, reference: mask(f.want), ours: mask(f.got), why: theCase.why ?? '' };
}

export class Report
{
    constructor({ tap = false, verbose = false, write = (line) => console.log(line) } = {})
    {
        Object.assign(this, { tap, verbose, write });
        this.counts = new Map(); // class → {passed, failed, skipped}
        this.skips = new Map(); // reason → count
        this.failures = [];
    }

    #count(theCase, what)
    {
        const row = this.counts.get(theCase.class) ?? { passed: 0, failed: 0, skipped: 0 };
        row[what]++;
        this.counts.set(theCase.class, row);
    }

    skipped(theCase, reason)
    {
        this.#count(theCase, 'skipped');
        this.skips.set(reason, (this.skips.get(reason) ?? 0) + 1);
        if (this.verbose) this.write(`skipped: ${theCase.id}: ${reason}`);
    }

    played(theCase, result)
    {
        this.#count(theCase, result.passed ? 'passed' : 'failed');
        if (this.tap) this.write(`${result.passed ? 'ok' : 'not ok'} - ${theCase.profile} ${theCase.id}`);
        else if (result.passed && this.verbose) this.write(`passed: ${theCase.id}`);
        else if (!result.passed) this.write(`FAILED: ${theCase.id} [${theCase.class}]`);
        if (result.passed) return;
        this.failures.push({ theCase, result });
        for (const line of failureLines(theCase, result, this.verbose)) this.write(line);
    }

    end(seconds)
    {
        for (const [reason, n] of [...this.skips].sort((a, b) => b[1] - a[1])) {
            if (reason === 'not selected') continue;
            this.write(this.tap ? `skip - ${n} cases: ${reason}` : `skipped ${String(n).padStart(4)}: ${reason}`);
        }
        const all = { passed: 0, failed: 0, skipped: 0 };
        for (const [name, row] of this.counts) {
            this.write(`${name.padEnd(14)} ${row.passed} passed, ${row.failed} failed, ${row.skipped} skipped`);
            for (const key of Object.keys(all)) all[key] += row[key];
        }
        this.write(`${'all'.padEnd(14)} ${all.passed} passed, ${all.failed} failed, ${all.skipped} skipped, in ${seconds.toFixed(1)} s`);
        return all;
    }
}
