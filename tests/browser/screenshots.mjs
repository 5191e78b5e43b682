// Pictures of the page, for people to look at: wide and phone, light and dark, offline, two people, the board, the messages on the wire.
//
//   OPSTREAMD=… OPS_NPM_DIR=… node tests/browser/screenshots.mjs [FOLDER = build/screenshots]

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ok, run, skip, sleep } from '../live/lines.mjs';
import { opstreamd } from '../live/start.mjs';
import { browserMissing, launch, person, profile, quit, story } from './browser.mjs';
import { Place } from './place.mjs';
import { Proxy } from './proxy.mjs';

const FOLDER = resolve(process.argv[2] ?? 'build/screenshots');
const TEXT = `Minutes of Tuesday

Ada: the engine runs in the page now, the same C as on the server. What I type is here at once and everywhere else a moment later.
Grace: and when the train goes into a tunnel? I went on typing for ten minutes, and all of it arrived when we came out.

To do
- show it to somebody who has not seen it
- write down what it cannot do
`;
const CARDS = { todo: ['Show it to somebody', 'Write down what it cannot do', 'A card with a title that is longer than a column is wide, to see how it breaks'],
    doing: ['Try it on a phone', 'Read it aloud with a screen reader'], done: ['Undo takes back my own change only'] };

// Named people, so that pictures are alike from run to run.
async function called(owner, name, color)
{
    await owner.context.addInitScript(([n, c]) => { localStorage.setItem('opstream.me.0', JSON.stringify({ name: n, color: c })); }, [name, color]);
}

async function guest(place, path, name, color)
{
    const owner = await profile();
    await called(owner, name, color);
    const tab = await owner.tab(place.port, path);
    await tab.seat.online();
    return tab;
}

async function shot(place, file, path, { before = async () => {}, cut = false, whole = false, ...options } = {})
{
    const proxy = await Proxy.open(place.port);
    await story(file, async () => {
        const owner = await profile(options);
        await called(owner, 'Ada Lovelace', '#0073c6');
        const tab = await owner.tab(proxy.port, path);
        await tab.seat.online();
        const other = !path.startsWith('/?doc=minutes') || path.includes('board') ? null : await guest(place, '/?doc=minutes', 'Grace Hopper', '#b8448d');
        if (other) {
            await other.seat.focus('Control+Home');
            for (let lines = 3; lines > 0; lines--) await other.page.keyboard.press('ArrowDown');
            await other.page.keyboard.press('Shift+End');
            await tab.page.locator('.cm-peer-caret').first().waitFor({ state: 'attached' });
        }
        owner.networkMayFail = cut;
        if (cut) {
            proxy.cut();
            await tab.seat.offline();
            await tab.seat.focus();
            await tab.seat.type('typed in the tunnel');
        }
        await before(tab);
        await sleep(700);
        await tab.page.screenshot({ path: join(FOLDER, `${file}.png`), fullPage: whole });
    });
    proxy.close();
}

async function fill(place)
{
    await story('what is in the pictures', async () => {
        const text = await person(place.port, '/?doc=minutes');
        await text.seat.focus();
        await text.page.keyboard.insertText(TEXT);
        await text.seat.quiet();
        const board = await person(place.port, '/?doc=minutes&view=board');
        for (const [column, titles] of Object.entries(CARDS)) {
            for (const title of titles) {
                await board.page.locator('.column', { has: board.page.locator(`[data-column=${column}]`) }).getByRole('button', { name: /Add a card/ }).click();
                await board.page.keyboard.type(title);
                await board.page.keyboard.press('Enter');
            }
        }
        await board.seat.quiet();
    });
}

const TEXT_PAGE = '/?doc=minutes', BOARD = '/?doc=minutes&view=board';
const wire = async (tab) => {
    await tab.page.locator('#traffic summary').click();
    await tab.seat.focus();
    await tab.seat.type('ok ');
    await tab.seat.quiet();
    await tab.page.locator('#traffic').scrollIntoViewIfNeeded();
};

const PICTURES = {
    'wide-light': [TEXT_PAGE, {}], 'wide-dark': [TEXT_PAGE, { dark: true }], 'whole-light': [TEXT_PAGE, { whole: true }],
    'phone-light': [TEXT_PAGE, { phone: true }], 'phone-dark': [TEXT_PAGE, { phone: true, dark: true }], 'phone-whole': [TEXT_PAGE, { phone: true, whole: true }],
    'offline-wide': [TEXT_PAGE, { cut: true }], 'offline-dark': [TEXT_PAGE, { cut: true, dark: true }], 'offline-phone': [TEXT_PAGE, { cut: true, phone: true }],
    'two-people': [`${TEXT_PAGE}&seats=2`, {}], 'two-people-dark': [`${TEXT_PAGE}&seats=2`, { dark: true }], 'two-people-phone': [`${TEXT_PAGE}&seats=2`, { phone: true }],
    'board-light': [BOARD, {}], 'board-dark': [BOARD, { dark: true }], 'board-phone': [BOARD, { phone: true }],
    'board-card': [BOARD, { before: (tab) => tab.page.getByRole('button', { name: /Move, colour/ }).first().click() }],
    'messages': [TEXT_PAGE, { before: wire }], 'messages-phone': [TEXT_PAGE, { before: wire, phone: true }],
    'invite': [TEXT_PAGE, { before: (tab) => tab.page.getByRole('button', { name: 'Invite' }).click() }],
    'invite-phone': [TEXT_PAGE, { phone: true, dark: true, before: (tab) => tab.page.getByRole('button', { name: 'Invite' }).click() }],
    'you': [TEXT_PAGE, { before: (tab) => tab.page.locator('.people .me').first().click() }],
    'empty': ['/?doc=empty', {}], 'narrow-window': [TEXT_PAGE, { width: 760, height: 700 }], 'very-wide': [TEXT_PAGE, { width: 2200, height: 1200 }],
};

run('screenshots', async () => {
    const why = browserMissing() ?? (opstreamd() ? null : 'OPSTREAMD is not set');
    if (why !== null) return skip('pictures of the page', why);
    mkdirSync(FOLDER, { recursive: true });
    await launch();
    const place = await Place.open();
    await fill(place);
    for (const [file, [path, options]] of Object.entries(PICTURES)) {
        await shot(place, file, path, options);
        ok(`${file}.png`);
    }
    await place.end();
    await quit();
});
