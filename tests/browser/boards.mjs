// The board of cards: two people add, name, move, colour and delete cards at once, by mouse and by keyboard.

import { check, isFull, randomFrom, sleep } from '../live/lines.mjs';
import { person, story } from './browser.mjs';
import { serversDocument } from './oracle.mjs';
import { Proxy } from './proxy.mjs';

const COLUMNS = ['todo', 'doing', 'done'], LIMIT = 20000;
const boardPage = (name) => `/?doc=${name}&view=board`;

// The cards as they stand on the screen: {column: ['title'…]}.
const screen = (tab) => tab.page.evaluate((columns) => Object.fromEntries(columns.map((c) =>
    [c, [...document.querySelectorAll(`[data-column=${c}] .card`)].map((card) => (card.querySelector('textarea')?.value ?? card.querySelector('.title').textContent))])), COLUMNS);

// Until all boards are home and look the same: how.
async function alike(tabs)
{
    let all;
    for (const end = Date.now() + LIMIT; Date.now() < end; await sleep(50)) {
        await Promise.all(tabs.map((t) => t.seat.quiet()));
        all = (await Promise.all(tabs.map(screen))).map((s) => JSON.stringify(s));
        if (all.every((s) => s === all[0])) return JSON.parse(all[0]);
    }
    throw new Error(`the boards do not become alike:\n${all.join('\n')}`);
}

async function add(tab, column, title)
{
    await tab.page.locator('.column', { has: tab.page.locator(`[data-column=${column}]`) }).getByRole('button', { name: /Add a card/ }).click();
    await tab.page.keyboard.type(title);
    await tab.page.keyboard.press('Enter');
}

const card = (tab, title) => tab.page.locator('.card', { has: tab.page.getByText(title, { exact: true }) });

async function drag(tab, title, column)
{
    const from = await card(tab, title).boundingBox(), to = await tab.page.locator(`[data-column=${column}]`).boundingBox();
    await tab.page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await tab.page.mouse.down();
    for (let step = 1; step <= 5; step++)
        await tab.page.mouse.move(from.x + from.width / 2 + (to.x - from.x) * step / 5, from.y + from.height / 2 + (to.y + 3 - from.y) * step / 5);
    await tab.page.mouse.up();
}

async function together(place)
{
    await story('the board', async () => {
        const tabs = await Promise.all([0, 1].map(() => person(place.port, boardPage('plan')))), [one, other] = tabs;
        await Promise.all([add(one, 'todo', 'from one'), add(other, 'todo', 'from the other')]);
        await add(one, 'doing', 'a third');
        let board = await alike(tabs);
        check([...board.todo].sort().join() === 'from one,from the other' && board.doing.join() === 'a third', 'cards that two people add at once are on both boards',
            JSON.stringify(board));
        await Promise.all([drag(one, 'from one', 'done'), drag(other, 'from the other', 'doing')]);
        board = await alike(tabs);
        check(board.todo.length === 0 && board.done.join() === 'from one' && [...board.doing].sort().join() === 'a third,from the other',
            'what two people drag at once is where they put it', JSON.stringify(board));
        await Promise.all([drag(one, 'a third', 'todo'), rename(other, 'a third', 'renamed')]);
        board = await alike(tabs);
        check(board.todo.join() === 'renamed', 'one moves a card, the other names it: both stay', JSON.stringify(board));
        await byKeyboard(one, tabs);
        await one.page.keyboard.press('Control+z');
        board = await alike(tabs);
        check(board.doing.includes('renamed'), 'Ctrl-Z puts it back', JSON.stringify(board));
        const fresh = await person(place.port, boardPage('plan'));
        check(JSON.stringify(await alike([...tabs, fresh])) === JSON.stringify(board), 'a fresh page shows the same board');
        const kept = Buffer.from(await serversDocument(place.where, 'plan.board', 'json'), 'base64').toString('utf8');
        check(['from one', 'from the other', 'renamed'].every((t) => kept.includes(t)), 'and the server has it', kept);
    });
}

async function rename(tab, title, name)
{
    await card(tab, title).getByRole('button', { name: title }).click();
    await tab.page.keyboard.press('Control+a');
    await tab.page.keyboard.type(name);
    await tab.page.keyboard.press('Enter');
}

async function byKeyboard(tab, tabs)
{
    await card(tab, 'renamed').focus();
    await tab.page.keyboard.press('Alt+ArrowRight');
    await alike(tabs);
    await tab.page.keyboard.press('Alt+ArrowRight');
    const board = await alike(tabs);
    check(board.done.includes('renamed') && !board.todo.includes('renamed'), 'Alt and an arrow move a card, twice, as it keeps the focus', JSON.stringify(board));
}

async function offline(place)
{
    const proxy = await Proxy.open(place.port);
    await story('the board, offline', async () => {
        const one = await person(proxy.port, boardPage('far')), other = await person(place.port, boardPage('far'));
        one.owner.networkMayFail = true;
        await add(one, 'todo', 'shared');
        await alike([one, other]);
        proxy.cut();
        await one.seat.offline();
        await add(one, 'doing', 'made offline');
        await drag(one, 'shared', 'done');
        await add(other, 'todo', 'made meanwhile');
        await one.seat.saved();
        await one.reload();
        await one.page.getByText('made offline').waitFor({ timeout: LIMIT });
        proxy.up();
        const board = await alike([one, other]);
        check(board.todo.join() === 'made meanwhile' && board.doing.join() === 'made offline' && board.done.join() === 'shared',
            'cards added and moved offline, over a reload, are there for all', JSON.stringify(board));
    });
    proxy.close();
}

// Many moves of few cards by both at once.
async function scramble(place, seed)
{
    await story('the board, scrambled', async () => {
        const tabs = await Promise.all([0, 1].map(() => person(place.port, boardPage('scramble'))));
        const titles = ['ant', 'bee', 'cat', 'dog'];
        for (const title of titles) await add(tabs[0], 'todo', title);
        await alike(tabs);
        await Promise.all(tabs.map(async (tab, i) => {
            const random = randomFrom(seed + i);
            for (let moves = isFull ? 60 : 10; moves > 0; moves--) {
                await card(tab, random.pick(titles)).focus();
                await tab.page.keyboard.press(random.pick(['Alt+ArrowRight', 'Alt+ArrowLeft', 'Alt+ArrowUp', 'Alt+ArrowDown']));
            }
        }));
        const board = await alike(tabs);
        check(Object.values(board).flat().sort().join() === titles.join(), 'after many moves at once each card is there once, at one place', JSON.stringify(board));
    });
}

export async function boards(place, seed)
{
    await together(place);
    await offline(place);
    await scramble(place, seed);
}
