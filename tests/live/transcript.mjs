// The README's transcript and its Node clients do what the README says.
//
//   OPSTREAMD=… OPS_NPM_DIR=… node transcript.mjs README.md
//
// <!-- test: transcript -->   then a fenced block: `$ ` opens a connection, `> ` is sent, `< ` must be received
// <!-- test: node-client -->, <!-- test: signalr-client -->  then a fenced block: a program that is run twice on one document

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { check, notOk, run, skip, within } from './lines.mjs';
import { Conversation } from '../../conformance/play/conversation.mjs';
import { startFake } from './fake_server.mjs';
import { opstreamd, scratchFolder, start } from './start.mjs';

function blockOf(readme, mark)
{
    const m = new RegExp(`<!-- test: ${mark} -->\\s*\`\`\`[a-z]*\n([^]*?)\`\`\``).exec(readme);
    return m?.[1] ?? null;
}

// The transcript as a case of the player.
function caseOf(block)
{
    const steps = [];
    let connections = 0;
    const connect = () => steps.push({ peer: `terminal ${++connections}`, do: 'connect', path: '/collab-ws' });
    for (const line of block.split('\n')) {
        if (line.startsWith('$ ')) connect();
        else if (/^[<>] /.test(line)) {
            if (connections === 0) connect();
            steps.push({ peer: `terminal ${connections}`, do: line[0] === '>' ? 'send' : 'recv', text: line.slice(2) });
        } else if (line.trim() !== '') throw new Error(`the transcript has a line that is none of "$ ", "> ", "< ": ${line}`);
    }
    return { id: 'transcript', class: 'must', transport: 'websocket', profile: 'v1', steps };
}

async function transcript(block, where, name)
{
    const theCase = caseOf(block);
    const options = { timeout: 5000, settle: 50, strict: false, profileMode: 'none', fileProfile: 'v1' };
    const result = await new Conversation(theCase, where, options).play();
    const talks = theCase.steps.some((s) => s.do === 'send') && theCase.steps.some((s) => s.do === 'recv');
    check(result.passed && talks, name, `step ${result.step}: ${result.why}`, `expected ${result.want}`, `received ${result.got}`);
}

// A running client: lines in, lines out.
class Program
{
    constructor(folder, args)
    {
        this.child = spawn('node', ['client.mjs', ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
        this.lines = [];
        this.errors = '';
        let rest = '';
        this.child.stdout.setEncoding('utf8').on('data', (text) => {
            const parts = (rest + text).split('\n');
            rest = parts.pop();
            this.lines.push(...parts);
            this.changed?.();
        });
        this.child.stderr.setEncoding('utf8').on('data', (text) => { this.errors += text; });
        process.on('exit', () => this.child.kill('SIGKILL'));
    }

    type(line) { this.child.stdin.write(`${line}\n`); }

    // The text that it shows last.
    get text() { return this.lines.length > 0 ? JSON.parse(this.lines[this.lines.length - 1]) : ''; }

    until(condition)
    {
        return new Promise((r) => {
            this.changed = () => condition(this.text) && r();
            this.changed();
        });
    }
}

// A client of an npm package that is started twice, and takes the document and the URL.
const nodeClient = (needs, urlOf) => async (source, where, name) =>
{
    const npm = resolve(process.env.OPS_NPM_DIR ?? 'build/npm', 'node_modules');
    if (!existsSync(join(npm, needs))) return skip(name, `the npm package ${needs} is not installed`);
    const folder = scratchFolder('client');
    writeFileSync(join(folder, 'client.mjs'), source);
    symlinkSync(npm, join(folder, 'node_modules'));
    const words = Array.from({ length: 12 }, (_, i) => `word${i}`);
    const clients = [0, 1].map(() => new Program(folder, [`readme-${needs}`, urlOf(where)]));
    try {
        words.forEach((word, i) => clients[i % 2].type(word));
        const whole = (text) => words.every((w) => text.includes(`${w}\n`));
        await within(10000, 'both clients show all words', Promise.all(clients.map((c) => c.until(whole))));
        check(clients[0].text === clients[1].text, name, ...clients.map((c) => JSON.stringify(c.text)));
    } catch (e) {
        notOk(name, e.message, ...clients.flatMap((c) => [JSON.stringify(c.text), ...c.errors.split('\n').slice(0, 8)]));
    } finally {
        for (const c of clients) c.child.kill('SIGKILL');
    }
};

run('transcript', async () => {
    const readme = readFileSync(process.argv[2], 'utf8');
    const fake = await startFake();
    const broken = caseOf(blockOf(readme, 'transcript').replace('"newRevision":2', '"newRevision":3'));
    const result = await new Conversation(broken, fake.where, { timeout: 2000, settle: 20, profileMode: 'none', fileProfile: 'v1' }).play();
    check(!result.passed && result.doing === 'recv', 'a transcript that is wrong is noticed', `step ${result.step}: ${result.why}`);
    fake.stop();
    if (!opstreamd()) return skip('the README on the server', 'OPSTREAMD is not set');
    const server = await start();
    for (const [mark, f, name] of [['transcript', transcript, 'the transcript of the README happens as written'],
        ['node-client', nodeClient('ws', (w) => `ws://127.0.0.1:${w.port}/collab-ws`), 'two of the README\'s Node clients edit one document'],
        ['signalr-client', nodeClient('@microsoft/signalr', (w) => `http://127.0.0.1:${w.port}/collab`), 'two of its SignalR clients, too']]) {
        const block = blockOf(readme, mark);
        if (block === null) notOk(name, `${process.argv[2]} has no block after <!-- test: ${mark} -->`);
        else await f(block, server.where, name);
    }
    await server.stop();
});
