// A race is found: the program race.c ends with TSan's exit code, and what it wrote fails the test that started it.
//
//   node race_found.mjs PROGRAM

import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { watchReports } from './sanitizer.mjs';

const [program, role] = process.argv.slice(2);

if (role === 'watch') { // the test that must fail: it looks at no exit code
    const child = spawn(program, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8');
    watchReports(child);
    await new Promise((resolve) => child.on('close', resolve));
    process.exit(0);
}

function codeOf(command, args)
{
    try {
        execFileSync(command, args, { stdio: 'ignore' });
        return 0;
    } catch (e) {
        return e.status;
    }
}

const code = codeOf(program, []), watched = codeOf(process.execPath, [fileURLToPath(import.meta.url), program, 'watch']);
console.log(`${code === 66 ? 'ok' : 'not ok'} - a race ends a program with TSan's exit code (${code})`);
console.log(`${watched === 1 ? 'ok' : 'not ok'} - and fails the test that started it (${watched})`);
process.exit(code === 66 && watched === 1 ? 0 : 1);
