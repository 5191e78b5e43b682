// What the page is without a look at it: reachable by keyboard, told to a screen reader, small, under a strict policy, and absent when it is turned off.

import { check, isFull } from '../live/lines.mjs';
import { httpRequest, header } from '../../conformance/play/wire.mjs';
import { start } from '../live/start.mjs';
import { axe, person, story } from './browser.mjs';
import { Proxy } from './proxy.mjs';

const BYTES_MAX = 250 * 1024; // of everything that the first visit downloads, compressed
const HTML = [['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8']];
const get = (where, path, headers = []) => httpRequest(where, { path, headers: [...headers, ['Connection', 'close']] }, 5000);

async function answers(place)
{
    await story('the page and who asks', async () => {
        const page = await get(place.where, '/', HTML), policy = header(page.headers, 'content-security-policy') ?? '';
        check(page.status === 200 && /^text\/html/.test(header(page.headers, 'content-type')), 'a browser gets the page');
        check(/default-src 'none'/.test(policy) && !/unsafe-inline|'unsafe-eval'|\*/.test(policy), 'its policy allows no inline script or style, no eval, nobody else', policy);
        check(header(page.headers, 'x-content-type-options') === 'nosniff', 'and nothing is guessed');
        for (const headers of [[], [['Accept', '*/*']], [['Accept', 'application/json']]]) {
            const plain = await get(place.where, '/', headers);
            check(/^OpStream host/.test(plain.body), `who asks for ${headers[0]?.[1] ?? 'nothing'} gets the line of text`, plain.body.slice(0, 80));
        }
        for (const path of ['/app.js', '/app.css', '/opstream.js', '/opstream.wasm', '/icon.svg']) {
            const first = await get(place.where, path), tag = header(first.headers, 'etag');
            const again = await get(place.where, path, [['If-None-Match', tag ?? '']]);
            check(first.status === 200 && tag && again.status === 304 && again.body.length === 0, `${path} is not sent twice`, `${first.status} ${tag} ${again.status}`);
        }
        for (const word of ['off', 'false']) {
            const server = await start({ OPSTREAM__DEMO: word });
            const off = await get(server.where, '/', HTML), script = await get(server.where, '/app.js');
            check(/^OpStream host/.test(off.body) && script.status === 404, `OPSTREAM__DEMO=${word}: a browser gets the line of text, and no script`,
                `${off.body.slice(0, 80)} ${script.status}`);
            await server.stop();
        }
    });
}

async function download(place)
{
    await story('what the first visit downloads', async () => {
        const tab = await person(place.port, '/?doc=download'), session = await tab.owner.context.newCDPSession(tab.page);
        await session.send('Network.enable');
        await session.send('Network.setCacheDisabled', { cacheDisabled: true });
        const urls = new Map();
        let bytes = 0, elsewhere = [];
        session.on('Network.responseReceived', ({ requestId, response }) => {
            urls.set(requestId, response.url);
            if (!response.url.startsWith(`http://127.0.0.1:${place.port}/`) && !response.url.startsWith('data:')) elsewhere.push(response.url);
        });
        session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
            bytes += encodedDataLength;
            console.log(`${urls.get(requestId)?.replace(/^.*?\/\/[^/]*/, '')}: ${encodedDataLength} bytes`);
        });
        await tab.reload();
        await tab.seat.quiet();
        await tab.page.waitForLoadState('networkidle');
        check(bytes > 10000 && bytes <= BYTES_MAX, `the first visit downloads at most ${BYTES_MAX} bytes (${bytes})`);
        check(elsewhere.length === 0, 'all of it from this server', ...elsewhere);
    });
}

// What has the focus, through shadow roots: a name for people, and for the test a mark.
const focused = (page) => page.evaluate(() => {
    let e = document.activeElement, inEditor = false;
    for (; e?.shadowRoot?.activeElement; e = e.shadowRoot.activeElement);
    inEditor = e?.classList.contains('cm-content') ?? false;
    const box = e?.getBoundingClientRect();
    return { tag: e?.tagName, id: e?.id, text: (e?.getAttribute('aria-label') ?? e?.innerText ?? '').trim().slice(0, 30), inEditor, shown: box?.width > 0 && box.height > 0 };
});

// Everything that a mouse could press.
const pressable = (page) => page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, a[href], summary')]
    .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !e.closest('[inert]')).length);

async function keyboard(place)
{
    await story('the keyboard reaches everything', async () => {
        const tab = await person(place.port, '/?doc=keyboard'), { page } = tab, seen = [];
        await page.evaluate(() => { // from the top
            document.body.tabIndex = -1;
            document.body.focus();
        });
        const count = await pressable(page);
        for (let i = 0; i < count + 12; i++) {
            await page.keyboard.press('Tab');
            const at = await focused(page);
            if (at.tag === 'BODY' || at.tag === undefined) break; // the browser's own controls come next
            seen.push(at);
        }
        const names = seen.map((s) => `${s.tag} ${s.text}`);
        const editor = seen.findIndex((s) => s.inEditor);
        check(editor >= 0, 'Tab reaches the editor', ...names);
        check(editor >= 0 && editor < seen.length - 1 && !seen[editor + 1].inEditor, 'and leaves it', ...names);
        check(seen.filter((s) => !s.inEditor).length >= count, `Tab reaches all of ${count} controls`, `${seen.length} seen:`, ...names);
        check(seen.every((s) => s.shown), 'what has the focus is on the screen', ...seen.filter((s) => !s.shown).map((s) => `${s.tag} ${s.text}`));
        await tab.seat.focus();
        await page.keyboard.press('Escape');
        await page.keyboard.press('Tab');
        check(!(await focused(page)).inEditor, 'Escape and Tab leave the editor, too');
        await tab.seat.focus();
        await page.keyboard.press('Shift+Tab');
        check(!(await focused(page)).inEditor, 'so does Shift+Tab');
    });
}

const LOOKS = {
    'text': { path: '/?doc=axe' }, 'text, dark': { path: '/?doc=axe', dark: true }, 'text on a phone': { path: '/?doc=axe', phone: true },
    'two people': { path: '/?doc=axe&seats=2' }, 'the board': { path: '/?doc=axe-board&view=board' },
    'the board, dark': { path: '/?doc=axe-board&view=board', dark: true }, 'the board on a phone': { path: '/?doc=axe-board&view=board', phone: true },
    'offline': { path: '/?doc=axe', offline: true }, 'offline, dark': { path: '/?doc=axe', dark: true, offline: true },
    'offline on a phone': { path: '/?doc=axe', phone: true, offline: true },
    'the invitation': { path: '/?doc=axe', press: (page) => page.getByRole('button', { name: 'Invite' }) },
    'the invitation, dark': { path: '/?doc=axe', dark: true, press: (page) => page.getByRole('button', { name: 'Invite' }) },
    'name and colour': { path: '/?doc=axe', press: (page) => page.locator('.people .me') },
    'a card\'s menu': { path: '/?doc=axe-board&view=board', press: (page) => page.locator('.card .tool').first() },
    'the messages': { path: '/?doc=axe', press: (page) => page.locator('#traffic summary') },
    'the messages, dark': { path: '/?doc=axe', dark: true, press: (page) => page.locator('#traffic summary') },
};
const EVERY_DAY = ['text', 'text, dark', 'the board', 'offline', 'offline, dark', 'offline on a phone'];

async function screenReader(place)
{
    for (const [name, { path, offline, press, ...options }] of Object.entries(LOOKS)) {
        if (!isFull && !EVERY_DAY.includes(name)) continue;
        const proxy = await Proxy.open(place.port);
        await story(`axe: ${name}`, async () => {
            const tab = await person(proxy.port, path, options);
            tab.owner.networkMayFail = !!offline;
            if (offline) {
                proxy.cut();
                await tab.seat.offline();
            }
            if (/board/.test(path)) await tab.page.getByRole('button', { name: /Add a card/ }).first().press('Enter');
            await press?.(tab.page).press('Enter');
            const wrong = await axe(tab);
            check(wrong.length === 0, `axe finds nothing: ${name}`, ...wrong);
            const { h1, lang, main, title } = await tab.page.evaluate(() => ({ h1: document.querySelectorAll('h1').length, lang: document.documentElement.lang,
                main: document.querySelectorAll('main').length, title: document.title }));
            check(h1 === 1 && lang !== '' && main === 1 && title !== '', `one h1, one main, a language and a title: ${name}`, JSON.stringify({ h1, lang, main, title }));
        });
        proxy.close();
    }
}

// As narrow as a small phone, or a page that is magnified four times: nothing is to the right of the screen.
async function narrow(place)
{
    await story('narrow', async () => {
        for (const path of ['/?doc=narrow', '/?doc=narrow&view=board', '/?doc=narrow&seats=2']) {
            const tab = await person(place.port, path, { width: 320, height: 640 });
            for (const width of [320, 480, 700, 900, 1100]) {
                await tab.page.setViewportSize({ width, height: 640 });
                const over = await tab.page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, [...document.querySelectorAll('body *')]
                    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('pre, .columns, .visually-hidden')).slice(0, 3).map((e) => e.outerHTML.slice(0, 100))]);
                check(over[0] <= 0, `${path} fits into ${width} px`, JSON.stringify(over));
            }
        }
    });
}

export async function access(place)
{
    await answers(place);
    await download(place);
    await keyboard(place);
    if (isFull) await narrow(place);
    await screenReader(place);
}
