// Placeholders of the case files: `<run>`, `<repeat:S:N>`, `<guid:n>`, … (the table is in conformance/README.md).
// A text to be sent is filled; a text to be received is matched piece by piece, binding each place where it is first met.

import { randomBytes } from 'node:crypto';

const PLACE = /<(?:(run|date)|repeat:(.*?):(\d+)|(guid|hex32|id22|time|isotime|text):(\d+))>/gs;

const FORM = {
    guid: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/y,
    hex32: /[0-9a-f]{32}/y,
    id22: /[A-Za-z0-9_-]{22}/y,
    time: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,6}[1-9])?\+00:00/y,
    isotime: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/y,
    text: /(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})+/y,
    date: /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT/y,
};
const UNIQUE = new Set(['guid', 'hex32', 'id22']); // different n of these are different values

// Eight characters that no other play in this or another process gets, so that no document id is met twice.
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const used = new Set();
export function newRun()
{
    for (;;) {
        const run = [...randomBytes(8)].map((b) => ALPHABET[b % 36]).join('');
        if (!used.has(run)) {
            used.add(run);
            return run;
        }
    }
}

export class Places
{
    constructor(run = newRun())
    {
        this.run = run;
        this.bound = new Map();
    }

    // A text to be sent. A value that no received text has bound yet cannot be sent: that is a fault of the case.
    fill(text)
    {
        return text.replace(PLACE, (whole, plain, string, count, kind, n) => {
            if (plain === 'run') return this.run;
            if (string !== undefined) return this.fill(string).repeat(Number(count));
            const value = this.bound.get(`${kind}:${n}`);
            if (value === undefined) throw new Error(`the case sends ${whole} before any received text has bound it`);
            return value;
        });
    }

    fillBytes(bytes)
    {
        return bytes.includes('<run>') ? Buffer.from(bytes.toString('latin1').replaceAll('<run>', this.run), 'latin1') : bytes;
    }

    // Holds `got` against `want`. Returns null when they agree, else {want, at, why}: the wanted text as far as it is known, and the
    // place in `got` where they part. Nothing is bound by a text that does not agree.
    match(want, got)
    {
        const fresh = new Map();
        const known = (key) => fresh.get(key) ?? this.bound.get(key);
        let at = 0, last = 0;
        const differ = (rest, why) => ({ want: this.fillKnown(want, fresh), at: rest, why });
        PLACE.lastIndex = 0;
        for (const m of want.matchAll(PLACE)) {
            const part = sameText(want.slice(last, m.index), got, at);
            if (part >= 0) return differ(part, 'other bytes');
            at += m.index - last;
            last = m.index + m[0].length;
            const [, plain, string, count, kind, n] = m;
            const key = plain === 'date' ? 'date' : `${kind}:${n}`;
            const literal = plain === 'run' ? this.run : string !== undefined ? this.fill(string).repeat(Number(count))
                : plain === 'date' || kind === 'text' ? undefined : known(key);
            if (literal !== undefined) {
                const wrong = sameText(literal, got, at);
                if (wrong >= 0) return differ(wrong, `not the value of ${m[0].slice(0, 60)}`);
                at += literal.length;
                continue;
            }
            const form = FORM[plain ?? kind];
            form.lastIndex = at;
            const found = form.exec(got);
            if (!found) return differ(at, `nothing of the form of ${m[0]}`);
            if (UNIQUE.has(kind)) {
                for (const [other, value] of [...this.bound, ...fresh])
                    if (value === found[0] && other.startsWith(`${kind}:`)) return differ(at, `${m[0]} is the same value as <${other}>`);
            }
            if (kind && kind !== 'text') fresh.set(key, found[0]);
            at += found[0].length;
        }
        const part = sameText(want.slice(last), got, at);
        if (part >= 0) return differ(part, 'other bytes');
        at += want.length - last;
        if (at !== got.length) return differ(at, 'the text goes on');
        for (const [key, value] of fresh) this.bound.set(key, value);
        return null;
    }

    // A text as far as its places are known.
    fillKnown(want, fresh = new Map())
    {
        return want.replace(PLACE, (whole, plain, string, count, kind, n) =>
            plain === 'run' ? this.run : string !== undefined ? this.fill(string).repeat(Number(count))
                : fresh.get(`${kind}:${n}`) ?? this.bound.get(`${kind}:${n}`) ?? whole);
    }

    // The reverse of fill, for a page that shows what a server sent: what differs from play to play becomes a place again.
    mask(text)
    {
        let out = text.replaceAll(this.run, '<run>');
        for (const [key, value] of this.bound) out = out.replaceAll(value, `<${key}>`);
        return out.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g, '<time>')
            .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<guid>');
    }
}

// -1 when `got` has `literal` at `at`, else where they part.
function sameText(literal, got, at)
{
    if (got.startsWith(literal, at)) return -1;
    let i = 0;
    while (i < literal.length && at + i < got.length && literal[i] === got[at + i]) i++;
    return at + i;
}
