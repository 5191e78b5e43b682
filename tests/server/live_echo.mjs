// The echo path for protocol test suites: the cases of tests/websocket/echo_cases.mjs against the real server. It is there only when asked for.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensure, equal, finish, once, start, test, upgrade } from './start.mjs';

const cases = fileURLToPath(new URL('../websocket/echo_cases.mjs', import.meta.url));

// The cases print their own lines.
const play = (port) => new Promise((resolve) => spawn(process.execPath, [cases, String(port), '/echo'], { stdio: ['ignore', 'inherit', 'inherit'] })
    .on('exit', resolve));

await test('the_server_passes_every_protocol_case_on_its_echo_path', async () => {
    const server = await start({ OPSTREAM__TEST__ECHO: 'true' });
    equal(await play(server.port), 0, 'exit of the cases');
    ensure(server.log.some((line) => line.includes('OPSTREAM__TEST__ECHO') && line.includes('no message limit')), 'the log warns of it');
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
});

await test('without_the_setting_there_is_no_echo_path', async () => {
    const server = await start();
    equal((await once(server.port, upgrade('/echo'))).status, 404, 'answer');
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
});

finish();
