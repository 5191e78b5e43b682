// Parts of the page that need no browser: order keys, colours, what strangers say of themselves, messages made readable.
//
//   OPS_ROOT=… node parts.mjs

import { join } from 'node:path';
import { check, randomFrom, run, seedOf } from '../live/lines.mjs';

const app = join(process.env.OPS_ROOT ?? process.cwd(), 'runtime/server/pages/app');

const luminance = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
};

// Puts cards anywhere, many at one place and many at the end; each new key is between its neighbours.
function orderKeys({ inOrder, keyBetween }, random)
{
    let wrong = null, longest = 0;
    for (let round = 0; round < 200 && wrong === null; round++) {
        const keys = [];
        for (let i = 0; i < 200 && wrong === null; i++) {
            const at = random.below(3) === 0 ? keys.length : random.below(2) === 0 ? Math.min(1, keys.length) : random.below(keys.length + 1);
            const before = keys[at - 1] ?? '', after = keys[at] ?? '', key = keyBetween(before, after);
            if (!(before < key && (after === '' || key < after)) || !/^[0-9A-Za-z]*[1-9A-Za-z]$/.test(key)) wrong = `${before} < ${key} < ${after}`;
            keys.splice(at, 0, key);
        }
        longest = Math.max(longest, ...keys.map((key) => key.length));
    }
    check(wrong === null, 'a new order key is between its neighbours, and leaves room beside it', wrong);
    let last = '';
    for (let i = 0; i < 1000; i++) last = keyBetween(last, '');
    check(last.length <= 100, `the thousandth card at the end has a short key (${last.length}; put anywhere, of 200 the longest is ${longest})`);
    check(inOrder({ order: 'a', id: '1' }, { order: 'a', id: '2' }) < 0, 'equal keys stand in the order of ids, on every page');
}

function colours(me)
{
    for (const [name, color] of me.colours) {
        const papers = ['#ffffff', '#171b21'].map((paper) => contrast(color, paper).toFixed(2));
        check(contrast(color, '#ffffff') >= 4.5 && papers.every((c) => c >= 3), `${name} can be read under white, and seen on light and dark paper`, papers.join(' '));
    }
    let least = 21;
    for (let i = 0; i < 4096; i++) {
        const color = '#' + [i >> 8, (i >> 4) & 15, i & 15].map((c) => (c * 17).toString(16).padStart(2, '0')).join('');
        least = Math.min(least, contrast(color, me.inkOn(color)));
    }
    check(least >= 4.5, `a name can be read on any colour that somebody sends (${least.toFixed(2)})`);
}

function strangers({ initials, personOf })
{
    for (const state of [null, undefined, 1, 'x', [], {}, { name: 7 }, { name: '  ' }, { name: null, color: '#000000' }])
        check(personOf(state) === undefined, `${JSON.stringify(state)} is nobody`);
    const { name, color } = personOf({ name: ` a\n\tb ${'c'.repeat(99)}`, color: 'red; background: url(x)' });
    check(name.startsWith('a b c') && name.length === 32 && /^#[0-9a-f]{6}$/.test(color), 'a long name is cut, what is no colour becomes one');
    check(personOf({ name: 'x'.repeat(31) + '\u{1f600}' }).name === 'x'.repeat(31), 'no character is cut in half');
    check(initials('\u{1f600} otter x') === '\u{1f600}O' && initials('') === '', 'initials are whole characters');
}

function messages({ readable })
{
    const payload = Buffer.from('{"components":[{"type":"insert","text":"ü"}]}').toString('base64');
    const { type, text } = readable(JSON.stringify({ type: 'op', documentId: 'd', payload }));
    check(type === 'op' && text === '{"payload":{"components":[{"type":"insert","text":"ü"}]},"documentId":"d"}', 'a payload is shown as JSON, before the rest', text);
    check(readable('{"type":"op","payload":"***"}').text === '{"payload":"***"}' && readable('no JSON').text === 'no JSON', 'what cannot be read is shown as it came');
    check(readable(JSON.stringify({ type: 'x', data: 'y'.repeat(1e6) })).text.length < 5000, 'a long one is cut');
}

run('parts', async () => {
    const random = randomFrom(seedOf('parts'));
    const [order, me, traffic] = await Promise.all(['order', 'me', 'traffic'].map((name) => import(join(app, `${name}.js`))));
    orderKeys(order, random);
    colours(me);
    strangers(me);
    messages(traffic);
});
