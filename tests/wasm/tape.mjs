// Reads a tape (tape.h) and writes the same items, so that what a module gives is compared as bytes.

export const kinds = ['NAMES', 'BEGIN', 'CALL', 'END'];

const ABSENT = 0xffffffff;

// The frames of a stream of chunks: [kind, payload]. What is handed out is borrowed until the next.
export async function* frames(stream)
{
    let rest = Buffer.alloc(0);
    for await (const chunk of stream) {
        const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
        let at = 0;
        for (let length; bytes.length - at >= 4 && bytes.length - at - 4 >= (length = bytes.readUInt32LE(at)); at += 4 + length)
            yield [kinds[bytes[at + 4]], bytes.subarray(at + 5, at + 4 + length)];
        rest = bytes.subarray(at);
    }
    if (rest.length > 0) throw new Error('the tape ends within a frame');
}

// Items one behind the other, in memory that is used again.
export class Writer
{
    #bytes = Buffer.alloc(1 << 16);
    length = 0;

    #room(count)
    {
        if (this.#bytes.length - this.length >= count) return;
        const more = Buffer.alloc((this.length + count) * 2);
        this.#bytes.copy(more, 0, 0, this.length);
        this.#bytes = more;
    }

    name(name)
    {
        this.#room(2);
        this.#bytes[this.length++] = 0x74;
        this.#bytes[this.length++] = name;
    }

    // Where it is, so that `set` can put another one there.
    number(value)
    {
        this.#room(9);
        const at = this.length;
        this.#bytes[at] = 0x6e;
        this.#bytes.writeDoubleLE(value, at + 1);
        this.length += 9;
        return at;
    }

    set(at, value) { this.#bytes.writeDoubleLE(value, at + 1); }

    // Bytes; undefined is absent.
    string(s)
    {
        const count = s === undefined ? 0 : s.length;
        this.#room(5 + count);
        this.#bytes[this.length] = 0x73;
        this.#bytes.writeUInt32LE(s === undefined ? ABSENT : count, this.length + 1);
        if (count > 0) this.#bytes.set(s, this.length + 5);
        this.length += 5 + count;
    }

    from(at) { return this.#bytes.subarray(at, this.length); }
}

// The items as values: numbers, bytes, undefined, {name}.
export function items(bytes, names = [])
{
    const list = [];
    for (let at = 0; at < bytes.length;) {
        const kind = String.fromCharCode(bytes[at]);
        if (kind === 'n') {
            list.push(bytes.readDoubleLE(at + 1));
            at += 9;
        } else if (kind === 's') {
            const length = bytes.readUInt32LE(at + 1), there = length !== ABSENT;
            list.push(there ? bytes.subarray(at + 5, at + 5 + length) : undefined);
            at += 5 + (there ? length : 0);
        } else if (kind === 't') {
            list.push({ name: names[bytes[at + 1]] });
            at += 2;
        } else {
            throw new Error(`an item of kind ${kind}`);
        }
    }
    return list;
}

// For people: `name value value …`, a line for each name.
export function readable(bytes, names)
{
    const lines = [];
    for (const item of items(bytes, names)) {
        if (item?.name !== undefined) lines.push(item.name);
        else if (item instanceof Uint8Array) lines[lines.length - 1] += ` ${JSON.stringify(item.toString('utf8'))}`;
        else lines[lines.length - 1] += ` ${item === undefined ? 'absent' : item}`;
    }
    return lines;
}
