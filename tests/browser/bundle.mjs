// gen/browser holds what runtime/server/pages/bundle makes of the sources that are there now, and nothing in it names a registry or asks for
// what the page's policy forbids.
//
//   OPS_ROOT=… node bundle.mjs      skipped where npm cannot install the bundler

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, run, skip } from '../live/lines.mjs';

const root = process.env.OPS_ROOT ?? process.cwd();
const pages = join(root, 'runtime/server/pages');

function firstDifference(a, b)
{
    let at = 0;
    while (at < Math.min(a.length, b.length) && a[at] === b[at]) at++;
    return `byte ${at}: …${a.subarray(Math.max(0, at - 20), at + 40)}… is now …${b.subarray(Math.max(0, at - 20), at + 40)}…`;
}

function rebuild()
{
    const out = mkdtempSync(join(tmpdir(), 'opstream-bundle-'));
    process.on('exit', () => rmSync(out, { recursive: true, force: true }));
    const made = spawnSync(join(pages, 'bundle'), [out], { encoding: 'utf8' });
    const installed = made.status === 0 || spawnSync('npm', ['ci', '--ignore-scripts', '--silent', '--no-audit', '--no-fund', '--dry-run'], { cwd: pages }).status === 0;
    return { out, made, installed };
}

run('bundle', async () => {
    const lock = readFileSync(join(pages, 'package-lock.json'), 'utf8'), { devDependencies } = JSON.parse(readFileSync(join(pages, 'package.json'), 'utf8'));
    check(!/"resolved"|https?:\/\//.test(lock), 'package-lock.json names no registry');
    check(Object.values(JSON.parse(lock).packages).every((p) => p.version === undefined || p.integrity !== undefined), 'and has the digest of each package');
    check(Object.values(devDependencies).every((version) => /^\d+\.\d+\.\d+$/.test(version)), 'versions are exact');

    const { out, made, installed } = rebuild();
    if (!installed) return skip('the bundle is what its sources make', 'npm cannot install the bundler');
    check(made.status === 0, 'the bundle can be made', ...`${made.stdout}${made.stderr}`.split('\n').slice(0, 12));
    if (made.status !== 0) return;
    for (const name of readdirSync(out)) {
        const kept = readFileSync(join(root, 'gen/browser', name)), now = readFileSync(join(out, name));
        check(kept.equals(now), `gen/browser/${name} is what runtime/server/pages/bundle makes`, firstDifference(kept, now));
    }
    const script = readFileSync(join(out, 'app.js'), 'utf8');
    check(/from"\.\/opstream\.js"/.test(script), 'opstream.js stays a module of its own');
    for (const name of ['@codemirror/view', '@codemirror/state', '@codemirror/commands', 'lean-qr'])
        check(script.includes(`${name} ${devDependencies[name]}`) && /Permission is hereby granted/.test(script), `the licence of ${name} travels along`);
});
