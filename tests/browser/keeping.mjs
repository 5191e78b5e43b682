// Stories of what is kept in the browser: pages that are loaded again, closed or lost with edits that no server has.

import { check, isFull, sleep } from '../live/lines.mjs';
import { person, story } from './browser.mjs';
import { serversText, together } from './oracle.mjs';
import { Proxy } from './proxy.mjs';
import { CAPITALS, DIGITS, LETTERS, allThere, checkTyped, textPage } from './place.mjs';

const some = (alphabet) => alphabet.repeat(2).slice(0, 20);

// A page behind a proxy, online, and the proxy.
async function behindProxy(place, documentId)
{
    const proxy = await Proxy.open(place.port);
    const tab = await person(proxy.port, textPage(documentId));
    tab.owner.networkMayFail = true;
    await tab.seat.focus();
    return { proxy, tab, seat: tab.seat };
}

// Types while the WebSocket is cut: all of it is pending.
async function typeCut({ proxy, seat }, text)
{
    proxy.cut();
    await seat.offline();
    await seat.type(text);
    await seat.until('waiting', 'pending', 1);
}

async function reloaded(place)
{
    const name = 'a reload while offline, with edits pending, and a second one: nothing is lost';
    await story(name, async () => {
        const here = await behindProxy(place, 'reloaded');
        const { proxy, tab, seat } = here;
        await seat.type('before ');
        await seat.quiet();
        await typeCut(here, some(LETTERS));
        await seat.saved();
        for (const more of ['again', 'AND AGAIN']) {
            await tab.reload();
            await seat.holds(seat.typed);
            check(await seat.pending() > 0, `after a reload offline the page knows what waits (${await seat.status()})`);
            await seat.focus();
            await seat.type(more);
            await seat.saved();
        }
        check(!(await serversText(place.where, 'reloaded')).includes('again'), 'the server has nothing of it yet');
        proxy.up();
        await allThere(name, place, 'reloaded', [seat]);
        proxy.close();
    });
}

// A person who reloads does not wait for the storage.
async function reloadedAtOnce(place)
{
    const name = 'a reload right behind the last key, offline: nothing is lost';
    await story(name, async () => {
        const here = await behindProxy(place, 'at-once');
        const { proxy, tab, seat } = here;
        await typeCut(here, 'x');
        for (let round = 0; round < (isFull ? 10 : 3); round++) {
            await seat.focus();
            await seat.type(some(LETTERS));
            await tab.reload();
            await seat.until('loaded', 'text', '');
        }
        proxy.up();
        await allThere(name, place, 'at-once', [seat]);
        proxy.close();
    });
}

async function serverDeadAtReload(place)
{
    const name = 'a reload while the server is dead, and again when it is back: nothing is lost';
    await story(name, async () => {
        const tab = await person(place.port, textPage('dead')), { seat } = tab;
        tab.owner.networkMayFail = true;
        await seat.focus();
        await seat.type(some(LETTERS));
        await place.kill();
        await seat.offline();
        await seat.type(some(CAPITALS));
        await seat.saved();
        const failed = await tab.reload().then(() => null, (e) => e);
        check(failed !== null, 'without a server there is no page');
        await place.revive();
        await tab.page.waitForURL('chrome-error://chromewebdata/', { timeout: 5000 }).catch(() => {}); // it is on its way to that page
        await tab.page.goto(`http://127.0.0.1:${place.port}${textPage('dead')}`);
        await seat.holds(seat.typed);
        await allThere(name, place, 'dead', [seat]);
    });
}

async function closedTab(place)
{
    const name = 'a tab closed with edits pending: the next page of this person sends them';
    await story(name, async () => {
        const here = await behindProxy(place, 'closed');
        await typeCut(here, some(LETTERS));
        await here.seat.saved();
        await here.tab.close();
        here.proxy.up();
        await sleep(200);
        check(!(await serversText(place.where, 'closed')).includes('a'), 'nobody has sent them while there is no page');
        const later = await here.tab.owner.tab(here.proxy.port, textPage('closed'));
        await later.seat.holds(here.seat.typed);
        const fresh = await person(place.port, textPage('closed'));
        checkTyped(name, await together(place.where, 'closed', [later.seat, fresh.seat]), [here.seat.typed]);
        here.proxy.close();
    });
}

async function twoTabs(place)
{
    const name = 'two tabs of one person, closed with edits pending: one new page sends what both had';
    await story(name, async () => {
        const here = await behindProxy(place, 'two-tabs');
        const second = await here.tab.owner.tab(here.proxy.port, textPage('two-tabs'));
        await second.seat.online();
        await typeCut(here, some(LETTERS));
        await second.seat.focus();
        await second.seat.type(some(CAPITALS));
        await second.seat.saved();
        await here.seat.saved();
        await here.tab.close();
        await second.close();
        here.proxy.up();
        const later = await here.tab.owner.tab(here.proxy.port, textPage('two-tabs'));
        for (const seat of [here.seat, second.seat]) await later.seat.holds(seat.typed);
        const fresh = await person(place.port, textPage('two-tabs'));
        checkTyped(name, await together(place.where, 'two-tabs', [later.seat, fresh.seat]), [here.seat.typed, second.seat.typed]);
        here.proxy.close();
    });
}

// Each tab keeps its own edits: a reload of one neither takes nor doubles the other's.
async function twoTabsReloaded(place)
{
    const name = 'two tabs of one person, both loaded again with edits pending: each edit arrives once';
    await story(name, async () => {
        const here = await behindProxy(place, 'two-reloads');
        const second = await here.tab.owner.tab(here.proxy.port, textPage('two-reloads')), tabs = [here.tab, second];
        await second.seat.online();
        await typeCut(here, some(LETTERS));
        await second.seat.focus();
        await second.seat.type(some(DIGITS));
        for (const tab of tabs) await tab.seat.saved();
        await Promise.all(tabs.map((tab) => tab.reload()));
        here.proxy.up();
        await allThere(name, place, 'two-reloads', tabs.map((t) => t.seat));
        here.proxy.close();
    });
}

// Another document's page is enough: edits are the person's, not the page's.
async function anotherDocument(place)
{
    const name = 'edits of a closed tab are sent though the next page shows another document';
    await story(name, async () => {
        const here = await behindProxy(place, 'left-behind');
        await typeCut(here, some(LETTERS));
        await here.seat.saved();
        await here.tab.close();
        here.proxy.up();
        const later = await here.tab.owner.tab(here.proxy.port, textPage('elsewhere'));
        await later.seat.online();
        const fresh = await person(place.port, textPage('left-behind'));
        await fresh.seat.holds(here.seat.typed);
        checkTyped(name, await together(place.where, 'left-behind', [fresh.seat]), [here.seat.typed]);
        here.proxy.close();
    });
}

// It need not be a new page: another tab that is open finds them.
async function otherTab(place)
{
    const name = 'edits of a closed tab are sent by another tab that is open';
    await story(name, async () => {
        const here = await behindProxy(place, 'left-alone');
        const other = await here.tab.owner.tab(here.proxy.port, textPage('elsewhere'));
        await other.seat.online();
        await typeCut(here, some(LETTERS));
        await here.seat.saved();
        await here.tab.close();
        here.proxy.up();
        await other.seat.online();
        const fresh = await person(place.port, textPage('left-alone'));
        await fresh.seat.holds(here.seat.typed);
        checkTyped(name, await together(place.where, 'left-alone', [fresh.seat]), [here.seat.typed]);
        here.proxy.close();
    });
}

// Other tabs look for edits that closed ones left: a page that is just being loaded again is none of those.
async function besideOthers(place)
{
    const name = 'loaded again and again, offline, beside other tabs: what was typed is there each time';
    await story(name, async () => {
        const here = await behindProxy(place, 'beside');
        for (let i = 0; i < 4; i++) {
            const other = await here.tab.owner.tab(here.proxy.port, textPage(`beside-${i}`));
            await other.seat.online();
            await sleep(2000); // each looks every 15 s, at times of its own
        }
        await typeCut(here, LETTERS);
        await here.seat.saved();
        for (const end = Date.now() + 20000; Date.now() < end;) {
            await here.tab.reload();
            await here.seat.holds(LETTERS);
        }
        here.proxy.up();
        await allThere(name, place, 'beside', [here.seat]);
        here.proxy.close();
    });
}

export async function keeping(place)
{
    if (isFull) {
        await otherTab(place);
        await besideOthers(place);
    }
    for (const tell of [reloaded, reloadedAtOnce, serverDeadAtReload, closedTab, twoTabs, twoTabsReloaded, anotherDocument]) await tell(place);
}
