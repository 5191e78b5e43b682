// What must be true in the end: all pages, and the server asked by somebody who is no page, hold one text; and what each person typed is in it,
// every character, in the order typed.

import { check, sleep, within } from '../live/lines.mjs';
import { Link } from '../live/link.mjs';
import { contentOf, v1 } from '../live/protocol.mjs';

const LIMIT = 40000;

// The server's document, as a client gets it that has seen nothing.
export async function serversDocument(where, documentId, type = 'text')
{
    let answer;
    const joined = new Promise((resolve, reject) => { answer = { resolve, reject }; });
    const link = await Link.open(where, { onEnd: () => answer.reject(new Error('the connection ended')), onText: (text) => {
        const m = v1.read(JSON.parse(text));
        if (m.kind === 'joined') answer.resolve(m);
        if (m.kind === 'error') answer.reject(new Error(m.error));
    } });
    link.send(JSON.stringify(v1.join(documentId, { type })));
    try {
        return (await within(10000, 'an answer to the join', joined)).snapshot;
    } finally {
        link.drop();
    }
}

export const serversText = async (where, documentId) => contentOf(await serversDocument(where, documentId));

// Until everything typed is home and all hold one text: that text. An error that holds all of them if that never happens.
export async function together(where, documentId, seats)
{
    const end = Date.now() + LIMIT;
    let texts, wrong;
    for (;;) {
        await Promise.all(seats.map((s) => s.quiet()));
        texts = await Promise.all([serversText(where, documentId), ...seats.map((s) => s.text()), ...seats.map((s) => s.shown())]);
        wrong = (await Promise.all(seats.map((s) => s.drawn()))).filter((w) => w !== null);
        if (texts.every((t) => t === texts[0]) && wrong.length === 0) return texts[0];
        if (Date.now() > end) break;
        await sleep(50);
    }
    const named = [['the server', texts[0]], ...seats.map((s, i) => [`page ${i + 1}`, texts[1 + i]]),
        ...seats.map((s, i) => [`the editor of page ${i + 1}`, texts[1 + seats.length + i]])];
    if (texts.every((t) => t === texts[0])) throw new Error(`the screen shows something else than the document: ${wrong.join('; ')}`);
    throw new Error(`they do not converge:\n${named.map(([who, text]) => `${who}: ${JSON.stringify(text)}`).join('\n')}`);
}

// What is missing of `typed`, whose characters nobody else types: null when all of it is there in this order.
export function missing(text, typed)
{
    const own = new Set(typed);
    const found = [...text].filter((c) => own.has(c)).join('');
    if (found === typed) return null;
    let at = 0;
    while (at < found.length && found[at] === typed[at]) at++;
    return `typed ${typed.length} characters, found ${found.length}; they differ from ${at} on: typed …${typed.slice(at, at + 40)}…, found …${
        found.slice(at, at + 40)}…`;
}

// An oracle that finds nothing would be no test.
export function checkItself()
{
    const broken = { 'a lost character': 'aAbBd', 'a lost end': 'aAbBc', 'two in the wrong order': 'aAcBbd', 'one twice': 'aAbbBcd' };
    for (const [what, text] of Object.entries(broken)) check(missing(text, 'abcd') !== null, `the oracle finds ${what}`);
    check(missing('AaBbCcDd', 'abcd') === null, 'and is content with what another typed in between', missing('AaBbCcDd', 'abcd'));
}
