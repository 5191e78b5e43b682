// The part of conformance/DEVIATIONS.md that lists recorded cases: what the released server sent, what ours sends, why. It is read here, held against
// a play of the recordings, and written anew on request, so that its bytes are always those of the running server.

import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- recorded cases: begin -->', END = '<!-- recorded cases: end -->';

// Members of the envelope that are null in a text say nothing: they are shown as `…`.
export const brief = (text) => text.replace(/(?:,"[A-Za-z]+":null)+/g, ',…').replaceAll('\n', ' | ');

// Reasons for what the recordings call a defect without saying why; for a defect that is copied all the same; and for what we do otherwise although it is
// called `must`, which without a reason here is a failure and never gets into the list.
const BEFORE_JOIN = 'the released server sends no reply to a connection before its first join; a client would wait for ever';
const NO_COMMENTS = 'comments are not served on this socket yet: ignored likewise';
const POISON = 'a state that cannot be written for every peer is refused, not stored';
const REASONS = [
    [/^ws\.before-join\.op-is-applied$/, 'the op of a connection that has not joined is applied likewise, but it is answered'],
    [/^ws\.before-join\./, BEFORE_JOIN],
    [/^ws\.ignored\.comment-type\./, NO_COMMENTS],
    [/^ws\.close\.failed-joiner-is-announced$/, 'the recorded part is right: nobody is told of a join that failed'],
    [/^op\.text\.(transform\.)?retain-past-end$/, '`reference` clamps at the end of the document (v1.md §5), and this op is unharmed by it'],
    [/\.base-(too-high|int64-max)$/, '`reference` takes a base above the current revision as the current one (profile flag `base_ahead_is_current`); `v1` answers RevisionAhead'],
    [/^ws\.frame\.bom-utf16-binary$/, 'messages are UTF-8; a UTF-16 mark does not switch the decoder'],
    [/^awareness\.poison\./, POISON],
    [/^awareness\.unjoined-document-without-session$/, 'awareness of a document that nobody has open is refused, and that is said'],
    [/^http\.upgrade\.origin-foreign$/, 'a web page of another origin may not connect (v1.md §4): cross-site WebSocket hijacking'],
];
export const reasonOf = (theCase) => REASONS.find(([id]) => id.test(theCase.id))?.[1] ?? theCase.why ?? null;

// How a defect is listed that the server copies.
export const COPIED = { reference: '(as recorded)', ours: '(the same)' };

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
