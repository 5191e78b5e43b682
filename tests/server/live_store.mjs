// A database that fails under the running server: health tells it, edits are refused or wait, nothing is acknowledged that is not there; and when
// it works again, so does the server.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Raw, ensure, equal, finish, get, insertOp, once, start, test, until } from './start.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'opstream-store-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const sqlite = (name, env = {}) => start({ OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__TIMEOUT: '2s',
    OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${path.join(folder, name)};Default Timeout=1`, ...env });
const health = async (server) => { const { status, body } = await once(server.port, get('/health')); return `${status} ${body}`; };

// Any answer to an op that is not an ack.
async function refused(client, op)
{
    const n = client.texts.length;
    client.say(op);
    const text = await client.text(n), answer = JSON.parse(text);
    ensure(answer.success !== true && text.includes('StorageUnavailable'), text);
}

async function told(server)
{
    await until('503', async () => await health(server) === '503 Unhealthy');
    equal((await once(server.port, get('/health/live'))).status, 200, 'the process is alive');
    ensure(/opstream_store_up 0/.test((await once(server.adminPort, get('/metrics'))).body), 'metrics say so');
}

// A new connection finds the document with this text and edits it.
async function goesOn(server, content)
{
    const client = await Raw.open(server.port);
    const joined = await until('a join', async () => { const answer = await client.join('d'); return answer.type === 'join_ack' && answer; });
    equal(JSON.parse(Buffer.from(joined.snapshot, 'base64')).content, content, 'what was acknowledged, and nothing else');
    client.say(insertOp('d', 'third', joined.revision));
    equal(JSON.parse(await client.text(client.texts.length)).success, true, 'an edit');
    client.close();
}

// Writes end with EFBIG in the middle of a commit: SQLite cannot tell what is in the file.
await test('a_commit_that_breaks_makes_health_503_until_a_restart_which_finds_all_that_was_acknowledged', async () => {
    const server = await sqlite('broken.db'), client = await Raw.open(server.port);
    await client.join('d');
    client.say(insertOp('d', 'first', 1));
    equal(JSON.parse(await client.text(1)).success, true, 'before');
    equal(await health(server), '200 Healthy', 'before');
    execFileSync('prlimit', [`--pid=${server.pid}`, '--fsize=1:unlimited']); // no file of the process may grow
    await refused(client, insertOp('d', 'second', 2));
    await told(server);
    execFileSync('prlimit', [`--pid=${server.pid}`, '--fsize=unlimited:unlimited']);
    equal((await server.stop()).code, 0, 'exit');
    const again = await sqlite('broken.db');
    equal(await health(again), '200 Healthy', 'after a restart');
    await goesOn(again, 'first');
    equal(await again.stop(), { code: 0, signal: null }, 'exit');
});

const disk = path.join(folder, 'disk');
mkdirSync(disk);
if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) {
    console.log('skip - a_full_disk_refuses_what_has_no_room_and_the_server_goes_on_when_there_is: no small disk can be mounted here (it takes root)');
} else {
    process.prependListener('exit', () => spawnSync('umount', ['-l', disk]));
    await test('a_full_disk_refuses_what_has_no_room_and_the_server_goes_on_when_there_is', async () => {
        const server = await sqlite('disk/full.db'), client = await Raw.open(server.port);
        await client.join('d');
        client.say(insertOp('d', 'first', 1));
        equal(JSON.parse(await client.text(1)).success, true, 'before');
        for (let block = 65536; block >= 512; block /= 2) { // to the last page
            try { for (let i = 0; ; i++) appendFileSync(path.join(disk, 'ballast'), Buffer.alloc(block)); } catch { /* full */ }
        }
        await refused(client, insertOp('d', 'x'.repeat(100000), 2)); // more than what the log has allocated already
        rmSync(path.join(disk, 'ballast'));
        await until('200', async () => await health(server) === '200 Healthy');
        await goesOn(server, 'first');
        equal(await server.stop(), { code: 0, signal: null }, 'exit');
    });
}

// Another process that writes and does not end; it does when its standard input does.
async function hold(name)
{
    const holder = spawn('sqlite3', [path.join(folder, name)], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.write('BEGIN IMMEDIATE;\nSELECT 1;\n');
    await new Promise((resolve, reject) => { holder.stdout.once('data', resolve); holder.on('error', reject); });
    return holder;
}

await test('a_database_that_another_process_holds_makes_health_503_until_it_lets_go', async () => {
    const server = await sqlite('held.db'), client = await Raw.open(server.port);
    await client.join('d');
    equal(await health(server), '200 Healthy', 'before');
    const holder = await hold('held.db');
    client.say(insertOp('d', 'x', 1));
    await until('503', async () => await health(server) === '503 Unhealthy');
    ensure(!client.texts.slice(1).some((t) => JSON.parse(t).success), 'it was acknowledged');
    holder.stdin.end('ROLLBACK;\n');
    await until('200', async () => await health(server) === '200 Healthy');
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
});

await test('a_store_that_never_answers_holds_the_end_up_for_the_grace_period_and_no_longer', async () => {
    const server = await start({ OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__TIMEOUT: '1h', OPSTREAM__SHUTDOWN__GRACE: '500ms',
        OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${path.join(folder, 'hung.db')};Default Timeout=0` }); // 0: it waits for the lock for ever
    const client = await Raw.open(server.port);
    await client.join('d');
    const holder = await hold('hung.db');
    client.say(insertOp('d', 'x', 1)).say('{"type":"hello"}');
    equal(JSON.parse(await client.text(1)).type, 'hello_ack', 'it was read, and waits for the store');
    server.kill('SIGTERM');
    equal(await server.ended, { code: 1, signal: null }, 'exit');
    equal([client.closed?.code, client.texts.length], [1001, 2], 'the client was told, and got no ack');
    ensure(server.log.some((line) => line.includes('grace period')), 'the log says why');
    holder.stdin.end('ROLLBACK;\n');
});

finish();
