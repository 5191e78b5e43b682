// Plain text operational transformation, written from spec/opstream-engines.md section 1 and nothing else: the independent second opinion that the
// server's engine and the C client are held against. An op is a list of components {r: n}, {i: text}, {d: n}; counts are UTF-16 units.

const size = (c) => c.r ?? c.d ?? c.i.length;
const kind = (c) => (c.r !== undefined ? 'r' : c.d !== undefined ? 'd' : 'i');

// Drops what is empty and joins neighbours of a kind.
export function normalise(op)
{
    const out = [];
    for (const c of op) {
        if (size(c) === 0) continue;
        const last = out[out.length - 1], k = kind(c);
        if (last && kind(last) === k) last[k] += c[k];
        else out.push({ ...c });
    }
    return out;
}

export const isNoOp = (op) => op.every((c) => c.r !== undefined || size(c) === 0);

export function apply(text, op)
{
    let at = 0, out = '';
    for (const c of op) {
        if (c.i !== undefined) {
            out += c.i;
            continue;
        }
        if (at + size(c) > text.length) throw new Error(`an op reaches past the end: ${at} + ${size(c)} of ${text.length}`);
        if (c.r !== undefined) out += text.slice(at, at + c.r);
        at += size(c);
    }
    return out + text.slice(at);
}

// Walks an op in pieces.
class Cursor
{
    constructor(op) { [this.op, this.n, this.done] = [op, 0, 0]; }
    get ended() { return this.n >= this.op.length; }
    get kind() { return this.ended ? null : kind(this.op[this.n]); }
    get left() { return size(this.op[this.n]) - this.done; }
    take(n = this.left)
    {
        const c = this.op[this.n], k = kind(c);
        const piece = { [k]: k === 'i' ? c.i.slice(this.done, this.done + n) : n };
        this.done += n;
        if (this.done >= size(c)) [this.n, this.done] = [this.n + 1, 0];
        return piece;
    }
}

// Section 1.4. `incomingWins`: at one place the incoming text ends up left.
export function transform(incoming, existing, incomingWins)
{
    const a = new Cursor(normalise(incoming)), b = new Cursor(normalise(existing)), out = [];
    while (!a.ended || !b.ended) {
        if (b.kind === 'i' && !(a.kind === 'i' && incomingWins)) out.push({ r: b.take().i.length });
        else if (a.kind === 'i') out.push(a.take());
        else if (a.ended) break;
        else if (b.ended) out.push(a.take());
        else {
            const n = Math.min(a.left, b.left);
            const mine = a.take(n);
            if (b.take(n).d === undefined) out.push(mine);
        }
    }
    return normalise(out);
}

// Section 1.5: first `a`, then `b`, as one op.
export function compose(a, b)
{
    const x = new Cursor(normalise(a)), y = new Cursor(normalise(b)), out = [];
    while (!x.ended || !y.ended) {
        if (x.kind === 'd') out.push(x.take());
        else if (y.kind === 'i') out.push(y.take());
        else if (x.ended) out.push(y.take());
        else if (y.ended) out.push(x.take());
        else {
            const n = Math.min(x.left, y.left);
            const first = x.take(n), second = y.take(n);
            if (second.r !== undefined) out.push(first);
            else if (first.r !== undefined) out.push(second);
        }
    }
    return normalise(out);
}

// The payload: base64 of the op's JSON; readers take both spellings of the discriminator and any letter case of the reference's members.
export function toPayload(op)
{
    const components = op.map((c) => (c.r !== undefined ? { type: 'retain', count: c.r } : c.d !== undefined ? { type: 'delete', count: c.d } : { type: 'insert', text: c.i }));
    return Buffer.from(JSON.stringify({ components }), 'utf8').toString('base64');
}

export const fromJson = (json) => json.components.map((c) => {
    const type = c.type ?? c.$type;
    if (type === 'retain') return { r: c.count };
    if (type === 'delete') return { d: c.count };
    if (type === 'insert') return { i: c.text };
    throw new Error(`unknown component ${JSON.stringify(c)}`);
});

export const fromPayload = (payload) => fromJson(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));

const ALPHABET = ['a', 'b', 'c', ' ', '\n', 'é', '\u0000', '"', '\\', '漢', '😀', '👩‍💻', 'word ', '<&>', '\u2028', 'x'.repeat(40)];

// A random edit of `text`: an insert, a deletion or a replacement, never inside a surrogate pair.
export function randomEdit(text, random)
{
    const edge = (at) => (at > 0 && at < text.length && /[\udc00-\udfff]/.test(text[at]) && /[\ud800-\udbff]/.test(text[at - 1]) ? at - 1 : at);
    const from = edge(random.below(text.length + 1));
    const to = edge(Math.min(text.length, from + 1 + random.below(text.length > 2000 ? 400 : 12)));
    const what = text.length === 0 ? 0 : random.below(text.length > 2000 ? 2 : 10);
    const op = [{ r: from }];
    if (what !== 1) op.push({ i: random.pick(ALPHABET) });
    if ((what === 1 || what === 2) && to > from) op.push({ d: to - from });
    return normalise(op);
}
