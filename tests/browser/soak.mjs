// Minutes of random typing on three pages while everything breaks: the server is killed, connections are cut, swallow what is sent or come back,
// pages are loaded again, closed and opened anew.
//
// Each person has two tabs. One is on a document where all do anything: type, delete, select and replace, paste, undo and redo, all over the place:
// its pages must hold one text whenever the noise stops. The other is on a document where everybody only types, an alphabet of their own: there,
// every key must be found in the end.
//
//   OPSTREAMD=… OPS_NPM_DIR=… [OPS_SOAK_SECONDS=1200] [OPS_SEED=…] node soak.mjs
//
// The seed replays the choices; how they fall against each other is up to the machine.

import { check, randomFrom, run, seedOf, skip, sleep } from '../live/lines.mjs';
import { opstreamd } from '../live/start.mjs';
import { browserMissing, launch, profile, quit, story } from './browser.mjs';
import { missing, together } from './oracle.mjs';
import { CAPITALS, DIGITS, LETTERS, Place, textPage } from './place.mjs';
import { Proxy } from './proxy.mjs';

const SECONDS = Number(process.env.OPS_SOAK_SECONDS ?? 1200);
const CHURN = 'soak-anything', KEPT = 'soak-kept', ROUND_SECONDS = 20, LONGEST = 4000; // characters in the churned text
const ALPHABETS = [LETTERS, CAPITALS, DIGITS];
const PIECES = ['plain words ', 'ümläut', '\u{1f600}', '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}', 'e\u0301\u0323', '\u0915\u094d\u0937\u093f', 'שלום', '\u{1f1e9}\u{1f1ea}',
    'a line\nand another\n', '\t', '"quoted" & <b>', '\u200b', '中文'];
const counts = {};
const did = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

// ---- what fingers do -------------------------------------------------------------------------------------------------------------

const press = async (seat, key, times = 1) => { for (; times > 0; times--) await seat.page.keyboard.press(key); };

// What the clipboard would bring; the event is the one that the browser makes.
const paste = (seat, text) => seat.content.evaluate((content, data) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', data);
    content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, text);

const FINGERS = {
    type: async (seat, r) => { for (const c of 'lorem ipsum '.slice(0, 1 + r.below(12))) await press(seat, c === ' ' ? 'Space' : c); },
    piece: (seat, r) => seat.page.keyboard.insertText(r.pick(PIECES)),
    paste: (seat, r) => paste(seat, r.pick(PIECES).repeat(1 + r.below(20))),
    backspace: (seat, r) => press(seat, 'Backspace', 1 + r.below(8)),
    delete: (seat, r) => press(seat, 'Delete', 1 + r.below(8)),
    deleteWord: (seat) => press(seat, 'Control+Backspace'),
    move: (seat, r) => press(seat, r.pick(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'Control+Home', 'Control+End']), 1 + r.below(10)),
    replace: async (seat, r) => {
        await press(seat, r.pick(['Shift+ArrowLeft', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Shift+Control+ArrowRight']), 1 + r.below(6));
        await seat.page.keyboard.insertText(r.pick(PIECES));
    },
    compose: (seat, r) => seat.compose(['n', 'に', 'にほ'].slice(0, 1 + r.below(3)), r.pick(['日本', 'に', '\u{1f5fe}']), () => sleep(r.below(200))),
    newline: (seat) => press(seat, 'Enter'),
    undo: (seat, r) => press(seat, 'Control+z', 1 + r.below(5)),
    redo: (seat, r) => press(seat, 'Control+Shift+Z', 1 + r.below(3)),
    shorten: async (seat, r) => {
        if ((await seat.text()).length < LONGEST) return;
        await press(seat, r.pick(['Control+Home', 'Control+End']));
        await press(seat, 'Shift+PageDown', 8);
        await press(seat, 'Delete');
    },
};

// ---- a person ------------------------------------------------------------------------------------------------------------------------

class Person
{
    constructor(name, alphabet, proxy, owner, seed)
    {
        Object.assign(this, { name, alphabet, proxy, owner, random: randomFrom(seed), keys: 0, typed: '', inOrder: true, tabs: {}, turn: {}, last: [] });
        owner.doing = () => `(${name}: ${this.last.join(', ')})`;
    }

    async open(documentId)
    {
        this.tabs[documentId] = await this.owner.tab(this.proxy.port, textPage(documentId));
        await this.ready(documentId);
    }

    // A page that was loaded while its server was away is not there: again, until it is. The caret goes to the end.
    async ready(documentId)
    {
        for (let tries = 10; ; tries--) {
            const { page, seat } = this.tabs[documentId];
            const failed = page.url().startsWith('http') ? await seat.until('loaded', 'text', '').then(() => seat.focus(), (e) => e) : new Error('there was no page');
            if (failed === undefined) return;
            if (tries === 0) throw failed;
            await page.goto(`http://127.0.0.1:${this.proxy.port}${textPage(documentId)}`, { waitUntil: 'domcontentloaded' }).catch(() => sleep(500));
        }
    }

    // One at a time on a tab: typing, or what happens to the tab.
    alone(documentId, what)
    {
        const before = this.turn[documentId] ?? Promise.resolve();
        return this.turn[documentId] = before.then(what);
    }

    async churn(going)
    {
        for (; going(); await sleep(this.random.below(150))) {
            const finger = this.random.pick(Object.keys(FINGERS));
            await this.alone(CHURN, async () => {
                did(finger);
                this.last = [...this.last.slice(-3), finger];
                await FINGERS[finger](this.tabs[CHURN].seat, this.random);
            });
        }
    }

    async keep(going)
    {
        for (; going(); await sleep(this.random.below(100)))
            await this.alone(KEPT, async () => {
                const c = this.alphabet[this.keys++ % this.alphabet.length];
                if (this.keys % 60 === 0) await this.tabs[KEPT].seat.page.keyboard.press('Enter');
                await this.tabs[KEPT].seat.page.keyboard.press(c);
                this.typed += c;
            });
    }

    reload(documentId, meanwhile = () => {})
    {
        return this.alone(documentId, async () => {
            await this.tabs[documentId].reload().catch(() => {});
            await meanwhile();
            await this.ready(documentId);
        });
    }

    // What was not sent is sent by whichever tab of this person comes next; the new tab's own keys may come before it.
    reopen(documentId)
    {
        return this.alone(documentId, async () => {
            await this.tabs[documentId].seat.saved();
            await this.tabs[documentId].close();
            if (documentId === KEPT) this.inOrder = false;
            this.tabs[documentId] = await this.#anew(documentId);
            await this.ready(documentId);
        });
    }

    async #anew(documentId)
    {
        for (let tries = 200; ; tries--) {
            try {
                return await this.owner.tab(this.proxy.port, textPage(documentId));
            } catch (e) {
                if (tries === 0) throw e;
                await sleep(200);
            }
        }
    }
}

// ---- what breaks -----------------------------------------------------------------------------------------------------------------------

const CHAOS = {
    kill: async (place, person, r) => {
        await place.kill();
        await sleep(r.below(3000));
        await place.revive();
    },
    cut: (place, { proxy }, r) => broken(proxy, 'cut', r),
    down: (place, { proxy }, r) => broken(proxy, 'down', r),
    stall: (place, { proxy }, r) => broken(proxy, 'stall', r),
    blink: async (place, { proxy }) => { proxy.cut(); proxy.up(); },
    offline: async (place, { owner }, r) => {
        await owner.context.setOffline(true);
        await sleep(r.below(3000));
        await owner.context.setOffline(false);
    },
    reload: (place, person, r) => person.reload(r.pick([CHURN, KEPT])),
    reloadCut: async (place, person, r) => {
        person.proxy.cut();
        await sleep(r.below(1000));
        await person.reload(r.pick([CHURN, KEPT]), async () => {
            await sleep(r.below(1000));
            person.proxy.up();
        });
    },
    reopen: (place, person, r) => person.reopen(r.pick([CHURN, KEPT])),
};

async function broken(proxy, how, r)
{
    proxy[how]();
    await sleep(r.below(4000));
    proxy.up();
}

// ---- the run ------------------------------------------------------------------------------------------------------------------------------

async function round(place, people, random, seconds)
{
    const end = Date.now() + seconds * 1000;
    let on = true;
    const work = people.flatMap((p) => [p.churn(() => on), p.keep(() => on)]);
    const settled = Promise.all(work);
    settled.catch(() => { on = false; });
    try {
        while (Date.now() < end && on) {
            await sleep(random.below(1500));
            const what = random.pick(Object.keys(CHAOS)), who = random.pick(people);
            did(what);
            await CHAOS[what](place, who, random);
        }
    } finally {
        on = false;
    }
    await settled;
    for (const documentId of [CHURN, KEPT]) {
        const text = await together(place.where, documentId, people.map((p) => p.tabs[documentId].seat));
        if (documentId === KEPT) keysAreThere(people, text);
    }
}

function keysAreThere(people, text)
{
    const sorted = (s) => [...s].sort().join('');
    for (const { name, alphabet, typed, inOrder } of people) {
        const own = [...text].filter((c) => alphabet.includes(c)).join('');
        const wrong = inOrder ? missing(own, typed) : missing(sorted(own), sorted(typed));
        if (wrong !== null) throw new Error(`of what ${name} typed: ${wrong}`);
    }
}

run('soak', async () => {
    const seed = seedOf('soak'), random = randomFrom(seed);
    const why = browserMissing() ?? (opstreamd() ? null : 'OPSTREAMD is not set');
    if (why !== null) return skip('random typing while everything breaks', why);
    await launch();
    const place = await Place.open();
    const began = Date.now(), name = `${SECONDS} s of random typing on three pages: whenever the noise stops all hold one text, and every key is there`;
    let rounds = 0;
    await story(name, async () => {
        const people = await Promise.all(ALPHABETS.map(async (alphabet, i) => {
            const owner = await profile();
            owner.networkMayFail = true;
            const person = new Person(`person ${i + 1}`, alphabet, await Proxy.open(place.port), owner, random.below(2 ** 31));
            for (const documentId of [CHURN, KEPT]) await person.open(documentId);
            return person;
        }));
        while (Date.now() - began < SECONDS * 1000) {
            await round(place, people, random, Math.min(ROUND_SECONDS, SECONDS - (Date.now() - began) / 1000));
            console.log(`${Math.round((Date.now() - began) / 1000)} s, round ${++rounds}: ${people.map((p) => p.typed.length).join(' + ')} keys are there`);
        }
        check(rounds > 0 && people.every((p) => p.typed.length > 0), name);
        for (const { proxy } of people) proxy.close();
    });
    console.log(Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(', '));
    await place.end();
    await quit();
});
