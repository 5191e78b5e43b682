// The start: wrong settings stop it and say what is right, unknown names are warned of, secrets come from files and are shown nowhere.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Raw, ensure, equal, finish, get, insertOp, once, start, startFails, test } from './start.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'opstream-start-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

await test('wrong_values_stop_the_start_and_the_valid_ones_are_listed', async () => {
    const { code, log } = await startFails({ OPSTREAM__STORAGE__PROVIDER: 'sqllite', OPSTREAM__LOG__LEVEL: 'loud', OPSTREAM__PING__INTERVAL: 'soon',
        OPSTREAM__WIRE__PROFILE: 'v7' });
    equal(code, 78, 'exit');
    for (const words of [['STORAGE__PROVIDER', 'memory', 'sqlite'], ['LOG__LEVEL', 'debug', 'info', 'warning', 'error'], ['WIRE__PROFILE', 'v1', 'reference'],
        ['PING__INTERVAL', '100ms', '1h']]) {
        const line = log.split('\n').find((l) => l.includes(`OPSTREAM__${words[0]}`));
        ensure(line && words.every((word) => line.includes(word)), `${words}: ${line}\n${log}`);
    }
    ensure(!log.includes('listening'), 'nothing was opened');
});

await test('unknown_names_are_warned_of_with_the_nearest_and_names_count_in_any_case', async () => {
    const server = await start({ OPSTREAM__LIMITS__CONECTIONS: '5', opstream__LOOPS: '3' });
    ensure(server.log.some((l) => l.includes('OPSTREAM__LIMITS__CONECTIONS') && l.includes('OPSTREAM__LIMITS__CONNECTIONS')), server.log.join('\n'));
    ensure(server.log.some((l) => l.includes('3 loops')), server.log.join('\n'));
    equal((await server.stop()).code, 0, 'exit');
});

await test('an_address_that_is_taken_stops_the_start_and_is_named', async () => {
    const server = await start();
    const { code, log } = await startFails({ OPSTREAM__URLS: `http://127.0.0.1:${server.port}` });
    ensure(code === 1 && log.includes(`port ${server.port}`) && log.includes('in use'), `${code}: ${log}`);
    equal((await server.stop()).code, 0, 'exit');
});

await test('a_store_that_cannot_be_opened_stops_the_start_and_its_secret_is_not_told', async () => {
    const { code, log } = await startFails({ OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__LOG__LEVEL: 'debug',
        OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${folder}/no/such/folder/o.db;Password=hunter2` });
    ensure(code === 1 || code === 78, `exit ${code}`);
    ensure(log.includes('store') || log.includes('STORAGE'), log);
    ensure(!log.includes('hunter2'), log);
});

await test('a_connection_string_comes_from_a_file', async () => {
    const file = path.join(folder, 'connection.secret');
    writeFileSync(file, `Data Source=${folder}/hunter2.db\n`);
    const server = await start({ OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING_FILE: file, OPSTREAM__LOG__LEVEL: 'debug' });
    equal((await once(server.port, get('/health'))).body, 'Healthy', 'health');
    equal((await server.stop()).code, 0, 'exit');
    ensure(execFileSync('ls', [folder]).includes('hunter2.db'), 'the database is where the file says');
});

await test('the_default_profile_is_for_those_who_do_not_choose', async () => {
    const server = await start({ OPSTREAM__WIRE__PROFILE: 'reference' });
    const [plain, chosen] = [await Raw.open(server.port), await Raw.open(server.port, '/collab-ws?profile=v1')];
    plain.say({ correlationId: 'c', messageType: 0, joinRequest: { documentId: 'p', documentType: 'text', clientProtoVersion: 1 } });
    ensure((await plain.text(0)).startsWith('{"correlationId":"c","messageType":1,'), await plain.text(0));
    equal((await chosen.join('p')).type, 'join_ack', 'the query is stronger');
    equal((await server.stop()).code, 0, 'exit');
});

// `script` gives the server a terminal; SECRET is in a document's id, a payload and the connection string.
await test('the_log_is_json_lines_and_text_on_a_terminal_and_never_has_a_secret', async () => {
    for (const format of ['json', 'text']) {
        const server = await start({ OPSTREAM__LOG__FORMAT: format, OPSTREAM__LOG__LEVEL: 'debug', OPSTREAM__STORAGE__CONNECTIONSTRING: 'Password=hunter2' });
        const client = await Raw.open(server.port);
        await client.join('d');
        client.say(insertOp('d', 'hunter2', 1)).say('{"type":"op","documentId":"d","payload":"aHVudGVyMg==","baseRevision":1}').say('{"hunter2');
        await client.text(2);
        client.close();
        equal((await server.stop()).code, 0, 'exit');
        ensure(server.log.length > 3 && !server.log.some((l) => l.includes('hunter2') || l.includes('aHVudGVyMg')), server.log.join('\n'));
        for (const line of server.log.filter(Boolean)) {
            if (format === 'json') equal(Object.keys(JSON.parse(line)).slice(0, 4), ['ts', 'level', 'room', 'msg'], line);
            else ensure(!line.startsWith('{'), line);
        }
    }
    const seen = (wrapped) => execFileSync('sh', ['-c', wrapped], { encoding: 'utf8', env: { PATH: process.env.PATH, OPSTREAMD: process.env.OPSTREAMD,
        OPSTREAM__LOOPS: 'many', OPSTREAM__URLS: 'http://127.0.0.1:0', OPSTREAM__ADMIN__URLS: 'off' } });
    ensure(/^\s*\{"ts"/.test(seen('"$OPSTREAMD" 2>&1 || true')), 'JSON into a pipe');
    ensure(/OPSTREAM__LOOPS/.test(seen('script -qec "$OPSTREAMD" /dev/null </dev/null || true')), 'it says something on a terminal');
    ensure(!/\{"ts"/.test(seen('script -qec "$OPSTREAMD" /dev/null </dev/null || true')), 'text on a terminal');
});

finish();
