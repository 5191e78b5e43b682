// The property test through WebAssembly: what the native clients of the simulation were told is told to opstream.wasm, and everything that comes
// out must be the same bytes: messages, events and their order, what is saved, texts, registers, cursors, states, deadlines. So the WebAssembly
// clients have converged where the native ones have, which verdict.c judges.
//
//   node replay.mjs SIMULATION_TAPE OPSTREAM_WASM SEEDS      OPS_SEED=n plays one; OPS_STEPS=n

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { check, notOk, ok, run } from '../live/lines.mjs';
import { frames, items, readable } from './tape.mjs';
import { Replayed } from './replayed.mjs';

const NEEDED = ['client_open', 'client_load', 'text_replace', 'json_list', 'doc_undo', 'doc_undoable', 'doc_redoable', 'doc_undo_stop', 'cursor_open'];

// The instances of a seed: one for each client's number. One that was closed is used again, so that closing and opening are played, too.
class Seed
{
    constructor(module, names)
    {
        Object.assign(this, { module, names, clients: [], calls: 0, number: null });
    }

    // What differs, as lines; null: nothing.
    call(payload)
    {
        const { calls, outs } = this.names, client = payload[0], call = calls[payload[1]], split = 6 + payload.readUInt32LE(2);
        const instance = (this.clients[client] ??= new Replayed(this.module, outs)), native = payload.subarray(split);
        let given = items(payload.subarray(6, split)), got = Buffer.alloc(0), failure;
        const said = given.slice(0, -1).map((a) => (a instanceof Uint8Array ? JSON.stringify(a.toString('utf8').slice(0, 300)) : String(a)));
        this.calls++;
        try {
            got = instance.play(call, given);
        } catch (e) { // a trap
            failure = e.message;
        }
        if (failure === undefined && native.equals(got) && instance.undrawn === 0) return null;
        return [`seed ${this.number}, call ${this.calls}: client ${client}, ${call}(${said.join(', ')})`,
            ...(failure !== undefined ? [`opstream.wasm fails: ${failure}`] : firstDifference(readable(native, outs), readable(got, outs))),
            ...(failure === undefined && instance.undrawn !== 0 ? [`${instance.undrawn} random bytes were not drawn`] : [])];
    }
}

function firstDifference(native, wasm)
{
    let i = 0;
    while (i < native.length && native[i] === wasm[i]) i++;
    return [...native.slice(Math.max(0, i - 3), i).map((line) => `        ${line}`), `native: ${native[i] ?? '(nothing more)'}`, `wasm:   ${wasm[i] ?? '(nothing more)'}`];
}

// All seeds of one tape: {seeds, calls, difference, trouble}.
async function play(tape, module)
{
    const done = { seeds: 0, calls: 0, bytes: 0, memory: 0, difference: null, trouble: null };
    let names, seed;
    for await (const [kind, payload] of frames(tape)) {
        done.bytes += payload.length;
        if (kind === 'NAMES') {
            const [calls, outs] = payload.toString('latin1').replaceAll('\0', '').split('\n\n').map((list) => list.trim().split('\n'));
            names = { calls, outs };
        } else if (kind === 'BEGIN') {
            seed = new Seed(module, names);
            seed.number = payload.readBigUInt64LE(0);
        } else if (kind === 'CALL') {
            done.difference = seed.call(payload);
            if (done.difference !== null) return done;
        } else {
            done.seeds++;
            done.calls += seed.calls;
            done.memory = Math.max(done.memory, ...seed.clients.map((c) => c.memoryBytes));
            if (payload.length > 0) done.trouble ??= `seed ${seed.number}: ${payload.toString('utf8')}`;
        }
    }
    return done;
}

run('replay', async () => {
    const [tape, wasm, seeds] = process.argv.slice(2), given = process.env.OPS_SEED;
    const module = new WebAssembly.Module(readFileSync(wasm)), has = new Set(WebAssembly.Module.exports(module).map((e) => e.name));
    const missing = NEEDED.filter((name) => !has.has(name));
    if (missing.length > 0) return notOk('opstream.wasm has every call of client.h', `missing: ${missing.join(' ')}`);

    const native = spawn(tape, given !== undefined ? [given, '1'] : ['1', seeds], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    process.on('exit', () => native.kill('SIGKILL'));
    const ended = new Promise((r) => native.on('close', (code, signal) => r(code ?? signal)));
    let done;
    try {
        done = await play(native.stdio[3], module);
    } catch (e) {
        native.kill('SIGKILL');
        return notOk('the tape can be played', e.message, `simulation-tape ended with ${await ended}`);
    }
    if (done.difference !== null) {
        native.kill('SIGKILL');
        const number = /^seed (\d+)/.exec(done.difference[0])[1];
        return notOk('opstream.wasm gives the bytes that the native client gives', ...done.difference, `OPS_SEED=${number} replays it`);
    }
    ok(`opstream.wasm gives the bytes that the native client gives (${done.seeds} seeds, ${done.calls} calls, ${(done.bytes / 1e6).toFixed()} MB; `
        + `an instance had at most ${done.memory / 1024} KiB)`);
    const code = await ended;
    check(done.trouble === null && code === 0 && done.seeds === (given !== undefined ? 1 : Number(seeds)),
        'all of them show what the log says, and nothing typed is lost', done.trouble ?? `simulation-tape ended with ${code} after ${done.seeds} seeds`);
});
