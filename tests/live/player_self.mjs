// The player against servers that know each case by heart: as recorded it must pass; with one byte altered, a message too many, one missing, a
// binary message, another Close code, another status or header, or the end of the connection instead, it must fail at that case.
//
//   node player_self.mjs FILE… [full]      quick: a sample of the faults; full: every fault on every case

import { readCases } from '../../conformance/play/select.mjs';
import { Conversation } from '../../conformance/play/conversation.mjs';
import { firstMessageDecides } from '../../conformance/play/profile.mjs';
import { eventsOf } from '../../conformance/play/events.mjs';
import { Places } from '../../conformance/play/places.mjs';
import { check, isFull, randomFrom, run, seedOf, skip } from './lines.mjs';
import { fakeServer, literalPositions } from './fake_peer.mjs';
import { existsSync } from 'node:fs';

const JOBS = 24, SAMPLE = 400;

// Waiting is nothing that a fake needs.
const hasty = (c) => ({ ...c, steps: c.steps.map((s) => (s.do === 'wait' || s.do === 'silence' ? { ...s, ms: Math.min(s.ms, 20) } : s)) });

async function play(theCase, fault, timeout)
{
    let conversation = null;
    const server = await fakeServer(theCase, () => conversation.places.run, fault);
    conversation = new Conversation(theCase, server.where, { timeout, settle: 25, strict: false, profileMode: 'auto', fileProfile: theCase.profile });
    const result = await conversation.play();
    server.stop();
    return result;
}

// Faults that can be planted into a case, one of each kind at a random step.
function faultsOf(theCase, random)
{
    const steps = theCase.steps.map((s, i) => ({ s, i }));
    const texts = steps.filter(({ s }) => s.do === 'recv' && s.text !== undefined && literalPositions(s.text).length > 0);
    const closes = steps.filter(({ s }) => s.do === 'recv' && s.close);
    const answers = steps.filter(({ s }) => s.response && (s.do !== 'connect' || s.via === 'sse'));
    const list = [];
    if (texts.length > 0) {
        for (const kind of ['extra', 'omit', 'binary', 'end']) list.push({ kind, step: random.pick(texts).i });
        const { s, i } = random.pick(texts);
        list.push({ kind: 'alter', step: i, position: random.pick(literalPositions(s.text)) });
    }
    if (closes.length > 0) list.push({ kind: 'code', step: random.pick(closes).i });
    for (const kind of answers.length > 0 ? ['status', 'header'] : []) list.push({ kind, step: random.pick(answers).i });
    return list;
}

async function all(jobs, work)
{
    const queue = [...work];
    await Promise.all(Array.from({ length: jobs }, async () => { for (let w = queue.shift(); w; w = queue.shift()) await w(); }));
}

function placesAreStrict()
{
    const p = new Places('abcd1234');
    const is = (want, got, name, agrees) => check((p.match(want, got) === null) === agrees, name);
    is('{"a":"<guid:1>"}', '{"a":"00000001-0000-4000-8000-000000000001"}', 'a place is bound where it is first met', true);
    is('{"a":"<guid:1>"}', '{"a":"00000001-0000-4000-8000-000000000002"}', 'a bound place keeps its value', false);
    is('{"a":"<guid:2>"}', '{"a":"00000001-0000-4000-8000-000000000001"}', 'another n is another value', false);
    is('{"t":"<time:1>"}', '{"t":"2026-05-28T12:34:56.10+00:00"}', 'a time does not end in a zero', false);
    is('{"t":"<isotime:1>"}', '{"t":"2026-05-28T12:34:56.10Z"}', 'an isotime has three digits', false);
    is('{"m":"<text:1>"}', '{"m":""}', 'a free text has a character', false);
    is('{"m":"<text:1>"}', '{"m":"a","n":1}', 'a free text ends at its quote', false);
    is('<run>-<repeat:ab:3>', 'abcd1234-ababab', 'run and repeat are filled', true);
    check(p.match('{"a":1}', '{"a":2}').at === 5, 'the difference is named by its place');
    check(new Places().run !== new Places().run, 'every play has a run of its own');
}

function eventsAreRead()
{
    const is = (event, want, name) => check(JSON.stringify(eventsOf(event)) === JSON.stringify(want), name, JSON.stringify(eventsOf(event)));
    is(':\r\ndata: {}\x1e', [':\r\ndata: {}\x1e\r\n\r\n'], 'an event of one record is shown as it came');
    is('data: {"a":1}\x1e{"type":6}\x1e{"b":2}\x1e', ['data: {"a":1}\x1e\r\n\r\n', 'data: {"b":2}\x1e\r\n\r\n'], 'records of one event are taken apart, pings dropped');
    is('data: {"a"\ndata: :1}\x1e', ['data: {"a"\ndata: :1}\x1e\r\n\r\n'], 'an event in another form is not made right');
}

run('the player judges itself', async () => {
    placesAreStrict();
    eventsAreRead();
    const files = process.argv.slice(2).filter((a) => a !== 'full');
    for (const file of files) {
        const label = file.replace(/.*\//, '');
        if (!existsSync(file)) {
            skip(label, 'it is not there');
            continue;
        }
        const random = randomFrom(seedOf(label));
        const cases = readCases(file).map(hasty);
        const wrong = [];
        await all(JOBS, cases.map((c) => async () => {
            const r = await play(c, null, 10000);
            if (!r.passed) wrong.push(`${c.id}: step ${r.step} ${r.doing}: ${r.why}`);
        }));
        check(wrong.length === 0, `${label}: ${cases.length} cases pass against their own recording`, ...wrong.slice(0, 20));

        let faults = cases.flatMap((c) => faultsOf(c, random).map((f) => ({ c, f })));
        if (!isFull) // those on event streams are few: all of them
            faults = faults.map((x) => [x.c.transport === 'signalr-sse' ? 0 : random(), x]).sort((a, b) => a[0] - b[0]).slice(0, SAMPLE).map(([, x]) => x);
        const missed = [];
        await all(JOBS, faults.map(({ c, f }) => async () => {
            const r = await play(c, f, f.kind === 'omit' ? 400 : 4000);
            if (r.passed || r.step < f.step) missed.push(`${c.id}: ${f.kind} at step ${f.step}: ${r.passed ? 'not noticed' : `failed too early, at ${r.step}: ${r.why}`}`);
        }));
        const kinds = [...new Set(faults.map(({ f }) => f.kind))].join(', ');
        check(missed.length === 0, `${label}: ${faults.length} planted faults (${kinds}) are each noticed`, ...missed.slice(0, 20));
        const undecided = cases.filter((c) => c.profile === 'reference' && c.steps.some((s) => s.do === 'connect' && !firstMessageDecides(c, s.peer, c.steps.indexOf(s))));
        if (undecided.length > 0) console.log(`${label}: ${undecided.length} cases have a connection whose first message does not decide the profile`);
    }
});
