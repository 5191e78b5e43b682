// The part of conformance/DEVIATIONS.md that lists recorded cases: what the released server sent, what ours sends, why. It is read here, held against
// a play of the recordings, and written anew on request, so that its bytes are always those of the running server.

import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- recorded cases: begin -->', END = '<!-- recorded cases: end -->';

// Members of the envelope that are null in a text say nothing: they are shown as `…`.
export const brief = (text) => text.replace(/(?:,"[A-Za-z]+":null)+/g, ',…').replaceAll('\n', ' | ');

// Reasons for what the recordings call a defect without saying why, and for what we do otherwise although it is called `must`.
const BEFORE_JOIN = 'the released server sends no reply to a connection before its first join; a client would wait for ever';
const POISON = 'a state that cannot be written for every peer is refused, not stored';
const REASONS = [
    [/^ws\.before-join\.op-is-applied$/, 'an op of a connection that has not joined is refused (NotJoined)'],
    [/^ws\.before-join\./, BEFORE_JOIN],
    [/^ws\.ignored\.comment-type\./, 'comments are answered on the collaboration socket too'],
    [/^ws\.frame\.bom-utf16-binary$/, 'messages are UTF-8; a UTF-16 mark does not switch the decoder'],
    [/^awareness\.poison\./, POISON],
    [/^http\.upgrade\.origin-foreign$/, 'a web page of another origin may not connect (v1.md §4): cross-site WebSocket hijacking'],
    [/^http\.health(-ready)?$/, 'health tells the truth about the store; `Degraded` was the name of memory storage'],
];
export const reasonOf = (theCase) => theCase.why ?? REASONS.find(([id]) => id.test(theCase.id))?.[1] ?? 'to be judged';

const page = (path) => {
    const text = readFileSync(path, 'utf8');
    const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
    if (from < 0 || to < from) throw new Error(`${path} has no part between ${BEGIN} and ${END}`);
    return { before: text.slice(0, from + BEGIN.length), list: text.slice(from + BEGIN.length, to), after: text.slice(to) };
};

// id → {reference, ours, why}
export function readDeviations(path)
{
    const found = new Map();
    for (const m of page(path).list.matchAll(/^\*\*`([^`]+)`\*\* (?:\([^)]*\) )?(.*)\n\n {4}reference {2}(.*)\n {4}ours {7}(.*)$/gm))
        found.set(m[1], { why: m[2], reference: m[3], ours: m[4] });
    return found;
}

// `list`: [{id, step, peer, reference, ours, why}], in the order to be shown.
export function writeDeviations(path, list)
{
    const { before, after } = page(path);
    const entries = list.map((d) => `**\`${d.id}\`** (step ${d.step}${d.peer ? `, ${d.peer}` : ''}) ${d.why}\n\n    reference  ${brief(d.reference)}\n    ours       ${brief(d.ours)}\n`);
    writeFileSync(path, `${before}\n\n${entries.join('\n')}\n${after}`);
}
