// The declarations of the npm package, as TypeScript's compiler reads them: alone, and from a program that uses all of them, rightly and wrongly.
//
//   node types.mjs opstream-VERSION.tgz

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, notOk, run, skip } from '../live/lines.mjs';
import { npmFolder, unpack } from './package.mjs';

const STRICT = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true,
    target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: false };
const PROGRAMS = { 'Node\'s way to find it': { module: 'nodenext', moduleResolution: 'nodenext' }, 'a bundler\'s': { module: 'esnext', moduleResolution: 'bundler' } };

// What tsc says of the files with these options; empty: nothing.
function complaints(tsc, folder, options, files)
{
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }));
    const done = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8', timeout: 120000 });
    return done.status === 0 ? [] : `${done.stdout}${done.stderr}${done.error?.message ?? ''}exit ${done.status}`.split('\n').slice(0, 20);
}

run('types', async () => {
    const tsc = join(npmFolder, 'node_modules/typescript/bin/tsc');
    if (!existsSync(tsc)) return skip('the declarations of the npm package', 'the npm package typescript is not installed');
    const folder = unpack(process.argv[2]), example = join(folder, 'example.ts'), own = 'node_modules/opstream';
    copyFileSync(new URL('example.ts', import.meta.url), example);

    for (const [what, options] of Object.entries(PROGRAMS)) {
        const alone = complaints(tsc, folder, options, ['opstream.d.ts', 'node.d.ts', 'schema.d.ts'].map((f) => `${own}/${f}`));
        check(alone.length === 0, `opstream.d.ts, node.d.ts and schema.d.ts are sound (${what})`, ...alone);
        const used = complaints(tsc, folder, options, ['example.ts']);
        check(used.length === 0, `a typed program is right where it is right, and wrong where it is wrong (${what})`, ...used);
    }

    // The compiler must have looked: each wrong line of the example is an error without its comment.
    const wrong = readFileSync(example, 'utf8').split('// @ts-expect-error').length - 1;
    writeFileSync(example, readFileSync(example, 'utf8').replaceAll('// @ts-expect-error', '//'));
    const errors = complaints(tsc, folder, PROGRAMS['Node\'s way to find it'], ['example.ts']).filter((line) => line.includes('error TS')).length;
    if (wrong === 0 || errors !== wrong) notOk('each wrong line is an error', `${errors} errors of ${wrong}`);
});
