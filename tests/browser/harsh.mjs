// Stories of browsers that end badly, and of edits that are too much.

import { check, sleep } from '../live/lines.mjs';
import { scratchFolder } from '../live/start.mjs';
import { killBrowserOf, person, profile, profileOnDisk, story } from './browser.mjs';
import { serversText, together } from './oracle.mjs';
import { CAPITALS, LETTERS, Place, checkTyped, textPage } from './place.mjs';
import { Proxy } from './proxy.mjs';

async function crashed(place)
{
    const name = 'a page that crashes with edits pending: the next one sends them', proxy = await Proxy.open(place.port);
    await story(name, async () => {
        const tab = await person(proxy.port, textPage('crashed'));
        tab.owner.networkMayFail = true;
        proxy.cut();
        await tab.seat.offline();
        await tab.seat.focus();
        await tab.seat.type(LETTERS);
        await tab.seat.saved();
        const crash = tab.page.waitForEvent('crash');
        await tab.page.goto('chrome://crash').catch(() => {});
        await crash;
        tab.owner.troubles.length = 0; // that it has crashed
        proxy.up();
        const next = await tab.owner.tab(proxy.port, textPage('crashed'));
        await next.seat.holds(LETTERS);
        checkTyped(name, await together(place.where, 'crashed', [next.seat]), [LETTERS]);
    });
    proxy.close();
}

async function killed(place)
{
    const name = 'a browser that is killed with edits pending: started again it sends them', proxy = await Proxy.open(place.port);
    await story(name, async () => {
        const folder = scratchFolder('browser-profile'), before = await profileOnDisk(folder);
        before.networkMayFail = true;
        const tab = await before.tab(proxy.port, textPage('browser-killed'));
        await tab.seat.online();
        proxy.cut();
        await tab.seat.offline();
        await tab.seat.focus();
        await tab.seat.type(LETTERS);
        await tab.seat.saved();
        await killBrowserOf(folder);
        before.troubles.length = 0; // what pages say when their browser dies
        proxy.up();
        const again = await profileOnDisk(folder), next = await again.tab(proxy.port, textPage('browser-killed'));
        await next.seat.holds(LETTERS);
        checkTyped(name, await together(place.where, 'browser-killed', [next.seat]), [LETTERS]);
    });
    proxy.close();
}

// Private windows and full disks: what is promised is what is so.
async function withoutStorage(place)
{
    const faults = { 'may not store': () => { IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }; },
        'has a full disk': () => { IDBObjectStore.prototype.put = () => { throw new DOMException('no', 'QuotaExceededError'); }; } };
    for (const [how, fault] of Object.entries(faults)) {
        const proxy = await Proxy.open(place.port), documentId = `store-${how.replaceAll(' ', '-')}`;
        await story(`a page that ${how}`, async () => {
            const owner = await profile();
            owner.networkMayFail = true;
            await owner.context.addInitScript(fault);
            const { seat } = await owner.tab(proxy.port, textPage(documentId));
            await seat.online();
            proxy.cut();
            await seat.offline();
            await seat.focus();
            await seat.type('hello');
            await sleep(300);
            const said = await seat.element.locator('.connection').innerText();
            check(/keep this page open/i.test(said) && !/is kept/i.test(said), `a page that ${how} promises nothing that it cannot keep`, said);
            proxy.up();
            check(await together(place.where, documentId, [seat]) === 'hello', `and sends what was typed when the connection is back: it ${how}`);
        });
        proxy.close();
    }
}

const paste = (seat, text, times) => seat.content.evaluate((content, [piece, count]) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', piece.repeat(count));
    content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, [text, times]);

// An op has a limit: a book goes out as several, and is one change all the same.
async function aBook(place)
{
    await story('a book', async () => {
        const [one, other] = await Promise.all([0, 1].map(() => person(place.port, textPage('book')))), both = [one.seat, other.seat];
        await one.seat.focus();
        await other.seat.focus();
        await one.seat.type('a');
        await one.seat.quiet();
        await sleep(1000);
        let on = true;
        const typing = other.seat.keepTyping(CAPITALS, () => on, 1);
        await paste(one.seat, 'it was a dark and stormy night.\n', 60000);
        await one.seat.quiet();
        on = false;
        await typing;
        const text = await together(place.where, 'book', both);
        check(text.replace(/[A-Z]/g, '') === `a${'it was a dark and stormy night.\n'.repeat(60000)}`, 'a paste of 1.9 MB arrives whole, while somebody else types', String(text.length));
        checkTyped('and so does what they type', text, [other.seat.typed]);
        await one.page.keyboard.press('Control+z');
        check((await together(place.where, 'book', both)).replace(/[A-Z]/g, '') === 'a', 'Ctrl-Z takes all of it back');
    });
}

// The operator's limits are lower than the page's.
async function tooMuch()
{
    const place = await Place.open({ OPSTREAM__LIMITS__DOCUMENT_BYTES: '64KiB' });
    await story('a paste that is too much', async () => {
        const { seat } = await person(place.port, textPage('too-much'));
        await seat.focus();
        await seat.type('before ');
        await seat.quiet();
        await paste(seat, 'too much ', 20000);
        await seat.element.locator('.connection', { hasText: /taken back/i }).waitFor({ timeout: 15000 });
        await seat.type('after');
        check(await together(place.where, 'too-much', [seat]) === 'before after', 'what the server refuses is taken back in words, and nothing else with it',
            (await serversText(place.where, 'too-much')).slice(0, 200));
        await seat.element.getByRole('button', { name: 'Understood' }).click();
        await seat.element.locator('.connection', { hasText: /connected/i }).waitFor({ timeout: 15000 });
    });
    await place.end();
}

// Away for so long that the server has forgotten where this page was.
async function forgotten()
{
    const name = 'away while others type more than the server remembers: nothing is lost';
    const place = await Place.open({ OPSTREAM__RECENT__OPS: '16', OPSTREAM__HISTORY__RETAIN: '16', OPSTREAM__SNAPSHOT__OPS: '5' }), proxy = await Proxy.open(place.port);
    await story(name, async () => {
        const one = await person(proxy.port, textPage('forgotten')), other = await person(place.port, textPage('forgotten'));
        one.owner.networkMayFail = true;
        await one.seat.focus();
        await one.seat.type('abc');
        await one.seat.quiet();
        await other.seat.focus('Control+Home');
        proxy.cut();
        await one.seat.offline();
        await one.seat.type('defg');
        for (const c of CAPITALS + CAPITALS) {
            await other.seat.type(c);
            await other.seat.quiet();
        }
        proxy.up();
        checkTyped(name, await together(place.where, 'forgotten', [one.seat, other.seat]), [one.seat.typed, other.seat.typed]);
    });
    proxy.close();
    await place.end();
}

export async function harsh(place)
{
    for (const tell of [crashed, killed, withoutStorage, aBook, tooMuch, forgotten]) await tell(place);
}
