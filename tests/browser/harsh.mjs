// Stories of browsers that end badly, and of edits that are too much.

import { check, sleep } from '../live/lines.mjs';
import { scratchFolder } from '../live/start.mjs';
import { killBrowserOf, person, profile, profileOnDisk, story } from './browser.mjs';
import { serversText, together } from './oracle.mjs';
import { LETTERS, checkTyped, textPage } from './place.mjs';
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

async function tooMuch(place)
{
    await story('a paste that is too much', async () => {
        const tab = await person(place.port, textPage('too-much')), { seat } = tab;
        await seat.focus();
        await seat.type('before ');
        await seat.content.evaluate((content) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', 'too much '.repeat(1e6));
            content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        });
        await seat.element.locator('.connection', { hasText: /cannot be made|refused|too long|too much/i }).waitFor({ timeout: 15000 });
        await seat.focus();
        await seat.type('after');
        check(await together(place.where, 'too-much', [seat]) === 'before after', 'a paste of 9 MB is refused in words, and nothing else is lost by it',
            (await serversText(place.where, 'too-much')).slice(0, 200));
    });
}

export async function harsh(place)
{
    for (const tell of [crashed, killed, withoutStorage, tooMuch]) await tell(place);
}
