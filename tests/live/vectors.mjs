// Plays the recordings against the running server. Every `must` case that this build serves agrees, byte for byte, but for those that
// conformance/DEVIATIONS.md lists; every `defect` case that differs is listed there, with the bytes that the server sends today.
//
//   OPSTREAMD=… node vectors.mjs DEVIATIONS.md reference-wire.json v1-wire.json [full|write]
//
// full: the slow cases too, and the reference ones once more with ?profile= on every connection. write: makes the list in DEVIATIONS.md anew.

import { existsSync } from 'node:fs';
import { CLASSES, readCases } from '../../conformance/play/select.mjs';
import { playAll } from '../../conformance/play/run.mjs';
import { deviation, failureLines } from '../../conformance/play/report.mjs';
import { check, notOk, ok, run, skip } from './lines.mjs';
import { COPIED, brief, readDeviations, reasonOf, writeDeviations } from './deviations.mjs';
import { opstreamd, start } from './start.mjs';

// What this build serves. Whoever adds a transport, an engine or an endpoint adds it here.
const SERVED = { transports: ['websocket', 'http', 'signalr-ws', 'signalr-sse', 'signalr-lp', 'mixed'], endpoints: ['/', '/collab', '/health', '/collab-ws', '/nothing'], engines: ['text', 'json'], without: ['comments', 'state-at'] };

const [page, ...rest] = process.argv.slice(2);
const mode = rest.find((a) => a === 'full' || a === 'write') ?? 'quick';
const files = rest.filter((a) => a !== mode);

// Collects instead of printing: {theCase, result} of what was played, reasons of what was not.
class Collector
{
    constructor() { [this.results, this.skips] = [[], new Map()]; }
    played(theCase, result) { this.results.push({ theCase, result }); }
    skipped(theCase, reason) { this.skips.set(reason, (this.skips.get(reason) ?? 0) + 1); }
    failed(name) { return this.results.filter(({ theCase, result }) => theCase.class === name && !result.passed); }
    count(name) { return this.results.filter(({ theCase }) => theCase.class === name).length; }
}

// A recording on server-sent events as it has to go here: the head of the stream has one header more (DEVIATIONS.md, Behaviour), and calls for
// comments are left out while those are not served.
function adapted(theCase)
{
    if (theCase.transport !== 'signalr-sse') return theCase;
    const ids = [], call = /\{[^\x1e]*"invocationId":"(\w+)","target":"[A-Za-z]*Comments?"[^\x1e]*\x1e/g;
    const without = (text) => (SERVED.without.includes('comments') ? text.replace(call, (_, id) => (ids.push(id), '')) : text);
    const head = (response) => ({ ...response, headers: [...response.headers, ['X-Accel-Buffering', 'no']] });
    const steps = theCase.steps.map((s) => (s.body ? { ...s, body: without(s.body) } : s.via === 'sse' ? { ...s, response: head(s.response) } : s));
    return { ...theCase, id: `${theCase.id} (adapted)`, steps: steps.filter((s) => !ids.some((id) => s.do === 'recv' && s.text?.includes(`{"type":3,"invocationId":"${id}"`))) };
}

async function play(cases, where, more)
{
    const options = { only: null, classes: CLASSES, hosts: ['stock'], profiles: null, profileMode: 'auto', jobs: 12, timeout: 10000, settle: 50,
        slow: mode !== 'quick', strict: false, ...SERVED, ...more };
    const collector = new Collector();
    await playAll(cases, where, options, collector);
    return collector;
}

function must(label, got, listed)
{
    const unlisted = got.failed('must').filter(({ theCase }) => !(listed.has(theCase.id) && reasonOf(theCase) !== null));
    for (const { theCase, result } of unlisted) notOk(`${label} ${theCase.id}`, ...failureLines(theCase, result));
    check(unlisted.length === 0, `${label}: ${got.count('must')} must cases agree with the recording, or are listed in DEVIATIONS.md`, `${unlisted.length} do not`);
    for (const [reason, n] of got.skips) console.log(`  not played: ${n}, ${reason}`);
    console.log(`  informational: ${got.count('informational') - got.failed('informational').length} of ${got.count('informational')} agree`);
}

// What the list has to hold: every difference of a defect, every defect that is copied, and the differences of must cases that have a reason.
function differences(got)
{
    const entry = ({ theCase, result }) => ({ ...deviation(theCase, result), why: reasonOf(theCase) ?? 'no reason is written down in tests/live/deviations.mjs' });
    const copied = got.results.filter(({ theCase, result }) => theCase.class === 'defect' && result.passed);
    return [...got.failed('defect').map(entry), ...got.failed('must').filter(({ theCase }) => reasonOf(theCase) !== null).map(entry),
        ...copied.map(({ theCase }) => ({ id: theCase.id, step: theCase.steps.length - 1, ...COPIED, why: `copied: ${reasonOf(theCase)}` }))];
}

// The list and the server tell the same: nothing unlisted, nothing listed that is not so, and the listed bytes are today's.
function held(got, listed)
{
    const today = new Map(differences(got).map((d) => [d.id, d]));
    const played = new Set(got.results.map(({ theCase }) => theCase.id));
    const unlisted = [...today.keys()].filter((id) => !listed.has(id));
    const stale = [...listed.keys()].filter((id) => played.has(id) && !today.has(id));
    const changed = [...listed].filter(([id, d]) => today.has(id) && d.ours !== brief(today.get(id).ours));
    const count = got.count('defect');
    check(unlisted.length === 0, `each of ${count} recorded defects has its line in DEVIATIONS.md`, ...unlisted);
    check(stale.length === 0, 'what DEVIATIONS.md lists is so', ...stale);
    check(changed.length === 0, 'DEVIATIONS.md shows the bytes that the server sends', ...changed.map(([id, d]) => `${id}: listed ${d.ours}, sent ${brief(today.get(id).ours)}`));
}

run('vectors', async () => {
    const there = files.filter((f) => existsSync(f));
    for (const f of files) if (!there.includes(f)) skip(f.replace(/.*\//, ''), 'the recordings are not beside the project');
    if (!opstreamd()) return skip('the recordings against the server', 'OPSTREAMD is not set');
    if (there.length === 0) return;
    const server = await start({ OPSTREAM__ENGINES: SERVED.engines.join(','), OPSTREAM__TRANSPORTS: 'signalr,websockets', OPSTREAM__STORAGE__PROVIDER: 'memory' });
    const listed = readDeviations(page), all = [];
    for (const file of there) {
        const cases = readCases(file).map(adapted), label = cases[0].profile;
        const got = await play(cases, server.where);
        all.push(got);
        must(label, got, listed);
        if (mode === 'full' && label === 'reference') must(`${label} by ?profile=`, await play(cases, server.where, { profileMode: 'reference', classes: ['must'] }), listed);
    }
    const got = Object.assign(new Collector(), { results: all.flatMap((c) => c.results) });
    if (mode === 'write') {
        const list = differences(got);
        writeDeviations(page, list);
        ok(`${list.length} entries were written to ${page}: read them`);
    } else held(got, listed);
    const exit = await server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...server.log.slice(-20));
});
