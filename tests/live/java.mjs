// Microsoft's SignalR client for Java against the server.
//
//   OPSTREAMD=… OPS_NPM_DIR=… OPS_ROOT=… node java.mjs [full]

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './program.mjs';
import { play } from './program_scenes.mjs';

const jars = join(process.env.OPS_ROOT ?? '.', 'build', 'java');
const main = new URL('java/Main.java', import.meta.url).pathname;

function absent()
{
    if (spawnSync('java', ['-version']).status !== 0) return 'there is no java';
    if (spawnSync('javac', ['-version']).status !== 0) return 'there is no javac (a JDK has it)';
    return existsSync(jars) ? null : `${jars} is not there: tests/support/install fetches it`;
}

play('java', { absent, begin: () => new Program('java', ['-cp', join(jars, '*'), main]), ways: [
    { transport: 'WebSockets', protocol: 'json', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'json', profile: 'v1', skipNegotiation: true },
    { transport: 'LongPolling', protocol: 'json', profile: 'v1' },
    { transport: 'WebSockets', protocol: 'json', profile: 'reference' },
    { transport: 'LongPolling', protocol: 'json', profile: 'reference' },
] });
