// What people see of each other and of the connection, and what they can take back.

import { check, isFull, sleep } from '../live/lines.mjs';
import { person, story } from './browser.mjs';
import { boards } from './boards.mjs';
import { serversText, together } from './oracle.mjs';
import { textPage } from './place.mjs';
import { Proxy } from './proxy.mjs';

const LIMIT = 15000;

async function undo(place)
{
    await story('Ctrl-Z', async () => {
        const [me, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('undo'))));
        const both = [me.seat, other.seat], now = () => together(place.where, 'undo', both);
        await me.seat.focus();
        await me.page.keyboard.insertText('first '); // at once: on a busy machine keys come a pause apart, and are as many changes
        await now();
        await other.seat.focus();
        await other.seat.type('OTHERS ');
        await now();
        await sleep(1200); // what is typed without a pause is one change
        await me.seat.focus();
        await me.page.keyboard.insertText('second ');
        await now();
        await other.seat.focus('Control+Home');
        await other.seat.type('MORE ');
        check(await now() === 'MORE first OTHERS second ', 'two people have typed', await now());
        await me.page.keyboard.press('Control+z');
        check(await now() === 'MORE first OTHERS ', 'Ctrl-Z takes back my last change, not the other person\'s later one', await now());
        await me.page.keyboard.press('Control+z');
        check(await now() === 'MORE OTHERS ', 'once more, the one before, though others have typed since', await now());
        await me.page.keyboard.press('Control+z');
        check(await now() === 'MORE OTHERS ', 'and there is nothing more of mine', await now());
        await me.page.keyboard.press('Control+Shift+Z');
        await me.page.keyboard.press('Control+y');
        check(await now() === 'MORE first OTHERS second ', 'Ctrl-Shift-Z and Ctrl-Y bring them back', await now());
        await me.page.getByRole('button', { name: 'Undo' }).click();
        check(await now() === 'MORE first OTHERS ', 'the button does the same', await now());
    });
}

async function eachOther(place)
{
    await story('who is here', async () => {
        const [one, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('who'))));
        await one.page.locator('.people .me').click();
        await one.page.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
        await one.page.keyboard.press('Enter');
        await other.page.locator('.people .other', { hasText: 'Ada Lovelace' }).waitFor({ timeout: LIMIT });
        check(true, 'a name that somebody gives themselves is on the other page');
        await one.seat.focus();
        await one.seat.type('here am I');
        const flag = other.seat.element.locator('.cm-peer-flag', { hasText: 'Ada Lovelace' });
        await flag.waitFor({ state: 'attached', timeout: LIMIT });
        await other.seat.shows('here am I');
        const place1 = await caretAt(other, 'Ada Lovelace');
        check(Math.abs(place1.left - place1.textEnd) < 4, 'their caret stands behind what they typed', JSON.stringify(place1));
        await other.seat.focus('Control+Home');
        await other.seat.type('>>> ');
        await together(place.where, 'who', [one.seat, other.seat]);
        const place2 = await caretAt(other, 'Ada Lovelace');
        check(Math.abs(place2.left - place2.textEnd) < 4, 'and goes along with what I type before it', JSON.stringify(place2));
        await one.page.keyboard.press('Shift+Home');
        await other.seat.element.locator('.cm-peer-selection').first().waitFor({ state: 'attached', timeout: LIMIT });
        check(true, 'what they select is shown');
        await one.reload();
        await one.seat.online();
        check(await one.page.locator('.people .me', { hasText: 'Ada Lovelace' }).count() === 1, 'a name is kept over a reload');
        await one.close();
        await other.page.locator('.people .other', { hasText: 'Ada Lovelace' }).waitFor({ state: 'detached', timeout: LIMIT });
        await flag.waitFor({ state: 'detached', timeout: LIMIT }); // carets are drawn when the browser next draws
        check(true, 'who has left is not shown any more');
    });
}

// Where somebody's caret is drawn, and where the text ends; once it has stopped moving.
async function caretAt(tab, name)
{
    let last;
    for (let left = 60; left > 0; left--) {
        const now = await tab.seat.content.evaluate((content, who) => {
            const caret = [...content.getRootNode().querySelectorAll('.cm-peer-caret')].find((e) => e.textContent === who);
            const range = document.createRange();
            range.selectNodeContents(content.querySelector('.cm-line'));
            return { left: caret?.getBoundingClientRect().left ?? NaN, textEnd: range.getBoundingClientRect().right };
        }, name);
        if (last && now.left === last.left && Math.abs(now.left - now.textEnd) < 4) return now;
        last = now;
        await sleep(50);
    }
    return last;
}

async function offlineIsSaid(place)
{
    for (const [where, options] of [['on a phone', { phone: true }], ...(isFull ? [['on a wide screen', {}]] : [])]) {
        const proxy = await Proxy.open(place.port), documentId = `said-${options.phone ? 'phone' : 'wide'}`;
        await story(`offline, ${where}`, async () => {
            const tab = await person(proxy.port, textPage(documentId), options), { page, seat } = tab;
            tab.owner.networkMayFail = true;
            const banner = seat.element.locator('.connection');
            await seat.focus();
            proxy.cut();
            await seat.offline();
            await seat.type('typed while offline');
            await banner.filter({ hasText: /offline/i }).waitFor({ timeout: LIMIT });
            const box = await banner.boundingBox(), view = page.viewportSize();
            const wide = box.width >= 0.8 * (await seat.element.boundingBox()).width;
            check(wide && box.height >= 30 && box.y >= 0 && box.y + box.height <= view.height, `${where}: it is said across the page, within the screen`, JSON.stringify(box));
            check(/kept/.test(await banner.innerText()) && /1?\d edits? waiting/.test(await banner.innerText()), `${where}: that edits are kept, and how many wait`,
                await banner.innerText());
            check(/offline/i.test(await page.title()), `${where}: the tab's title says it, too`, await page.title());
            check(/offline/i.test(await seat.element.locator('[role=status]').first().textContent()), `${where}: a screen reader hears it`);
            proxy.up();
            await banner.getByRole('button', { name: 'Try now' }).click({ timeout: 2000 }).catch(() => {}); // unless it is back by itself
            await banner.filter({ hasText: /back online/i }).waitFor({ timeout: 30000 });
            check(await serversText(place.where, documentId) === 'typed while offline', `${where}: when it says that all is sent, all is there`);
        });
        proxy.close();
    }
}

async function sideBySide(place)
{
    await story('two people in one window', async () => {
        const tab = await person(place.port, '/?doc=side&seats=2'), [left, right] = tab.seats;
        await right.online();
        await left.focus();
        await left.type('from the left ');
        await right.shows('from the left ');
        await right.focus();
        await tab.page.keyboard.insertText('AND THE RIGHT'); // at once: one change, also on a busy machine
        await left.shows('AND THE RIGHT');
        check(await together(place.where, 'side', tab.seats) === 'from the left AND THE RIGHT', 'two people side by side edit one document');
        await tab.page.keyboard.press('Control+z');
        check(await together(place.where, 'side', tab.seats) === 'from the left ', 'and each takes back their own');
        await tab.reload();
        for (const seat of tab.seats) await seat.online();
        check(await together(place.where, 'side', tab.seats) === 'from the left ', 'after a reload both are there again');
    });
}

async function invitation(place)
{
    await story('an invitation', async () => {
        const tab = await person(place.port, textPage('invited')), { page } = tab;
        await page.getByRole('button', { name: 'Invite' }).click();
        const link = await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
        check(await page.getByRole('img', { name: /QR/ }).isVisible(), 'there is a QR code');
        const guest = await tab.owner.context.newPage();
        await guest.goto(link);
        await guest.locator('.seat[data-status=online][data-document=invited]').waitFor({ timeout: LIMIT });
        check(true, 'the link of the invitation opens the same document');
        await page.keyboard.press('Escape');
        check(await page.getByRole('dialog').count() === 0 || !await page.getByRole('dialog').isVisible(), 'Escape closes the dialog');
    });
}

async function traffic(place)
{
    await story('the messages on the wire', async () => {
        const tab = await person(place.port, textPage('wire')), { page, seat } = tab;
        await page.locator('#traffic summary').click();
        await seat.focus();
        await seat.type('x');
        await page.locator('#traffic .messages li', { hasText: 'op_ack' }).first().waitFor({ timeout: LIMIT });
        const said = await page.locator('#traffic .messages').innerText();
        check(/"insert"/.test(said) && /"x"/.test(said), 'the panel shows the op that a key made, with its payload in clear', said.slice(0, 400));
    });
}

// Text that is hard to get right: what is on the screen is what everybody has.
async function hardText(place)
{
    await story('text that is hard', async () => {
        const [one, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('hard'))));
        const both = [one.seat, other.seat];
        await one.seat.focus();
        for (const piece of ['\u{1f600}', '\u{1f601}', 'e\u0301\u0323', '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}', 'שלום', '\n\n', '\t', 'fin'])
            await one.page.keyboard.insertText(piece);
        await one.seat.content.evaluate((content) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', 'from\r\nWindows\rand a Mac\u2028');
            content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        });
        const text = await together(place.where, 'hard', both);
        check(text.startsWith('\u{1f600}\u{1f601}e\u0301\u0323\u{1f469}\u200d\u{1f469}\u200d\u{1f467}שלום\n\n\tfinfrom\nWindows\nand a Mac'),
            'emoji, combining marks, right-to-left, tabs and pasted line ends arrive as they are', JSON.stringify(text));
        await one.seat.focus('Control+Home');
        await one.page.keyboard.press('Delete');
        await other.seat.focus('Control+Home');
        await other.page.keyboard.press('ArrowRight');
        await other.page.keyboard.press('Backspace');
        const rest = await together(place.where, 'hard', both);
        check(!/[\ud800-\udbff](?![\udc00-\udfff])/.test(rest), 'deleting emoji leaves no half of one', JSON.stringify(rest));
    });
}

// Input methods: while a word is not finished, others type before it, behind it and beside it.
async function composed(place)
{
    await story('an input method', async () => {
        const [one, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('composed')))), both = [one.seat, other.seat];
        await one.seat.focus();
        await one.seat.type('abc ');
        await one.seat.quiet();
        await other.seat.shows('abc ');
        for (const key of ['Control+Home', 'Control+End', 'Home']) {
            await one.seat.focus();
            await other.seat.focus(key);
            await one.seat.compose(['n', 'に', 'にほ', 'にほん'], '日本', async () => {
                await other.seat.type('XY');
                await other.seat.quiet();
                await sleep(50);
            });
        }
        const text = await together(place.where, 'composed', both);
        check(text.replace(/[XY]/g, '') === 'abc 日本日本日本', 'what is composed while others type beside it arrives once, and whole', text);
    });
}

// What somebody else types above what I see moves it, and hides none of it.
async function outOfView(place)
{
    await story('edits out of view', async () => {
        const [one, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('long'))));
        const both = [one.seat, other.seat], lines = Array.from({ length: 300 }, (_, i) => `line ${i} has\u200b a zero-width space\tand a tab`);
        await one.seat.focus();
        await one.page.keyboard.insertText(lines.join('\n'));
        await one.seat.focus('Control+End');
        await together(place.where, 'long', both);
        await other.seat.focus('Control+Home');
        for (const text of ['ab', 'more than one line\n\n', '\u200b']) {
            await other.page.keyboard.insertText(text);
            await together(place.where, 'long', both);
        }
        await other.page.keyboard.press('Shift+ArrowDown');
        await other.page.keyboard.press('Delete');
        await one.seat.type('!');
        check((await together(place.where, 'long', both)).endsWith('tab!'), 'edits above what is in view leave what is in view as it is');
    });
}

export async function seeing(place, seed)
{
    for (const tell of [undo, eachOther, offlineIsSaid, sideBySide, invitation, traffic, hardText, ...(isFull ? [composed] : []), outOfView, boards]) await tell(place, seed);
}
