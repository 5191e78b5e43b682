// Maps of registers.

import { story, until } from './package.mjs';

export async function jsonStories(place)
{
    await story('registers are set, read, listed and deleted; the other is told the path', async ({ equal, throws, keep }) => {
        const [a, b] = await Promise.all([0, 1].map(() => keep(place.connect(place.url)).open('board', 'json')));
        const told = [], same = () => until('both see the same', () => a.pending === 0 && b.pending === 0 && a.revision === b.revision);
        await Promise.all([a.synced(), b.synced()]);
        b.on('change', (path, origin) => told.push([path, origin, b.has('a')]));
        equal([a.type, a.get('a'), a.has('a'), a.entries()], ['json', undefined, false, []], 'empty');
        const value = { text: 'ü\u{1f600}"\\\n', list: [1, 2.5, -3e300, null, true], deep: { er: {} } };
        a.set('a', value);
        a.set('cards.1', 'one');
        a.set('cards.0', null);
        equal([a.get('a'), a.get('cards.0'), a.has('cards.0'), a.has('cards.2')], [value, null, true, false], 'at once');
        await same();
        equal(b.entries(), [['a', value], ['cards.0', null], ['cards.1', 'one']], 'ordered by path');
        equal([told.map(([path]) => path).sort(), told.every(([, origin, there]) => origin === 'server' && there)], [['a', 'cards.0', 'cards.1'], true], 'told');
        b.delete('a');
        b.set('cards.1', 'two');
        await same();
        equal([a.get('a'), a.has('a'), a.entries()], [undefined, false, [['cards.0', null], ['cards.1', 'two']]], 'after a delete');
        throws(TypeError, 'a value that is not JSON', () => a.set('f', () => {}));
        equal([a.get('\ud800'), a.has('\ud800')], [undefined, false], 'a path that is not text');
        throws(TypeError, 'a path that is not text', () => a.set('\ud800', 1));
        throws(TypeError, 'a value that refers to itself', () => { const me = {}; me.me = me; a.set('me', me); });
        throws(RangeError, 'a value beyond the limit of an op', () => a.set('big', 'x'.repeat(3 << 20)));
        throws(TypeError, 'a surrogate without partner in a value', () => a.set('lone', '\ud800'));
        equal([a.entries().length, a.pending], [2, 0], 'nothing of these has changed anything');
    });

    await story('writes are taken back and done again', async ({ equal, keep }) => {
        const doc = await keep(place.connect(place.url)).open('board-undo', 'json'), told = [];
        await doc.synced();
        doc.set('x', 1);
        await doc.synced();
        doc.undoStop();
        await new Promise((r) => setTimeout(r, 5));
        doc.set('x', 2);
        doc.set('y', 1);
        doc.on('change', (path, origin) => told.push([path, origin]));
        equal([doc.undoable, doc.undo(), doc.get('x'), doc.has('y'), doc.redoable], [true, true, 1, false, true], 'writes of one turn are one change');
        equal(told.every(([, origin]) => origin === 'undo') && told.length > 0, true, 'told as undo');
        equal([doc.redo(), doc.get('x'), doc.get('y')], [true, 2, 1], 'again');
        await doc.synced();
    });

    await story('writes of one turn travel as one op', async ({ equal, keep }) => {
        const client = keep(place.connect(place.url)), doc = await client.open('board-turn', 'json'), sent = [];
        await doc.synced();
        client.on('sent', (m) => { if (JSON.parse(m).type === 'op') sent.push(m); });
        for (let i = 0; i < 50; i++) doc.set(`card.${i}`, { i });
        await doc.synced();
        equal([sent.length, doc.entries().length], [1, 50], 'one op');
    });
}
