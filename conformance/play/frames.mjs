// RFC 6455 frames, both directions, as bytes: what the player sends is written exactly as a case wants it (opcode, fragments, a Close with any
// code), and what it receives is judged before it is taken. Nothing is negotiated, so a reserved bit is a fault.

import { randomBytes } from 'node:crypto';

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// One frame. `mask` is for the client's half; a server's frames are not masked.
export function encodeFrame({ opcode, payload = Buffer.alloc(0), fin = true, mask = true, rsv = 0 })
{
    const n = payload.length;
    const size = n < 126 ? 0 : n < 65536 ? 2 : 8;
    const head = Buffer.alloc(2 + size);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = (mask ? 0x80 : 0) | (size === 0 ? n : size === 2 ? 126 : 127);
    if (size === 2) head.writeUInt16BE(n, 2);
    if (size === 8) head.writeBigUInt64BE(BigInt(n), 2);
    if (!mask) return Buffer.concat([head, payload]);
    const key = randomBytes(4);
    const masked = Buffer.allocUnsafe(n);
    for (let i = 0; i < n; i++) masked[i] = payload[i] ^ key[i & 3];
    return Buffer.concat([head, key, masked]);
}

// A message: one frame, or one frame for each of `parts`.
export function encodeMessage(opcode, parts, mask = true)
{
    const frames = parts.map((payload, i) =>
        encodeFrame({ opcode: i === 0 ? opcode : OP.continuation, payload, fin: i === parts.length - 1, mask }));
    return Buffer.concat(frames);
}

export function encodeClose(code, reason, mask = true)
{
    if (code === undefined || code === null) return encodeFrame({ opcode: OP.close, mask });
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason ?? ''));
    payload.writeUInt16BE(code, 0);
    payload.write(reason ?? '', 2);
    return encodeFrame({ opcode: OP.close, payload, mask });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Bytes in, events out: {message, opcode}, {close: {code, reason}}, {ping}, {pong}, {fault}. After a fault nothing more is read.
export class FrameReader
{
    // `masked`: whether the other side has to mask its frames (true when this reads a client).
    constructor(emit, { masked = false } = {})
    {
        this.emit = emit;
        this.masked = masked;
        this.chunks = [];
        this.have = 0;
        this.parts = [];
        this.opcode = 0;
        this.broken = false;
    }

    push(bytes)
    {
        this.chunks.push(bytes);
        this.have += bytes.length;
        while (!this.broken && this.#one()) ;
    }

    // The first n bytes in one piece; pieces are joined only when something can be done with them.
    #peek(n)
    {
        if (this.chunks[0].length < n) this.chunks = [Buffer.concat(this.chunks)];
        return this.chunks[0];
    }

    #one()
    {
        if (this.have < 2) return false;
        let b = this.#peek(2);
        const short = b[1] & 0x7f;
        const size = short === 126 ? 2 : short === 127 ? 8 : 0;
        const masked = (b[1] & 0x80) !== 0;
        const head = 2 + size + (masked ? 4 : 0);
        if (this.have < head) return false;
        b = this.#peek(head);
        const n = size === 0 ? short : size === 2 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
        if (this.have < head + n) return false;
        b = this.#peek(head + n);
        const payload = Buffer.from(b.subarray(head, head + n));
        const [b0, key] = [b[0], masked ? b.subarray(head - 4, head) : null];
        if (key) for (let i = 0; i < n; i++) payload[i] ^= key[i & 3];
        this.chunks = b.length > head + n ? [b.subarray(head + n), ...this.chunks.slice(1)] : this.chunks.slice(1);
        this.have -= head + n;
        this.#frame(b0, masked, payload);
        return true;
    }

    #fault(text)
    {
        this.broken = true;
        this.emit({ fault: text });
    }

    #frame(b0, masked, payload)
    {
        const opcode = b0 & 15, fin = (b0 & 0x80) !== 0;
        if (b0 & 0x70) return this.#fault('a reserved bit is set, and no extension was negotiated');
        if (masked !== this.masked) return this.#fault(masked ? 'a server must not mask its frames' : 'a client must mask its frames');
        if (opcode >= 8) return fin && payload.length < 126 ? this.#control(opcode, payload) : this.#fault('a control frame is fragmented or too long');
        if (opcode > 2) return this.#fault(`unknown opcode ${opcode}`);
        if ((opcode === OP.continuation) !== (this.parts.length > 0)) return this.#fault('continuation and first frame do not alternate');
        if (opcode !== OP.continuation) this.opcode = opcode;
        this.parts.push(payload);
        if (!fin) return;
        const message = this.parts.length === 1 ? payload : Buffer.concat(this.parts);
        const fragments = this.parts.length;
        this.parts = [];
        this.emit({ message, opcode: this.opcode, fragments });
    }

    #control(opcode, payload)
    {
        if (opcode === OP.ping) return this.emit({ ping: payload });
        if (opcode === OP.pong) return this.emit({ pong: payload });
        if (opcode !== OP.close) return this.#fault(`unknown opcode ${opcode}`);
        if (payload.length === 0) return this.emit({ close: { code: null, reason: '' } });
        if (payload.length === 1) return this.#fault('a Close frame of one byte');
        try {
            this.emit({ close: { code: payload.readUInt16BE(0), reason: utf8.decode(payload.subarray(2)) } });
        } catch {
            this.#fault('the reason of a Close frame is not UTF-8');
        }
    }
}
