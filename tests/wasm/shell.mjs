// The JavaScript shell of opstream.wasm in Node, as npm's package, against the running server: what opstream.d.ts promises, member by member.
//
//   OPSTREAMD=… node shell.mjs opstream-VERSION.tgz

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { check, run, skip } from '../live/lines.mjs';
import { freePort, start } from '../live/start.mjs';
import { load, ownFolder, unpack, whyNot } from './package.mjs';
import { textStories } from './shell_text.mjs';
import { jsonStories } from './shell_json.mjs';
import { eventStories } from './shell_events.mjs';
import { connectionStories } from './shell_connection.mjs';

// Every member of the contract is read, called or listened to somewhere in these tests: one that is added has to be added here, too.
function everyMember(folder)
{
    const contract = readFileSync(join(folder, 'node_modules/opstream/opstream.d.ts'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
    const interfaces = [...contract.matchAll(/interface (\w+)[^{]*\{([^]*?)\n\}/g)];
    const members = interfaces.flatMap(([, of, body]) => [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?]?(?:[:(<])/gm)].map(([, name]) => [of, name]));
    const tests = readdirSync(new URL('.', import.meta.url)).filter((f) => /^(shell|keeping)/.test(f)).map((f) => readFileSync(new URL(f, import.meta.url), 'utf8')).join('\n');
    const missing = members.filter(([, name]) => !new RegExp(`\\.${name}\\b|on\\('${name}'|\\b${name}:|\\basync ${name}\\(|\\b${name}\\(`).test(tests));
    check(members.length > 50 && missing.length === 0, `every member of opstream.d.ts is exercised (${members.length})`, ...missing.map((m) => m.join('.')));
}

run('shell', async () => {
    const why = whyNot(), tgz = process.argv[2];
    if (why !== null) return skip('the JavaScript shell', why);
    const folder = unpack(tgz), opstream = await load(folder);
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__SYNC: 'full',
        OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(ownFolder('shell'), 'opstream.db')}` };
    const port = await freePort(), place = { ...opstream, folder, env, port, url: `ws://127.0.0.1:${port}/collab-ws`, server: await start(env, port) };

    everyMember(folder);
    await textStories(place);
    await jsonStories(place);
    await eventStories(place);
    await connectionStories(place);
    const exit = await place.server.stop();
    check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...place.server.log.slice(-10));
});
