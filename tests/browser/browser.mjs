// A browser for the tests: Debian's chromium, driven by playwright-core. A page that complains (an exception, an error on the console, a
// violation of its content security policy) fails the test that opened it.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { notOk, sleep } from '../live/lines.mjs';
import { Seat } from './seat.mjs';

const packages = resolve(process.env.OPS_NPM_DIR ?? 'build/npm', 'node_modules');
const here = createRequire(join(packages, 'anchor.js'));

// What a browser says when the network or the server is away. It says it for every try, and is right to.
const NETWORK = /WebSocket connection to .* failed|net::ERR_(CONNECTION|INTERNET|EMPTY_RESPONSE|SOCKET|NETWORK)/;

function executable()
{
    if (process.env.OPS_CHROMIUM) return process.env.OPS_CHROMIUM;
    const found = spawnSync('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome'], { encoding: 'utf8' });
    return found.stdout.trim() || null;
}

// null: a browser can be had; otherwise why not.
export function browserMissing()
{
    if (!existsSync(join(packages, 'playwright-core'))) return 'the npm package playwright-core is not installed';
    if (executable() === null) return 'there is no chromium';
    return null;
}

// Root has no sandbox, and a container's /dev/shm is small. Nothing but loopback is ever asked for.
const OPTIONS = () => ({ executablePath: executable(), headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run'] });

let running = null;
let people = []; // profiles of the story that is told

export async function launch()
{
    const { chromium } = here('playwright-core');
    running = await chromium.launch(OPTIONS());
    return running;
}

export async function quit()
{
    await running?.close();
    running = null;
}

// One browser profile: tabs in it share what the browser stores, as the tabs of one person do.
export async function profile({ width = 1280, height = 800, dark = false, phone = false } = {})
{
    const context = await running.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce',
        ...(phone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2, viewport: { width: 390, height: 844 } } : {}) });
    return new Profile(context);
}

// A browser of its own whose profile lies in `folder`, and outlives it.
export async function profileOnDisk(folder)
{
    return new Profile(await here('playwright-core').chromium.launchPersistentContext(folder, OPTIONS()));
}

const read = (path) => { try { return readFileSync(path, 'utf8'); } catch { return ''; } };

// SIGKILL to the browser whose profile lies in `folder`, and to no other: its command line names the folder. Its children go with it.
export async function killBrowserOf(folder)
{
    const its = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`).includes(`--user-data-dir=${folder}\0`));
    if (its.length === 0) throw new Error(`no browser has its profile in ${folder}`);
    for (const pid of its) process.kill(Number(pid), 'SIGKILL');
    while (its.some((pid) => !/^$|\) Z /.test(read(`/proc/${pid}/stat`)))) await sleep(20);
}

class Profile
{
    constructor(context)
    {
        this.context = context;
        this.troubles = [];
        this.networkMayFail = false; // a test that breaks the network sets it
        this.doing = () => ''; // what happened last, for the complaints
        people.push(this);
    }

    // A tab on `path` of the server at `port`, without waiting for its documents.
    async tab(port, path)
    {
        const page = await this.context.newPage();
        page.on('pageerror', (e) => this.troubles.push(`exception: ${e.stack ?? e} ${this.doing()}`));
        page.on('crash', () => this.troubles.push('the page crashed'));
        page.on('console', (m) => this.#said(m));
        await page.goto(`http://127.0.0.1:${port}${path}`, { waitUntil: 'domcontentloaded' });
        return new Tab(page, this);
    }

    #said(message)
    {
        const text = `${message.text()} (${message.location().url})`;
        const bad = message.type() === 'error' || /Content.Security.Policy|violates/i.test(text);
        if (bad && !(this.networkMayFail && NETWORK.test(text))) this.troubles.push(`console: ${text} ${this.doing()}`);
    }
}

export class Tab
{
    constructor(page, owner)
    {
        this.page = page;
        this.owner = owner;
        this.seats = [0, 1].map((i) => new Seat(page, i));
    }

    get seat() { return this.seats[0]; }
    reload() { return this.page.reload({ waitUntil: 'domcontentloaded' }); }
    close() { return this.page.close(); }
    screenshot(path) { return this.page.screenshot({ path, animations: 'disabled', caret: 'initial' }); }
}

// A person with one tab: the ordinary case.
export async function person(port, path, options = {})
{
    const owner = await profile(options);
    const tab = await owner.tab(port, path);
    await tab.seat.online();
    return tab;
}

// One story: what it throws is a failure, and so is what any page that it opened says of itself. Its profiles are closed behind it.
export async function story(name, tell)
{
    people = [];
    try {
        await tell();
    } catch (e) {
        notOk(name, ...String(e.stack ?? e).split('\n').slice(0, 14));
    }
    const troubles = people.flatMap((p) => p.troubles);
    if (troubles.length > 0) notOk(`${name}: no page complains`, ...troubles.slice(0, 12));
    for (const one of people) await one.context.close().catch(() => {});
}

// axe-core's findings on the page as it is, a line each.
export async function axe(tab)
{
    await tab.page.evaluate(readFileSync(join(packages, 'axe-core', 'axe.min.js'), 'utf8'));
    const { violations } = await tab.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }));
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.failureSummary.replace(/\s+/g, ' ')}`));
}
