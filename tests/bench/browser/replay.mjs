// Replays an editing trace in the text engine as WebAssembly and in a whole client session (with messages and acks): node replay.mjs
// TRACE.json ENGINE.wasm. Prints the best of three of each; the text must come out right.
import { readFileSync } from 'node:fs';
import { Session } from '../../../runtime/client/js/session.js';

const trace = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const edits = trace.txns.flatMap(({ patches }) => patches);
const engine = new WebAssembly.Module(readFileSync(process.argv[3]));
const opstream = new WebAssembly.Module(readFileSync(new URL('../../../gen/browser/opstream.wasm', import.meta.url)));
const quiet = { patch() {}, changed() {}, status() {}, refused(doc, { message }) { throw new Error(message); }, peer() {},
    trouble(what) { throw new Error(what); } };

function seconds(work) {
    const begin = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - begin) / 1e9;
}

function same(text) {
    if (text !== trace.endContent) throw new Error('the replay ends with another text');
}

function replayEngine() {
    const { exports } = new WebAssembly.Instance(engine), encoder = new TextEncoder();
    exports._initialize();
    exports.open();
    let room = new Uint8Array(exports.memory.buffer, exports.input(), 1 << 20);
    const spent = seconds(() => {
        for (const [at, gone, put] of edits) {
            let bytes = 0;
            if (put.length > 0) {
                if (room.length === 0) room = new Uint8Array(exports.memory.buffer, exports.input(), 1 << 20); // the memory has grown
                bytes = encoder.encodeInto(put, room).written;
            }
            if (exports.edit(at, gone, bytes) !== 1) throw new Error('an edit was refused');
        }
    });
    const words = exports.text(), [at, length] = new Uint32Array(exports.memory.buffer, words, 2);
    same(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length)));
    exports.close();
    return spent;
}

/** Every edit goes out as soon as the one before it is acknowledged, which is after `edits_an_op` of them. */
async function replaySession(editsAnOp) {
    const session = await Session.begin(opstream, quiet);
    session.tick(0, Date.now());
    const doc = session.join('paper', 'text');
    let revision = 1;
    const answer = () => {
        for (let message; (message = session.outgoing()) !== undefined;) {
            const { type, id } = JSON.parse(message);
            if (type === 'join')
                session.received(JSON.stringify({ type: 'join_ack', id, documentId: 'paper', revision, snapshot: btoa('{"content":""}'), awareness: [] }));
            else if (type === 'op')
                session.received(JSON.stringify({ type: 'op_ack', id, documentId: 'paper', success: true, newRevision: ++revision }));
        }
    };
    session.connected();
    answer();
    const spent = seconds(() => {
        edits.forEach(([at, gone, put], i) => {
            session.replace(doc, at, gone, put);
            if (i % editsAnOp === 0) answer();
        });
        answer();
    });
    same(session.range(doc, 0, -1));
    session.close();
    return spent;
}

const best = async (replay) => Math.min(await replay(), await replay(), await replay());
const alone = await best(replayEngine), each = await best(() => replaySession(1)), ten = await best(() => replaySession(10));
const row = (what, s) => console.log(`${what.padEnd(58)} ${(s * 1e3).toFixed(0).padStart(6)} ms ${(s / edits.length * 1e9).toFixed(0).padStart(7)} ns an edit`);
row('text engine, WebAssembly, check and apply', alone);
row('whole session, WebAssembly: an op, sent and acked, an edit', each);
row('whole session, WebAssembly: ten edits an op', ten);
console.log(`wasm_seconds ${alone} ${each} ${ten}`);
