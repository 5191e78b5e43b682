// PyPI's signalrcore against the server. Its `stop` waits for the thread that reads, which wakes up at the server's next ping: they come often here.
//
// Not played, for it does not work: long polling (it posts its handshake before its first poll, which the server answers with 404; and of what a poll
// brings it hands on one record).
//
//   OPSTREAMD=… OPS_NPM_DIR=… OPS_ROOT=… node python.mjs [full]

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './program.mjs';
import { play } from './program_scenes.mjs';

const python = join(process.env.OPS_ROOT ?? '.', 'build', 'python', 'bin', 'python');
const main = new URL('python/main.py', import.meta.url).pathname;

play('python', { absent: () => (existsSync(python) ? null : `${python} is not there: tests/support/install makes it`),
    begin: () => new Program(python, [main]), env: { OPSTREAM__SIGNALR__KEEPALIVE: '200ms' }, ways: [
        { transport: 'WebSockets', protocol: 'json', profile: 'v1' },
        { transport: 'WebSockets', protocol: 'messagepack', profile: 'v1' },
        { transport: 'ServerSentEvents', protocol: 'json', profile: 'v1' },
        { transport: 'WebSockets', protocol: 'json', profile: 'reference' },
        { transport: 'ServerSentEvents', protocol: 'json', profile: 'reference' },
    ] });
