// The npm package as the build packs it, unpacked where Node finds it by its name, with `ws` beside it; and what the stories share.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { notOk, ok, sleep, within } from '../live/lines.mjs';
import { scratchFolder } from '../live/start.mjs';

const LIMIT = 30000;
export const npmFolder = resolve(process.env.OPS_NPM_DIR ?? 'build/npm');

let scratch;

// A folder of its own, gone with the process.
export const ownFolder = (name) => mkdtempSync(join((scratch ??= scratchFolder('shell')), `${name}-`));

// What keeps the tests of the package from running; null: nothing.
export function whyNot()
{
    if (!process.env.OPSTREAMD) return 'OPSTREAMD is not set';
    return existsSync(join(npmFolder, 'node_modules/ws')) ? null : 'the npm package ws is not installed';
}

// The folder; programs in it may import `opstream` and `opstream/node`.
export function unpack(tgz)
{
    const folder = ownFolder('package'), modules = join(folder, 'node_modules');
    mkdirSync(join(modules, 'opstream'), { recursive: true });
    execFileSync('tar', ['xzf', tgz, '-C', join(modules, 'opstream'), '--strip-components=1']);
    if (existsSync(join(npmFolder, 'node_modules/ws'))) symlinkSync(join(npmFolder, 'node_modules/ws'), join(modules, 'ws'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'all.js'), "export * from 'opstream';\nexport { fileStorage } from 'opstream/node';\nexport { WebSocket } from 'ws';\n");
    return folder;
}

export const load = (folder) => import(pathToFileURL(join(folder, 'all.js')));

export async function until(what, condition)
{
    await within(LIMIT, what, (async () => { while (!(await condition())) await sleep(2); })());
}

export const soon = (what, promise) => within(LIMIT, what, promise);

// A story: its steps check as they go; what they throw fails it.
export async function story(name, steps)
{
    const wrong = [];
    const equal = (got, wanted, what) => {
        const [a, b] = [got, wanted].map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
        if (a !== b) wrong.push(`${what}: ${a?.slice(0, 500)}`, `${' '.repeat(Math.max(0, what.length - 6))}wanted: ${b?.slice(0, 500)}`);
    };
    const throws = (type, what, action) => {
        try {
            action();
            wrong.push(`${what}: nothing was thrown`);
        } catch (e) {
            if (e.constructor !== type) wrong.push(`${what}: ${e.stack}`);
        }
    };
    const rejects = async (what, promise) => {
        try {
            await soon(what, promise);
            wrong.push(`${what}: it did not reject`);
            return {};
        } catch (e) {
            return e;
        }
    };
    const clients = [];
    const keep = (client) => (clients.push(client), client);
    try {
        await steps({ equal, throws, rejects, keep });
    } catch (e) {
        wrong.push(...String(e.stack ?? e).split('\n'));
    }
    try {
        await soon('the clients close', Promise.all(clients.map((c) => c.close())));
    } catch (e) {
        wrong.push(e.message);
    }
    if (wrong.length > 0) notOk(name, ...wrong);
    else ok(name);
}
