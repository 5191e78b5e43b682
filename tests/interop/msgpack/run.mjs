// Our MessagePack against the JavaScript libraries that SignalR's own client uses, both ways.
//
//   node run.mjs PEER     PEER: the program built from peer.c. Packages: in $OPS_NPM_DIR (default build/npm), see tests/support/install.
//
// Environment: OPS_SEED, OPS_COUNT (random values of each kind, 20). Prints `ok - ...` and `not ok - ...` lines; ends with 1 when
// one is not ok; `skip - ...` when the packages are not there.
import { createRequire } from "node:module";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const npm = path.resolve(process.env.OPS_NPM_DIR ?? path.join(root, "build/npm"));
const peer = process.argv[2] ?? path.join(root, "build/gcc/tests/msgpack-peer");
const seed = Number(process.env.OPS_SEED ?? 20260528);
const count = Number(process.env.OPS_COUNT ?? 20);

for (const name of ["@microsoft/signalr", "@microsoft/signalr-protocol-msgpack", "@msgpack/msgpack"]) {
    if (!existsSync(path.join(npm, "node_modules", name))) {
        console.log(`skip - MessagePack interop: ${name} is not in ${npm}`);
        process.exit(0);
    }
}
const require = createRequire(path.join(npm, "package.json"));
const { MessageType, NullLogger } = require("@microsoft/signalr");
const { MessagePackHubProtocol } = require("@microsoft/signalr-protocol-msgpack");
const { decode, encode, ExtData } = require("@msgpack/msgpack");
const hub = new MessagePackHubProtocol();

// ---- comparing -------------------------------------------------------------------------------------------------------------

// What a value is in JSON: bytes as base64, times as ISO 8601, what is undefined not at all.
function plain(value) {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [key, plain(item)]));
}

// The same JSON value, whatever the order of members. A BigInt is meant exactly, a number as a double.
function same(meant, seen) {
    if (typeof meant === "bigint") return (typeof seen === "bigint" || Number.isSafeInteger(seen)) && BigInt(seen) === meant;
    if (typeof meant === "number") return (typeof seen === "number" || typeof seen === "bigint") && Number(seen) === meant;
    if (meant === null || typeof meant !== "object") return meant === seen;
    if (seen === null || typeof seen !== "object" || Array.isArray(meant) !== Array.isArray(seen)) return false;
    const keys = Object.keys(meant);
    return keys.length === Object.keys(seen).length && keys.every((key) => Object.hasOwn(seen, key) && same(meant[key], seen[key]));
}

const show = (value) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item)) ?? "nothing";

// JSON.parse that keeps integers which a double cannot hold.
function parseExact(text) {
    const strings = [];
    const big = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) => {
        if (token[0] === '"') {
            strings.push(token);
            return token;
        }
        if (/[.eE]/.test(token)) return token;
        const whole = BigInt(token);
        return Number.isSafeInteger(Number(token)) || whole >= 1n << 64n || whole < -(1n << 63n) ? token : `"\\u0000big:${token}"`;
    });
    return JSON.parse(big, (_, value) => (typeof value === "string" && value.startsWith("\0big:") ? BigInt(value.slice(5)) : value));
}

let failed = 0;
let cases = 0;
function report(name, total, problems) {
    cases += total;
    if (problems.length > 0 || total === 0) {
        failed++;
        console.log(`not ok - ${name}: ${problems.length} of ${total} differ`);
        for (const problem of problems.slice(0, 5)) console.log(`# ${problem}`);
    } else {
        console.log(`ok - ${name} (${total})`);
    }
}

function run(args, input) {
    const result = spawnSync(peer, args, { input, maxBuffer: 1 << 30, encoding: "utf8" });
    if (result.status !== 0) {
        console.log(`not ok - ${peer} ${args.join(" ")} ended with ${result.status ?? result.signal ?? result.error}`);
        if (result.stderr) console.log(`# ${result.stderr.slice(0, 2000)}`);
        process.exit(1);
    }
    return result.stdout.split("\n").slice(0, -1);
}

// What our side reads: an answer for each question.
function ask(questions) {
    const answers = run(["read"], questions.map((q) => `${q.what}\t${Buffer.from(q.bytes).toString("hex")}\n`).join(""));
    if (answers.length !== questions.length) throw new Error(`${answers.length} answers to ${questions.length} questions`);
    return answers;
}

// ---- ours, read by the libraries -------------------------------------------------------------------------------------------

// A record that the SignalR library has parsed, as its JSON form: without what it adds, and with what it hides.
function recordOf(parsed) {
    const out = { type: parsed.type };
    for (const key of ["invocationId", "target", "arguments", "item", "result", "error", "allowReconnect", "sequenceId"]) {
        if (parsed[key] !== undefined && !(key === "error" && parsed.error === null) && !(key === "allowReconnect" && !parsed[key]))
            out[key] = parsed[key];
    }
    return out;
}

function withoutStreams(record) {
    const { streamIds, ...rest } = record; // the library reads invocations as a client does: without them
    if (rest.type === 1 && rest.invocationId === "") delete rest.invocationId; // that is what absent means there
    if (rest.type === 7 && rest.allowReconnect === false) delete rest.allowReconnect;
    return rest;
}

const lines = run(["write", String(seed), String(count)]).map((line) => {
    const [kind, name, hex, ...json] = line.split("\t");
    return { kind, name, bytes: Buffer.from(hex, "hex"), json: json.join("\t") };
});
console.log(`# OPS_SEED=${seed} OPS_COUNT=${count}`);

const frames = lines.filter((line) => line.kind === "frame");
const problems = { hub: [], body: [], messages: [] };
let server = 0;
for (const { name, bytes, json } of frames) {
    const expected = JSON.parse(json);
    // 4 and 5 go from client to server only: the library writes them, but does not read them
    const parsed = hub.parseMessages(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), NullLogger.instance);
    if (expected.type === 4 || expected.type === 5) {
        if (parsed.length !== 0) problems.hub.push(`${name}: ${json}`);
    } else {
        server++;
        if (parsed.length !== 1 || !same(withoutStreams(expected), plain(recordOf(parsed[0]))))
            problems.hub.push(`${name}: ${json} read as ${show(parsed[0])}`);
    }
    let at = 0;
    while (bytes[at] & 0x80) at++;
    const items = decode(bytes.subarray(at + 1), { useBigInt64: true });
    const open = { 1: items[4], 2: items[3], 3: items[4], 4: items[4] }[expected.type];
    const meant = parseExact(json);
    const opens = { 1: meant.arguments, 2: meant.item, 3: meant.error ?? meant.result, 4: meant.arguments }[expected.type];
    if (items[0] !== expected.type || !same(opens, plain(open))) problems.body.push(`${name}: ${json} read as ${show(items)}`);
}
report("hub records of ours, read by @microsoft/signalr-protocol-msgpack", server, problems.hub);
report("hub records of ours, read by @msgpack/msgpack", frames.length, problems.body);

const messages = lines.filter((line) => line.kind !== "frame");
for (const line of messages) {
    line.value = decode(line.bytes, { useBigInt64: true });
    line.meant = parseExact(line.json);
    if (!same(line.meant, plain(line.value))) problems.messages.push(`${line.name}: ${line.json} read as ${show(line.value)}`);
}
report("messages and argument lists of ours, read by @msgpack/msgpack", messages.length, problems.messages);

// All frames as one stream, as they arrive.
{
    const together = Buffer.concat(frames.map((frame) => frame.bytes));
    const parsed = hub.parseMessages(together.buffer.slice(together.byteOffset, together.byteOffset + together.length), NullLogger.instance);
    report("all records of ours as one stream", frames.length, parsed.length === server ? [] : [`${parsed.length} instead of ${server}`]);
}

// ---- theirs, read by us ----------------------------------------------------------------------------------------------------

let state = seed >>> 0;
function random() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
function shuffle(list) {
    for (let i = list.length - 1; i > 0; i--) {
        const k = below(i + 1);
        [list[i], list[k]] = [list[k], list[i]];
    }
    return list;
}

// The same value with its keys in another order. `unknown`: and with members that nobody knows.
function disordered(value, unknown) {
    if (Array.isArray(value)) return value.map((item) => disordered(item, unknown));
    if (value === null || typeof value !== "object" || value instanceof Uint8Array || value instanceof Date) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, disordered(item, unknown)]);
    return Object.fromEntries(shuffle(entries));
}
function withUnknown(value) {
    return { ...value, "x-unknown": pick([null, NaN, new Uint8Array(3), new Date(0), [{ a: [] }], 1n << 63n]) };
}

function compare(name, questions) {
    const wrong = [];
    ask(questions).forEach((answer, i) => {
        const question = questions[i];
        if (question.refused ? !answer.startsWith("refused: ") : answer.startsWith("refused: ")) {
            wrong.push(`${question.what} ${Buffer.from(question.bytes).toString("hex").slice(0, 200)}: ${answer.slice(0, 200)}, meant ${show(question.meant)}`);
        } else if (!question.refused && !same(question.meant, parseExact(answer))) {
            wrong.push(`${question.what}: ${answer} instead of ${show(question.meant)}`);
        }
    });
    report(name, questions.length, wrong);
}

const what = (line) => (line.kind === "arguments" ? `call:${line.name}` : line.name);
compare("messages written again by @msgpack/msgpack", messages.map((line) => (
    { what: what(line), bytes: encode(line.value, { useBigInt64: true }), meant: line.meant })));
compare("with their members in any order", messages.map((line) => (
    { what: what(line), bytes: encode(disordered(line.value), { useBigInt64: true }), meant: line.meant })));
// documents are maps whose members are all known: only messages with a `type` or fixed names take unknown ones
compare("with unknown members", messages.filter((line) => line.kind === "message").map((line) => (
    { what: line.name, bytes: encode(withUnknown(line.value), { useBigInt64: true }), meant: line.meant })));
compare("with every integer as a float: refused where the schema wants an integer", ["JoinRequest", "OpRequest", "TextRetain"].flatMap((name) =>
    messages.filter((line) => line.name === name).map((line) => (
        { what: name, bytes: encode(decode(line.bytes), { forceIntegerToFloat: true }), meant: "", refused: true }))));

// Records that the SignalR client writes.
function randomText() {
    return Array.from({ length: below(8) }, () => pick(["a", "\0", "é", "€", "😀", "\u2028", '"', "\\", "\x7f"])).join("");
}
function randomJson(depth) {
    switch (below(depth > 0 ? 9 : 7)) {
    case 0: return null;
    case 1: return random() < 0.5;
    case 2: return below(2 ** 31) - 2 ** 30;
    case 3: return pick([0, -0, 127, 128, 255, 256, 65535, 65536, -1, -32, -33, -128, -129, -32768, -32769, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1]);
    case 4: return (random() - 0.5) * 10 ** (below(40) - 20);
    case 5: return pick([2 ** 53, 2 ** 63, 2 ** 64, -(2 ** 63), 1e21, 1e300, 5e-324, 1.7976931348623157e308, 0.1]);
    case 6: return randomText();
    case 7: return Array.from({ length: below(pick([3, 20])) }, () => randomJson(depth - 1));
    default: return Object.fromEntries(Array.from({ length: below(pick([3, 20])) }, () => [randomText(), randomJson(depth - 1)]));
    }
}
function randomRecord() {
    const id = pick(["0", "abc", "é".repeat(20)]);
    const headers = pick([undefined, undefined, { x: "y" }]);
    switch (1 + below(9)) {
    case MessageType.Invocation:
        return { type: 1, headers, invocationId: pick([undefined, id]), target: randomText(), arguments: [randomJson(3), randomJson(3)], streamIds: pick([undefined, [], ["4", "5"]]) };
    case MessageType.StreamItem: return { type: 2, headers, invocationId: id, item: randomJson(3) };
    case MessageType.Completion:
        return { type: 3, headers, invocationId: id, ...pick([{}, { error: `e${randomText()}` }, { result: randomJson(3) }]) };
    case MessageType.StreamInvocation: return { type: 4, headers, invocationId: id, target: randomText(), arguments: [], streamIds: pick([undefined, ["4"]]) };
    case MessageType.CancelInvocation: return { type: 5, headers, invocationId: id };
    case MessageType.Ping: return { type: 6 };
    case MessageType.Close: return { type: 7 };
    case 8: return { type: 8, sequenceId: pick([0, 1, 200, 70000, 2 ** 53 - 1]) };
    default: return { type: 9, sequenceId: below(100000) };
    }
}
{
    const questions = [], packets = [];
    for (let i = 0; i < count * 100; i++) {
        const record = randomRecord(), bytes = Buffer.from(hub.writeMessage(record));
        questions.push({ what: "frames", bytes, meant: [plain(record)] });
        packets.push({ bytes, meant: plain(record) });
    }
    compare("hub records written by @microsoft/signalr-protocol-msgpack", questions);
    const streams = [];
    for (let i = 0; i < packets.length; i += 10) {
        const some = packets.slice(i, i + 10);
        streams.push({ what: "frames", bytes: Buffer.concat(some.map((p) => p.bytes)), meant: some.map((p) => p.meant) });
    }
    compare("ten of them in one frame", streams);
    compare("cut short: refused", questions.slice(0, count * 20).map((q) => ({ ...q, bytes: q.bytes.subarray(0, q.bytes.length - 1 - below(q.bytes.length - 1)), refused: true })));
}

// Typed calls as an application makes them.
compare("calls as an application makes them", [
    [["doc", "text", 1], "JoinDocument"],
    [["doc", "text", 1, 7], "JoinDocument"],
    [["doc", new TextEncoder().encode('{"components":[]}'), 3], "SendOp", '["doc","eyJjb21wb25lbnRzIjpbXX0=",3]'],
    [["doc", { name: "Ada", cursor: { line: 1.5, on: null } }], "UpdateAwareness"],
    [["doc", { body: "b", anchor: { kind: "text", data: { pos: 1 } } }], "CreateComment"],
    [["doc", "c", "body"], "EditComment"],
    [["doc"], "Undo"],
    [["doc", 9], "GetStateAt"],
].map(([args, target, json]) => ({ what: `call:${target}`, bytes: encode(args), meant: json ? JSON.parse(json) : args })));

// Any value: read as what it says, or refused when JSON cannot say it.
const unsayable = [() => NaN, () => Infinity, () => -Infinity, () => new Uint8Array(below(300)), () => new Date(below(2 ** 41)), () => new ExtData(below(127), new Uint8Array(below(20))),
    () => "\ud800", () => "x\udc00y"];
function randomValue(depth, spoiled) {
    if (spoiled && depth === 0) return pick(unsayable)();
    if (depth === 0) return randomJson(0);
    const size = 1 + below(pick([3, 40])), bad = spoiled ? below(size) : -1;
    const items = Array.from({ length: size }, (_, i) => randomValue(i === bad ? depth - 1 : below(depth), i === bad));
    if (random() < 0.5) return items;
    return Object.fromEntries(items.map((item, i) => [`${randomText()}${i}`, item]));
}
{
    const sayable = [], refused = [], narrow = [];
    for (let i = 0; i < count * 100; i++) {
        const value = randomValue(below(5), false);
        sayable.push({ what: "value", bytes: encode(value), meant: value });
        narrow.push({ what: "value", bytes: encode(value, { forceIntegerToFloat: true }), meant: value });
        refused.push({ what: "value", bytes: encode(randomValue(below(5), true)), meant: "refused", refused: true });
    }
    compare("any value that JSON can say", sayable);
    compare("with every number as a float", narrow);
    compare("values that JSON cannot say: refused", refused);
    compare("float32", Array.from({ length: count * 10 }, () => Math.fround((random() - 0.5) * 10 ** (below(40) - 20)))
        .map((value) => ({ what: "value", bytes: encode(value, { forceFloat32: true }), meant: value })));
    compare("64-bit integers", [0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n]
        .map((value) => ({ what: "value", bytes: encode(value, { useBigInt64: true }), meant: value })));
}

console.log(`# ${cases} cases`);
process.exit(failed > 0 ? 1 : 0);
