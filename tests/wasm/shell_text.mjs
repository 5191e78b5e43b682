// Texts: edits, reads, cursors, undo, awareness, sizes.

import { story, until } from './package.mjs';

// Two people in one document, and nothing on its way.
async function pair(place, keep, id, type = 'text')
{
    const clients = [0, 1].map(() => keep(place.connect(place.url)));
    const docs = await Promise.all(clients.map((c) => c.open(id, type)));
    await Promise.all(docs.map((d) => d.synced()));
    return [...docs, ...clients];
}

const same = (a, b) => until('both see the same', () => a.pending === 0 && b.pending === 0 && a.revision === b.revision);

export async function textStories(place)
{
    await story('what one inserts, deletes and replaces the other has', async ({ equal, keep }) => {
        const [a, b] = await pair(place, keep, 'edits');
        equal([a.id, a.type, a.status, a.text, a.length, a.revision], ['edits', 'text', 'joined', '', 0, 1], 'an empty document');
        a.insert(0, 'hello world');
        equal([a.text, String(a), a.toString(), a.length, a.pending], ['hello world', 'hello world', 'hello world', 11, 1], 'visible at once');
        await same(a, b);
        b.replace(6, 5, 'Wörld \u{1f600}');
        b.delete(0, 1);
        b.insert(0, 'H');
        await same(a, b);
        equal([a.text, b.text], ['Hello Wörld \u{1f600}', 'Hello Wörld \u{1f600}'], 'both');
        equal(a.length, 'Hello Wörld \u{1f600}'.length, 'UTF-16 units');
        const text = a.text;
        for (const ends of [[], [3], [3, 7], [-4], [-8, -4], [5, 2], [0, 99], [-99, 2], [12, 13], [undefined, 4]])
            equal(a.slice(...ends), ends[0] === 12 ? '' : text.slice(...ends), `slice(${ends})`); // half a pair is not text
        a.insert(5, '');
        a.insert(a.length, '\u0000\ufeff\u2028');
        await same(a, b);
        equal(b.text.slice(-3), '\u0000\ufeff\u2028', 'U+0000, a BOM and a line separator are text like any other');
    });

    await story('cursors are carried along, one\'s own in front of what others type there', async ({ equal, keep, throws }) => {
        const [a, b] = await pair(place, keep, 'cursors');
        a.insert(0, 'one two three');
        await same(a, b);
        const own = a.cursor(4, undefined, { own: true }), range = a.cursor(4, 7), theirs = b.cursor(4);
        a.insert(4, '22 ');
        equal([own.anchor, own.head, range.anchor, range.head, theirs.anchor], [7, 7, 4, 10, 4], 'after an edit here');
        await same(a, b);
        b.insert(7, 'b');
        equal([theirs.anchor], [theirs.head], 'a caret stays one');
        await same(a, b);
        equal(own.anchor, 7, 'others type behind one\'s own caret');
        b.delete(0, 4);
        await same(a, b);
        equal([own.anchor, range.anchor], [3, 0], 'after a deletion in front');
        range.set(1);
        equal([range.anchor, range.head], [1, 1], 'set to a place');
        range.set(2, 999);
        equal([range.anchor, range.head], [2, a.length], 'clamped to the text');
        range.close();
        equal([range.anchor, range.head], [0, 0], 'closed');
        throws(RangeError, 'more cursors than there may be', () => { for (let i = 0; i < 2000; i++) a.cursor(0); });
    });

    await story('undo takes back one\'s own last change, redo does it again', async ({ equal, keep }) => {
        const [a, b] = await pair(place, keep, 'undo'), patches = [];
        equal([a.undoable, a.redoable, a.undo(), a.redo()], [false, false, false, false], 'nothing to take back');
        a.insert(0, 'mine');
        a.undoStop();
        a.insert(4, ' too');
        await same(a, b);
        b.insert(0, 'theirs ');
        await same(a, b);
        a.on('patch', (p) => patches.push(p));
        equal([a.undoable, a.undo(), a.text, a.redoable], [true, true, 'theirs mine', true], 'the last change');
        equal(patches, [{ position: 11, deleted: 4, inserted: '', revision: a.revision, origin: 'undo' }], 'an editor hears of it');
        equal([a.undo(), a.text, a.undoable, a.undo()], [true, 'theirs ', false, false], 'and the one before');
        equal([a.redo(), a.text], [true, 'theirs mine'], 'again');
        await same(a, b);
        equal([b.text, b.undoable], ['theirs mine', true], 'the other has his own history');
        b.undo();
        await same(a, b);
        equal(a.text, 'mine', 'and takes back his own');
    });

    await story('who is here: states come, change and go', async ({ equal, keep }) => {
        const [a, b, , bob] = await pair(place, keep, 'people'), changes = [];
        equal([a.awareness.peers.size, a.awareness.local], [0, undefined], 'nobody said anything');
        a.awareness.on('change', (peer) => changes.push(peer));
        b.awareness.local = { name: 'Bob', at: 3 };
        equal(b.awareness.local, { name: 'Bob', at: 3 }, 'one\'s own');
        await until('Bob is seen', () => a.awareness.peers.get(bob.peerId)?.name === 'Bob');
        b.awareness.local = { name: 'Bob', at: 4 };
        await until('Bob has moved', () => a.awareness.peers.get(bob.peerId)?.at === 4);
        equal([...b.awareness.peers], [], 'never one\'s own');
        b.leave();
        await until('Bob is gone', () => a.awareness.peers.size === 0);
        equal(changes.every((peer) => peer === bob.peerId) && changes.length >= 3, true, `changes tell whose: ${changes}`);
    });

    await story('edits of one turn travel as one op', async ({ equal, keep }) => {
        const [a, b, alice] = await pair(place, keep, 'turn'), sent = [];
        alice.on('sent', (m) => { if (JSON.parse(m).type === 'op') sent.push(m); });
        for (let i = 0; i < 100; i++) a.insert(a.length, `${i} `);
        equal([sent.length, a.pending], [0, 1], 'nothing is sent within the turn');
        await same(a, b);
        equal([sent.length, b.text], [1, Array.from({ length: 100 }, (_, i) => `${i} `).join('')], 'one op');
    });

    await story('a text of 1 MB is edited, read and opened', async ({ equal, keep }) => {
        const [a, b] = await pair(place, keep, 'large');
        const part = 'ä\u{1f600}0123456789abcdef'.repeat(14000); // 252,000 units, 308,000 bytes
        for (let i = 0; i < 4; i++) a.insert(a.length, part);
        equal([a.length, a.slice(part.length - 2, part.length + 3)], [4 * part.length, 'efä\u{1f600}'], 'at once');
        await same(a, b);
        a.replace(500000, 10, 'the middle');
        await same(a, b);
        const c = await keep(place.connect(place.url)).open('large', 'text');
        equal([b.text === a.text, c.text === a.text, c.slice(500000, 500010)], [true, true, 'the middle'], 'all the same');
    });

    await story('beyond the memory limit edits throw; what was taken is not lost', async ({ equal, keep }) => {
        const slot = { load: async () => slot.bytes, save: async (bytes) => { slot.bytes = bytes; }, remove: async () => {}, release() {} };
        const storage = { claim: async () => slot }, client = keep(place.connect(place.url, { memoryLimit: 1 << 20, storage }));
        const doc = await client.open('memory', 'text');
        let error, taken = 0;
        await doc.synced();
        for (; error === undefined && taken < 100; taken++) {
            try {
                doc.insert(0, 'x'.repeat(60000));
            } catch (e) {
                error = e;
            }
        }
        equal([error?.constructor, /memory/.test(error?.message), taken > 1], [Error, true, true], `an error: ${error}`);
        await client.close();
        const next = await keep(place.connect(place.url, { storage })).open('memory', 'text'); // as much memory as there usually is
        await next.synced();
        equal(next.length, (taken - 1) * 60000, 'all that was taken');
    });
}
