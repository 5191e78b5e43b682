// Events: told when the call that caused them is over, in order; listeners may edit, throw, and stop listening.

import { sleep } from '../live/lines.mjs';
import { start } from '../live/start.mjs';
import { soon, story, until } from './package.mjs';

export async function eventStories(place)
{
    const open = (keep, id, type = 'text') => keep(place.connect(place.url)).open(id, type);

    await story('a listener sees what it is told of, and may edit', async ({ equal, keep }) => {
        const [a, b] = await Promise.all([open(keep, 'listener'), open(keep, 'listener')]), seen = [];
        await Promise.all([a.synced(), b.synced()]);
        let model = b.text;
        b.on('patch', ({ position, deleted, inserted, origin }) => {
            model = model.slice(0, position) + inserted + model.slice(position + deleted);
            seen.push([inserted, origin]);
            if (inserted === 'ping') {
                b.insert(b.length, ' pong'); // the patch that comes next has been told of this text
                model += ' pong';
            }
        });
        a.insert(0, 'ping');
        await until('the answer is there', () => a.text === 'ping pong');
        equal([model, b.text, seen], ['ping pong', 'ping pong', [['ping', 'server']]], 'one patch, one edit');
        a.insert(4, '-');
        await until('the last is there', () => b.text === 'ping- pong');
        equal(model, 'ping- pong', 'patches make the text');
    });

    await story('one change is told in order: its patches, then how the document stands', async ({ equal, keep }) => {
        const [a, b] = await Promise.all([open(keep, 'order'), open(keep, 'order')]), told = [];
        a.insert(0, 'one two three');
        await a.synced();
        await until('both have it', () => b.revision === a.revision);
        b.on('status', (status) => told.push(['status', status, b.revision]));
        b.on('patch', (p) => told.push(['patch', p.position, p.deleted, p.inserted, p.revision === b.revision]));
        a.insert(13, '!');
        a.delete(4, 4);
        a.insert(0, '>');
        await a.synced();
        await until('the other has it', () => b.text === '>one three!');
        equal(told, [['patch', 0, 0, '>', true], ['patch', 5, 4, '', true], ['patch', 10, 0, '!', true], ['status', 'joined', a.revision]], 'one op, three places');
    });

    await story('a listener that throws does not keep others from hearing', async ({ equal, keep }) => {
        const doc = await open(keep, 'throws'), thrown = [], heard = [];
        const caught = (error) => thrown.push(error.message);
        await doc.synced();
        process.on('uncaughtException', caught);
        const stop = doc.on('status', () => { throw new Error('a listener\'s own'); });
        doc.on('status', (status) => heard.push(status));
        doc.insert(0, 'x');
        await doc.synced();
        stop();
        await sleep(5);
        process.off('uncaughtException', caught);
        equal([heard.length > 0, thrown.length, thrown.every((m) => m === 'a listener\'s own')], [true, heard.length, true], `${heard.length} heard, ${thrown.length} thrown`);
        const before = thrown.length, count = heard.length, listener = () => { throw new Error('this one was taken off'); };
        doc.on('status', listener);
        doc.off('status', listener);
        doc.insert(0, 'y');
        await doc.synced();
        equal([thrown.length, heard.length > count], [before, true], 'off');
    });

    await story('status events say every change of status, pending and undoable, of the text as it then is', async ({ equal, keep }) => {
        const client = keep(place.connect(place.url)), statuses = [client.status], texts = [];
        client.on('status', (s) => statuses.push(s));
        const doc = await client.open('status', 'text', { wait: false });
        equal([doc.status === 'joined', doc.revision], [false, 0], 'nothing is known yet');
        const seen = [];
        doc.on('status', (s) => {
            seen.push([s, doc.pending, doc.undoable]);
            if (client.status !== 'closed') texts.push(doc.text);
        });
        doc.insert(0, 'typed before it was there');
        equal([seen.at(-1)?.slice(1), texts.at(-1)], [[1, true], 'typed before it was there'], 'told after the edit, before the next line');
        await doc.synced();
        equal([seen.at(-1), statuses], [['joined', 0, true], ['loading', 'connecting', 'online']], 'and after the answer');
        equal([client.status, typeof client.peerId, typeof client.server, client.retryAt], ['online', 'string', 'string', undefined], 'online');
    });

    await story('a refused edit is taken back, and both are told', async ({ equal, keep }) => {
        const small = await start({ OPSTREAM__LIMITS__DOCUMENT_BYTES: '1024' });
        try {
            const doc = await keep(place.connect(`ws://127.0.0.1:${small.port}`)).open('small', 'text'), refused = [], patches = [];
            doc.on('refused', (r) => refused.push(r));
            doc.on('patch', (p) => patches.push(p));
            doc.insert(0, 'kept');
            await doc.synced();
            doc.insert(4, 'x'.repeat(2000));
            await until('it is refused', () => refused.length > 0);
            equal([refused[0].code, typeof refused[0].message, refused[0].op?.components?.length], ['TooLarge', 'string', 2], 'refused');
            equal([doc.text, doc.pending, patches.map((p) => [p.position, p.deleted, p.origin])], ['kept', 0, [[4, 2000, 'refused']]], 'taken back');
            doc.insert(4, '!');
            await doc.synced();
            equal(doc.text, 'kept!', 'and on');
        } finally {
            await small.stop();
        }
    });

    await story('wrong edits throw and change nothing', async ({ equal, throws, keep }) => {
        const doc = await open(keep, 'wrong');
        doc.insert(0, 'ab\u{1f600}cd');
        await doc.synced();
        for (const [what, edit] of Object.entries({ 'behind the end': () => doc.insert(7, 'x'), 'a deletion that reaches out': () => doc.delete(5, 2),
            'inside a pair': () => doc.insert(3, 'x'), 'half a pair': () => doc.delete(2, 1), 'a negative place': () => doc.insert(-1, 'x'),
            'a negative count': () => doc.delete(0, -1), 'no whole number': () => doc.insert(0.5, 'x'), 'no number': () => doc.insert(undefined, 'x'),
            'a place beyond 32 bits': () => doc.insert(2 ** 32, 'x'), 'beyond the limit of an op': () => doc.insert(0, 'x'.repeat(2 << 20)) }))
            throws(RangeError, what, edit);
        throws(TypeError, 'a high surrogate alone', () => doc.insert(0, 'x\ud83d'));
        throws(TypeError, 'a low surrogate alone', () => doc.replace(0, 1, '\ude00x'));
        throws(TypeError, 'no JSON', () => { doc.awareness.local = undefined; });
        throws(RangeError, 'a state beyond the limit', () => { doc.awareness.local = 'x'.repeat(1 << 17); });
        equal(doc.awareness.local, undefined, 'and no state');
        equal([doc.text, doc.pending], ['ab\u{1f600}cd', 0], 'nothing has changed');
    });

    await story('what was left or closed says so', async ({ equal, throws, rejects, keep }) => {
        const client = keep(place.connect(place.url)), doc = await client.open('leave', 'text'), other = await client.open('close', 'json');
        equal(await client.open('leave', 'text') === doc, true, 'the same document again is the same object');
        const [one, two] = await Promise.all([client.open('twice', 'text'), client.open('twice', 'text')]);
        equal(one === two, true, 'at once, too');
        one.leave();
        equal(client.documents.map((d) => d.id), ['leave', 'close'], 'open');
        await doc.synced();
        doc.insert(0, 'x');
        const synced = rejects('synced', doc.synced());
        doc.leave();
        doc.leave();
        equal([/left/.test((await synced).message), doc.status, doc.pending, client.documents.map((d) => d.id)], [true, 'offline', 0, ['close']], 'left');
        for (const what of [() => doc.insert(0, 'x'), () => doc.text, () => doc.length, () => doc.undo(), () => doc.cursor(0)]) throws(Error, 'a left document', what);
        equal([doc.revision, doc.undoable, doc.redoable], [1, false, false], 'but how it stood');
        const again = await client.open('leave', 'text');
        equal(again !== doc, true, 'opened anew');
        const opening = rejects('open', client.open('never', 'text')), closed = client.close();
        equal([client.status, /closed|left/.test((await opening).message)], ['closed', true], 'closed');
        await closed;
        throws(Error, 'a document of a closed client', () => other.set('x', 1));
        equal([client.peerId, client.server, client.retryAt, other.status], [undefined, undefined, undefined, 'offline'], 'nothing more to be read');
        equal(/closed/.test((await rejects('open', client.open('more', 'text'))).message), true, 'open');
        await client.saved();
        client.retry();
        await soon('close again', client.close());
    });
}
