// opstream-edit as a person uses it: two of them in one document, the server killed in between, the tool killed with its file.
//
//   OPSTREAMD=… OPSTREAM_EDIT=… node edit.mjs

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, notOk, randomFrom, run, seedOf, skip, sleep, within } from './lines.mjs';
import { opstreamEdit } from './c_editor.mjs';
import { freePort, opstreamd, scratchFolder, start } from './start.mjs';
import { watchReports } from '../support/sanitizer.mjs';

const LIMIT = 30000;

const children = new Set();
process.on('exit', () => { for (const child of children) child.kill('SIGKILL'); });

class Editor
{
    constructor(port, args, document)
    {
        this.child = spawn(opstreamEdit(), ['--url', `ws://127.0.0.1:${port}/collab-ws`, ...args, document], { stdio: ['pipe', 'pipe', 'pipe'] });
        this.lines = [];
        this.ended = new Promise((r) => this.child.on('exit', (code, signal) => r({ code, signal })));
        let rest = '';
        this.child.stdout.setEncoding('utf8').on('data', (text) => {
            const parts = (rest + text).split('\n');
            rest = parts.pop();
            this.lines.push(...parts);
            this.changed?.();
        });
        this.child.stderr.setEncoding('utf8').on('data', (text) => this.lines.push(text));
        this.child.stdin.on('error', () => {});
        watchReports(this.child);
        children.add(this.child);
    }

    say(line) { this.child.stdin.write(`${line}\n`); }

    // The next line that this is true of, from now on.
    until(what, condition)
    {
        let from = this.lines.length;
        return within(LIMIT, `${what}; the last lines: ${this.lines.slice(-5).join(' | ')}`, new Promise((r) => {
            this.changed = () => {
                for (; from < this.lines.length; from++) if (condition(this.lines[from])) return r(this.lines[from++]);
            };
        }));
    }

    ask(command, condition)
    {
        const answer = this.until(`opstream-edit answers "${command}"`, condition);
        this.say(command);
        return answer;
    }

    settle() { return this.ask('sync', (l) => l === 'synced'); }
    async text() { return JSON.parse(await this.ask('text', (l) => l.startsWith('"'))); }
    kill() { this.child.kill('SIGKILL'); return this.ended; }
}

// All editors hold one text, or the last ones they held.
async function together(editors)
{
    let texts;
    for (let left = 200; left > 0; left--) {
        for (const e of editors) await e.settle();
        texts = await Promise.all(editors.map((e) => e.text()));
        if (texts.every((t) => t === texts[0])) return texts;
        await sleep(20);
    }
    return texts;
}

function commandLine()
{
    const of = (...args) => spawnSync(opstreamEdit(), args, { encoding: 'utf8', input: '' });
    const help = of('--help');
    check(help.status === 0 && /usage: .*--url/.test(help.stdout) && help.stderr === '', '--help says how it is used', JSON.stringify(help));
    for (const url of ['http://127.0.0.1:8080/', 'wss://127.0.0.1', 'ws://', 'ws://host:port/', 'ws://host:1234567/', 'localhost']) {
        const wrong = of('--url', url, 'doc');
        check(wrong.status === 2 && wrong.stderr.includes(`"${url}" is not an address`) && wrong.stderr.trim().split('\n').length === 1,
            `the address ${url} is refused in one sentence`, JSON.stringify(wrong));
    }
    const type = of('--type', 'table', 'doc'), none = of(), more = of('a', 'b'), unknown = of('--nonsense', 'doc');
    check(type.status === 2 && type.stderr.includes('text or json'), 'a type that there is not is refused by name', JSON.stringify(type));
    check([none, more, unknown].every((r) => r.status === 2 && r.stderr.includes('usage:')), 'a wrong command line gets the usage',
        JSON.stringify([none, more, unknown]));
}

// Every character is typed once, by one of the two, anywhere; in between the server dies and comes back.
async function killedServer(random)
{
    const name = 'two editors end equal, and nothing typed is lost, though the server is killed while they type';
    const folder = scratchFolder('edit'), port = await freePort();
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(folder, 'ops.db')}` };
    let server = await start(env, port);
    const editors = [0, 1].map(() => new Editor(port, [], 'killed')), typed = [];
    const next = () => typed[typed.push(String.fromCodePoint(0x4e00 + typed.length)) - 1];
    for (const e of editors) await e.settle();
    for (let i = 0; i < 120; i++) {
        const editor = editors[i % 2], length = (await editor.text()).length;
        editor.say(`insert ${random.below(length + 1)} ${JSON.stringify(next())}`);
        if (i % 40 === 20) {
            await server.kill();
            editor.say(`insert 0 ${JSON.stringify(next() + next())}`);
            await sleep(random.below(300));
            server = await start(env, port);
        }
    }
    const [a, b] = await together(editors);
    const wrong = typed.filter((c) => a.split(c).length !== 2);
    check(a === b && wrong.length === 0 && a.length === typed.length, name, a, b, `not there once: ${wrong}`);
    for (const e of editors) e.say('quit');
    const exits = await within(LIMIT, 'both end', Promise.all(editors.map((e) => e.ended)));
    check(exits.every((x) => x.code === 0), 'quit ends with 0', JSON.stringify(exits));
    await server.stop();
}

// The tool is killed while the server is away; a new one with the same file goes on.
async function killedTool()
{
    const folder = scratchFolder('edit'), file = join(folder, 'saved'), port = await freePort();
    const env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(folder, 'ops.db')}` };
    let server = await start(env, port), editor = new Editor(port, ['--save', file], 'saved');
    await editor.settle();
    editor.say('i 0 acknowledged');
    await editor.settle();
    await server.kill();
    await sleep(50);
    editor.say('i 0 typed offline, ');
    editor.say('i 0 and in the same op, ');
    check(await editor.text() === 'and in the same op, typed offline, acknowledged', 'what is typed offline is shown');
    await sleep(200); // the file is written after each command, before the next wait
    await editor.kill();
    check(existsSync(file), 'the file is there after a kill');
    server = await start(env, port);
    const other = new Editor(port, [], 'saved');
    await other.settle();
    other.say('i 12 !');
    await other.settle();
    editor = new Editor(port, ['--save', file], 'saved');
    const texts = await together([editor, other]);
    check(texts.every((t) => t === 'and in the same op, typed offline, acknowledged!'), 'the next run sends what the killed one had typed',
        ...texts.map((t) => JSON.stringify(t)));
    await editor.kill();
    editor = new Editor(port, ['--save', file], 'saved'); // nothing is sent a second time
    const again = await together([editor, other]);
    check(again.every((t) => t === texts[0]), 'and only once', ...again.map((t) => JSON.stringify(t)));
    await editor.kill();
    writeFileSync(file, readFileSync(file).subarray(0, 30));
    const broken = spawnSync(opstreamEdit(), ['--save', file, 'saved'], { encoding: 'utf8', input: '' });
    check(broken.status === 1 && broken.stderr.includes('is not a file of saved edits'), 'a file that is broken is refused in a sentence',
        JSON.stringify(broken));
    other.say('quit');
    await within(LIMIT, 'it ends', other.ended);
    await server.stop();
}

async function json(port)
{
    const editors = [0, 1].map(() => new Editor(port, ['--type', 'json'], 'registers'));
    for (const e of editors) await e.settle();
    const seen = editors[1].until('the write is seen', (l) => l === '* a.b = {"x": [1, 2]}');
    editors[0].say('set a.b {"x": [1, 2]}');
    await seen;
    const gone = editors[0].until('the deletion is seen', (l) => l.startsWith('* a.b = -'));
    editors[1].say('del a.b');
    await gone;
    check(true, 'json writes and deletions are seen by the other one');
    const who = editors[1].until('the peer is seen', (l) => l.startsWith('@ ') && l.includes('{"name":"ann"}'));
    editors[0].say('me {"name":"ann"}');
    await who;
    check(true, 'who is there is seen by the other one');
    const refused = await editors[0].ask('set a {', (l) => l.startsWith('! '));
    check(refused === '! not valid', 'what is no JSON is refused', refused);
    for (const e of editors) e.say('quit');
    await within(LIMIT, 'both end', Promise.all(editors.map((e) => e.ended)));
}

run('edit', async () => {
    if (!opstreamEdit()) return skip('opstream-edit', 'OPSTREAM_EDIT is not set');
    commandLine();
    if (!opstreamd()) return skip('opstream-edit on the server', 'OPSTREAMD is not set');
    await killedServer(randomFrom(seedOf('edit')));
    await killedTool();
    const server = await start();
    try {
        await json(server.port);
    } catch (e) {
        notOk('two editors share a json document', e.message);
    }
    await server.stop();
});
