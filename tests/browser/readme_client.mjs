// The README's browser client, served by somebody else than opstreamd: two of them in two browsers hold one text.
//
//   OPSTREAMD=… OPS_NPM_DIR=… node readme_client.mjs README.md
//
// <!-- test: browser-client -->  then a fenced block: a page with a <textarea>; port 8080 in it becomes the test's

import http from 'node:http';
import { readFileSync } from 'node:fs';
import { check, notOk, run, skip } from '../live/lines.mjs';
import { freePort, opstreamd, start } from '../live/start.mjs';
import { browserMissing, launch, profile, quit, story } from './browser.mjs';
import { serversText } from './oracle.mjs';

const NAME = 'two of the README\'s browser clients, on pages of another origin, edit one document';
const LIMIT = 20000;
const HARD = 'grüße \u{1f600}\u{1f601} e\u0301';

const blockOf = (path) => /<!-- test: browser-client -->\s*```[a-z]*\n([^]*?)```/.exec(readFileSync(path, 'utf8'))?.[1] ?? null;

function serve(html)
{
    const server = http.createServer((request, response) => {
        response.writeHead(request.url === '/' ? 200 : 204, { 'content-type': 'text/html; charset=utf-8' });
        response.end(request.url === '/' ? html : undefined);
    });
    return new Promise((r) => server.listen(0, '127.0.0.1', () => r(server)));
}

const shows = (page, text) => page.waitForFunction((t) => document.querySelector('textarea').value === t, text, { timeout: LIMIT, polling: 20 })
    .catch(async () => { throw new Error(`expected ${JSON.stringify(text)}, shown ${JSON.stringify(await page.locator('textarea').inputValue())}`); });

async function twoOfThem(html, documentId)
{
    const port = await freePort(), pages = await serve(html.replaceAll('8080', String(port)));
    const origin = `http://127.0.0.1:${pages.address().port}`;
    const server = await start({ OPSTREAM__URLS: `http://localhost:${port}`, OPSTREAM__ORIGINS: origin }, port);
    await story(NAME, async () => {
        const [one, other] = await Promise.all([0, 1].map(async () => (await (await profile()).tab(pages.address().port, '/')).page));
        for (const page of [one, other]) await page.locator('textarea').waitFor();
        await one.locator('textarea').focus();
        await one.keyboard.type('hello');
        await shows(other, 'hello');
        await other.locator('textarea').focus();
        await other.keyboard.press('Control+Home');
        await other.keyboard.type('Well, ');
        await shows(one, 'Well, hello');
        await one.keyboard.type('!'); // where the caret was left, which moved along
        await shows(other, 'Well, hello!');
        await one.keyboard.insertText(HARD);
        await one.keyboard.press('Backspace');
        await shows(other, `Well, hello!${HARD.slice(0, -1)}`);
        await other.keyboard.press('Shift+End'); // over all that is there
        await other.keyboard.type('new\n\u{1f602}');
        await shows(one, 'Well, new\n\u{1f602}');
        const kept = await serversText(server.where, documentId);
        check(kept === 'Well, new\n\u{1f602}', NAME, JSON.stringify(kept));
    });
    const foreign = (await serve(html.replaceAll('8080', String(port))));
    await story('a page of an origin that is not allowed', async () => {
        const stranger = await profile(), tab = await stranger.tab(foreign.address().port, '/');
        await tab.page.waitForTimeout(1000);
        const shown = await tab.page.locator('textarea').evaluateAll((boxes) => boxes.map((box) => box.value).join());
        check(shown === '' && stranger.troubles.length > 0, 'an origin that is not in OPSTREAM__ORIGINS gets nothing');
        stranger.troubles.length = 0;
    });
    for (const s of [pages, foreign]) s.close();
    await server.stop();
}

run('readme-client', async () => {
    const html = blockOf(process.argv[2]);
    if (html === null) return notOk('the README has a browser client', `no block after <!-- test: browser-client --> in ${process.argv[2]}`);
    check(html.trimEnd().split('\n').length <= 12, 'it is twelve lines long', String(html.trimEnd().split('\n').length));
    const documentId = /\.open\(\s*['"]([^'"]+)['"]/.exec(html)?.[1];
    if (!check(documentId !== undefined, 'it opens a document by name')) return;
    const why = browserMissing() ?? (opstreamd() ? null : 'OPSTREAMD is not set');
    if (why !== null) return skip(NAME, why);
    await launch();
    await twoOfThem(html, documentId);
    await quit();
});
