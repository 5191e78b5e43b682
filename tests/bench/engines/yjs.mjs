// Replays an editing trace in Yjs: node yjs.mjs TRACE.json. Prints the best of three.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const Y = createRequire(join(process.env.OPS_NPM_DIR, 'package.json'))('yjs');
const trace = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const replay = (whole) => {
    const doc = new Y.Doc(), text = doc.getText('t');
    const all = () => {
        for (const { patches } of trace.txns)
            for (const [at, gone, put] of patches) {
                if (gone > 0) text.delete(at, gone);
                if (put.length > 0) text.insert(at, put);
            }
    };
    const begin = process.hrtime.bigint();
    if (whole) doc.transact(all); else all();
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    if (text.toString() !== trace.endContent) throw new Error('another text');
    return seconds;
};
const best = (whole) => Math.min(...[1, 2, 3].map(() => replay(whole)));
const each = best(false), one = best(true);
console.log(`yjs: ${(each * 1e3).toFixed(0)} ms, an op a transaction; ${(one * 1e3).toFixed(0)} ms with all in one`);
console.log(`yjs_seconds ${each} ${one}`);
