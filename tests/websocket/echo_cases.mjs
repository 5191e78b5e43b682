// Plays the cases of the Autobahn test suite (sections 1 to 7, 9, 10; no compression) against a WebSocket echo endpoint on loopback.
//
//   echo_cases.mjs PORT [PATH]       of a server that runs: messages come back, a Ping gets its Pong
//   echo_cases.mjs --peer PROGRAM    of a program that prints its port and ends with its standard input
//
// Prints `ok - ` lines for tests/support/tap. Frames are made and read here: node:net, no library.
import net from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const CONT = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80;
const TIMEOUT_MS = 60000;

function frame(first, payload = '', { masked = true } = {}) {
  const body = Buffer.from(payload);
  const length = body.length;
  const head = length <= 125 ? Buffer.from([first, length])
    : length <= 65535 ? Buffer.from([first, 126, length >> 8, length & 255])
      : Buffer.concat([Buffer.from([first, 127]), (() => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(length)); return b; })()]);
  if (!masked) return Buffer.concat([head, body]);
  const key = randomBytes(4);
  head[1] |= 0x80;
  for (let i = 0; i < length; i++) body[i] ^= key[i & 3];
  return Buffer.concat([head, key, body]);
}

const close = (code, reason = '') => {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(code);
  return frame(FIN | CLOSE, Buffer.concat([b, Buffer.from(reason)]));
};

function fragments(opcode, payload, size) {
  const body = Buffer.from(payload);
  const frames = [];
  for (let at = 0; at === 0 || at < body.length; at += size)
    frames.push(frame((at === 0 ? opcode : CONT) | (at + size >= body.length ? FIN : 0), body.subarray(at, at + size)));
  return Buffer.concat(frames);
}

// A connection that is open, and what has come on it: `text …`, `pong …`, `close 1000 …`, `end`.
class Talk {
  constructor(port, path) {
    this.port = port;
    this.path = path;
    this.events = [];
    this.waiting = null;
    this.rest = [];
    this.restBytes = 0;
    this.open = false;
    this.message = null;
  }

  connect() {
    return new Promise((resolve, reject) => {
      const key = randomBytes(16).toString('base64');
      const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
      this.socket = net.connect(this.port, '127.0.0.1');
      this.socket.setNoDelay(true);
      this.socket.on('error', (e) => (this.open ? this.tell('end') : reject(e)));
      this.socket.on('close', () => (this.open ? this.tell('end') : reject(new Error('closed during the handshake'))));
      this.socket.on('data', (data) => {
        this.rest.push(data);
        this.restBytes += data.length;
        if (!this.open) {
          const all = this.all();
          const end = all.indexOf('\r\n\r\n');
          if (end < 0) return;
          const head = all.subarray(0, end).toString();
          const got = /^sec-websocket-accept: *(.*?) *$/im.exec(head);
          if (!head.startsWith('HTTP/1.1 101 ') || got?.[1] !== accept) return reject(new Error('handshake: ' + head));
          this.open = true;
          this.keep(all.subarray(end + 4));
          resolve(this);
        }
        this.read();
      });
      this.socket.write(`GET ${this.path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
    });
  }

  all() {
    if (this.rest.length > 1) this.rest = [Buffer.concat(this.rest)];
    return this.rest[0] ?? Buffer.alloc(0);
  }

  keep(bytes) {
    this.rest = [bytes];
    this.restBytes = bytes.length;
    this.wanted = 0;
  }

  read() {
    while (this.open && this.restBytes >= Math.max(2, this.wanted ?? 0)) {
      const all = this.all();
      const short = all[1] & 127;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (all.length < head) return;
      const length = short === 127 ? Number(all.readBigUInt64BE(2)) : short === 126 ? all.readUInt16BE(2) : short;
      if (all.length < head + length) {
        this.wanted = head + length;
        return;
      }
      this.take(all[0], all[1] >= 128, all.subarray(head, head + length));
      this.keep(all.subarray(head + length));
    }
  }

  take(first, masked, payload) {
    const opcode = first & 15;
    if (masked || (first & 0x70) !== 0) this.tell('a bad frame');
    if (opcode === TEXT || opcode === BINARY) this.message = { opcode, parts: [] };
    if (opcode <= BINARY) {
      this.message.parts.push(payload);
      if ((first & FIN) === 0) return;
      const whole = Buffer.concat(this.message.parts);
      this.tell((this.message.opcode === TEXT ? 'text ' : 'binary ') + whole.toString(this.message.opcode === TEXT ? 'utf8' : 'latin1'));
    } else if (opcode === CLOSE) {
      this.tell(payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)}`);
    } else {
      this.tell((opcode === PING ? 'ping ' : 'pong ') + payload.toString('latin1'));
    }
  }

  tell(event) {
    this.events.push(event);
    this.waiting?.();
  }

  async next() {
    const deadline = setTimeout(() => this.tell('nothing came'), TIMEOUT_MS);
    while (this.events.length === 0) await new Promise((resolve) => { this.waiting = resolve; });
    clearTimeout(deadline);
    return this.events.shift();
  }

  // Writes whole, or cut into pieces that are sent one by one.
  async write(bytes, chop) {
    for (let at = 0; at < bytes.length && !this.socket.destroyed; at += chop || bytes.length) {
      this.socket.write(bytes.subarray(at, at + (chop || bytes.length)));
      if (chop) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const stars = (n) => '*'.repeat(n);
const KOSME = 'κόσμε';
const bytes = (...b) => Buffer.from(b);
const hello = frame(FIN | TEXT, 'Hello');
const fails1002 = ['close 1002', 'end'], fails1007 = ['close 1007', 'end'];

// [name, what is sent, what comes back, size of the pieces]
const cases = [];
const add = (name, sent, expect, chop) => cases.push({ name, sent: Buffer.concat([].concat(sent)), expect, chop });

for (const n of [0, 125, 126, 127, 128, 65535, 65536]) {
  add(`1.1 text of ${n} bytes`, frame(FIN | TEXT, stars(n)), ['text ' + stars(n)]);
  add(`1.2 binary of ${n} bytes`, frame(FIN | BINARY, Buffer.alloc(n, 0xfe)), ['binary ' + '\xfe'.repeat(n)]);
}
add('1.1.8 text of 65536 bytes in pieces of 997', frame(FIN | TEXT, stars(65536)), ['text ' + stars(65536)], 997);
add('1.2.8 binary of 65536 bytes in pieces of 997', frame(FIN | BINARY, Buffer.alloc(65536, 0xfe)), ['binary ' + '\xfe'.repeat(65536)], 997);
add('2.1 empty ping', frame(FIN | PING), ['pong ']);
add('2.2 ping', frame(FIN | PING, 'Hello, world!'), ['pong Hello, world!']);
add('2.3 binary ping', frame(FIN | PING, bytes(0, 255, 254, 253, 252, 251, 0, 255)), ['pong \x00\xff\xfe\xfd\xfc\xfb\x00\xff']);
add('2.4 ping of 125 bytes', frame(FIN | PING, stars(125)), ['pong ' + stars(125)]);
add('2.5 ping of 126 bytes', frame(FIN | PING, stars(126)), fails1002);
add('2.6 ping of 125 bytes, octet-wise', frame(FIN | PING, stars(125)), ['pong ' + stars(125)], 1);
add('2.7 unsolicited pong', [frame(FIN | PONG), hello], ['text Hello']);
add('2.8 unsolicited pong with payload', [frame(FIN | PONG, 'x'), hello], ['text Hello']);
add('2.9 pong, then ping', [frame(FIN | PONG, 'x'), frame(FIN | PING, 'y')], ['pong y']);
for (const chop of [0, 1])
  add(`2.1${chop} ten pings`, [...Array(10).keys()].map((i) => frame(FIN | PING, 'p' + i)), [...Array(10).keys()].map((i) => 'pong p' + i), chop);
add('3.1 reserved bit 3', frame(FIN | 0x10 | TEXT, 'x'), fails1002);
for (const [number, bits, chop] of [['3.2', 0x20, 0], ['3.3', 0x30, 0], ['3.4', 0x40, 1]])
  add(`${number} reserved bits after a good message`, [hello, frame(FIN | bits | TEXT, 'x'), frame(FIN | PING)], ['text Hello', ...fails1002], chop);
add('3.5 reserved bits of a binary message', frame(FIN | 0x50 | BINARY, 'x'), fails1002);
add('3.6 reserved bits of a ping', frame(FIN | 0x60 | PING, 'x'), fails1002);
add('3.7 reserved bits of a close', frame(FIN | 0x70 | CLOSE), fails1002);
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  add(`4 opcode ${opcode}`, frame(FIN | opcode), fails1002);
  add(`4 opcode ${opcode} after a good message`, [hello, frame(FIN | opcode, 'x'), frame(FIN | PING)], ['text Hello', ...fails1002], 1);
}
add('5.1 ping in fragments', [frame(PING, 'a'), frame(FIN, 'b')], fails1002);
add('5.2 pong in fragments', [frame(PONG, 'a'), frame(FIN, 'b')], fails1002);
for (const chop of [0, 7, 1]) {
  add(`5.3 two fragments, pieces of ${chop}`, [frame(TEXT, 'fragment1'), frame(FIN, 'fragment2')], ['text fragment1fragment2'], chop);
  add(`5.6 a ping amid, pieces of ${chop}`, [frame(TEXT, 'fragment1'), frame(FIN | PING, 'ping'), frame(FIN, 'fragment2')], ['pong ping', 'text fragment1fragment2'], chop);
  add(`5.9 a continuation of nothing, pieces of ${chop}`, [frame(FIN, 'x'), hello], fails1002, chop);
  add(`5.12 an unfinished continuation of nothing, pieces of ${chop}`, [frame(CONT, 'x'), hello], fails1002, chop);
  add(`5.18 a new message amid, pieces of ${chop}`, [frame(TEXT, 'a'), frame(FIN | TEXT, 'b')], fails1002, chop);
  add(`5.19 five fragments, two pings, pieces of ${chop}`, [frame(TEXT, 'f1'), frame(CONT, 'f2'), frame(FIN | PING, 'p1'), frame(CONT, 'f3'),
    frame(CONT, 'f4'), frame(FIN | PING, 'p2'), frame(FIN, 'f5')], ['pong p1', 'pong p2', 'text f1f2f3f4f5'], chop);
}
add('5.15 a continuation after the end', [frame(TEXT, 'a'), frame(FIN, 'b'), frame(CONT, 'c'), frame(FIN | TEXT, 'd')], ['text ab', ...fails1002]);
add('6.1.1 empty text', frame(FIN | TEXT), ['text ']);
add('6.1.2 three empty fragments', [frame(TEXT), frame(CONT), frame(FIN)], ['text ']);
add('6.1.3 three fragments, the middle one not empty', [frame(TEXT), frame(CONT, 'middle'), frame(FIN)], ['text middle']);
const mixed = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
add('6.2.1 text', frame(FIN | TEXT, mixed), ['text ' + mixed]);
add('6.2.3 text, a fragment for each byte', fragments(TEXT, mixed, 1), ['text ' + mixed]);
add('6.2.4 text, a fragment for each byte', fragments(TEXT, KOSME, 1), ['text ' + KOSME]);
const surrogate = Buffer.concat([Buffer.from(KOSME), bytes(0xed, 0xa0, 0x80), Buffer.from('edited')]);
add('6.3.1 a surrogate', frame(FIN | TEXT, surrogate), fails1007);
add('6.3.2 a surrogate, a fragment for each byte', fragments(TEXT, surrogate, 1), fails1007);
add('6.4.1 fails fast: bad fragment, message not ended', [frame(TEXT, KOSME), frame(CONT, bytes(0xf4, 0x90, 0x80, 0x80))], fails1007);
add('6.4.2 fails fast: bad second byte, message not ended', [frame(TEXT, Buffer.concat([Buffer.from(KOSME), bytes(0xf4)])), frame(CONT, bytes(0x90))], fails1007);
add('6.4.3 fails fast: bad bytes, frame not ended', frame(FIN | TEXT, Buffer.concat([Buffer.from(KOSME), bytes(0xf4, 0x90), Buffer.alloc(100, 0x61)])).subarray(0, 30), fails1007, 1);
for (const good of [0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, 0xd7ff, 0xe000, 0xfffd, 0xfffe, 0x1fffe, 0xefbbbf & 0xffff]) {
  const text = String.fromCodePoint(good);
  add(`6.7-6.11, 6.22 U+${good.toString(16)}`, frame(FIN | TEXT, text), ['text ' + text]);
}
for (const bad of ['80', 'bf', '80bf', 'c0', 'c020', 'e020', 'f020', 'fe', 'ff', 'fefeffff', 'e080', 'f08080', 'f8808080', 'df', 'efbf', 'f7bfbf', 'f7bfbfbf',
  'f888808080', 'fc8480808080', 'f4908080', 'c0af', 'e080af', 'f08080af', 'c1bf', 'e09fbf', 'f08fbfbf', 'c080', 'eda080', 'edadbf', 'edae80', 'edb080', 'edbfbf', 'eda080edb080'])
  add(`6.6-6.21 bytes ${bad}`, frame(FIN | TEXT, Buffer.from(bad, 'hex')), fails1007);
add('7.1.1 a message, then close', [hello, close(1000)], ['text Hello', 'close 1000', 'end']);
add('7.1.2 two closes', [close(1000), close(1000)], ['close 1000', 'end']);
add('7.1.3 a ping after close', [close(1000), frame(FIN | PING)], ['close 1000', 'end']);
add('7.1.4 text after close', [close(1000), hello], ['close 1000', 'end']);
add('7.1.5 close amid a message', [frame(TEXT, 'a'), close(1000), frame(FIN, 'b')], ['close 1000', 'end']);
add('7.1.6 256K, then close, then a ping', [frame(FIN | TEXT, stars(262144)), close(1000), frame(FIN | PING)], ['text ' + stars(262144), 'close 1000', 'end']);
add('7.3.1 close without a code', frame(FIN | CLOSE), ['close', 'end']);
add('7.3.2 close with half a code', frame(FIN | CLOSE, 'x'), fails1002);
add('7.3.4 close with a reason', close(1000, 'Hello World!'), ['close 1000', 'end']);
add('7.3.5 close with a reason of 123 bytes', close(1000, stars(123)), ['close 1000', 'end']);
add('7.3.6 close with a reason of 124 bytes', close(1000, stars(124)), fails1002);
add('7.5.1 close with a reason that is not UTF-8', frame(FIN | CLOSE, Buffer.concat([bytes(3, 0xe8), surrogate])), fails1002);
for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
  add(`7.7 close ${code}`, close(code), [`close ${code}`, 'end']);
for (const code of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
  add(`7.9, 7.13 close ${code}`, close(code), fails1002);
for (const mega of [1, 4, 16]) {
  add(`9.1 text of ${mega} MiB`, frame(FIN | TEXT, stars(mega << 20)), ['text ' + stars(mega << 20)]);
  add(`9.2 binary of ${mega} MiB`, frame(FIN | BINARY, Buffer.alloc(mega << 20, 0x2a)), ['binary ' + stars(mega << 20)]);
}
for (const size of [64, 1024, 65536, 4 << 20]) {
  add(`9.3 text of 4 MiB in fragments of ${size}`, fragments(TEXT, stars(4 << 20), size), ['text ' + stars(4 << 20)]);
  add(`9.4 binary of 4 MiB in fragments of ${size}`, fragments(BINARY, stars(4 << 20), size), ['binary ' + stars(4 << 20)]);
}
for (const chop of [64, 512, 2048])
  add(`9.5 text of 1 MiB in pieces of ${chop}`, frame(FIN | TEXT, stars(1 << 20)), ['text ' + stars(1 << 20)], chop);
for (const size of [0, 16, 64, 256, 1024])
  add(`9.7 1,000 texts of ${size} bytes`, Array(1000).fill(frame(FIN | TEXT, stars(size))), Array(1000).fill('text ' + stars(size)));
add('10.1.1 text of 64 KiB in fragments of 1,300', fragments(TEXT, stars(65536), 1300), ['text ' + stars(65536)]);
add('an unmasked frame', frame(FIN | TEXT, 'x', { masked: false }), fails1002);
add('a length that is not the shortest', Buffer.concat([bytes(0x81, 0xfe, 0, 5, 1, 2, 3, 4), Buffer.from('abcde')]), fails1002);
add('a length with its highest bit', bytes(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), fails1002);

const shown = (s) => (s.length > 60 ? `${s.slice(0, 40)}… (${s.length})` : s);

async function play(port, path, c) {
  const talk = await new Talk(port, path).connect();
  let wrong = null;
  const sending = talk.write(c.sent, c.chop);
  for (const expect of c.expect) {
    const got = await talk.next();
    if (got !== expect) {
      wrong = `expected ${shown(expect)}, got ${shown(got)}`;
      break;
    }
  }
  await sending;
  // Whoever is still there says so.
  if (wrong === null && c.expect[c.expect.length - 1] !== 'end') {
    await talk.write(Buffer.concat([frame(FIN | PING, 'still there'), close(1000)]));
    for (const expect of ['pong still there', 'close 1000', 'end']) {
      const got = await talk.next();
      if (wrong === null && got !== expect) wrong = `afterwards expected ${expect}, got ${shown(got)}`;
      if (got === 'end') break;
    }
  }
  talk.socket.destroy();
  return wrong;
}

async function main(port, path) {
  let failed = 0;
  for (const c of cases) {
    const wrong = await play(port, path, c).catch((e) => e.message);
    if (wrong !== null) failed++;
    console.log(wrong === null ? `ok - ${c.name}` : `not ok - ${c.name}: ${wrong}`);
  }
  return failed === 0 ? 0 : 1;
}

const [first, second] = process.argv.slice(2);
if (first === '--peer') {
  const peer = spawn(second, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => createInterface({ input: peer.stdout }).once('line', resolve));
  process.exitCode = await main(Number(line), '/');
  peer.stdin.end();
} else if (/^\d+$/.test(first ?? '')) {
  process.exitCode = await main(Number(first), second ?? '/');
} else {
  console.error('usage: echo_cases.mjs PORT [PATH] | --peer PROGRAM');
  process.exitCode = 2;
}
