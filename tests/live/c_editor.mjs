// The C client's shell tool, opstream-edit, as a client of the interop test: commands on its standard input, answers on its standard output.
// OPSTREAM_EDIT is the binary.
//
//   insert POSITION TEXT    d POSITION COUNT    text    sync    quit          (texts as JSON strings)

import { spawn } from 'node:child_process';
import { randomEdit } from './ot.mjs';
import { within } from './lines.mjs';

const LIMIT = 30000;

export const opstreamEdit = () => process.env.OPSTREAM_EDIT || null;

export class CEditor
{
    // Resolves when it has joined: when it has answered its first command.
    static async start(port, documentId)
    {
        const editor = new CEditor();
        editor.failure = null;
        editor.errors = '';
        editor.waiting = [];
        editor.child = spawn(opstreamEdit(), ['--url', `ws://127.0.0.1:${port}/collab-ws`, documentId], { stdio: ['pipe', 'pipe', 'pipe'] });
        let rest = '';
        editor.child.stdout.setEncoding('utf8').on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines) if (line.startsWith('"') || line === 'synced') editor.waiting.shift()?.(line);
        });
        editor.child.stderr.setEncoding('utf8').on('data', (text) => { editor.errors = (editor.errors + text).slice(-1000); });
        editor.child.stdin.on('error', () => {});
        editor.child.on('exit', (code) => { editor.failure ??= `opstream-edit ended with ${code}: ${editor.errors}`; });
        process.on('exit', () => editor.child.kill('SIGKILL'));
        await editor.settle();
        return editor;
    }

    #say(command) { this.child.stdin.write(`${command}\n`); }

    #ask(command)
    {
        this.#say(command);
        return within(LIMIT, `opstream-edit answers "${command}" (${this.errors})`, new Promise((r) => this.waiting.push(r)));
    }

    // The text as it holds it now.
    async text() { return JSON.parse(await this.#ask('text')); }

    // Resolves when all that it was told is acknowledged.
    settle() { return this.#ask('sync'); }

    // An edit of the text as it is now; what comes in between the question and the edit may move it, and must not break it.
    async randomEdit(random)
    {
        const before = await this.text();
        let at = 0;
        for (const c of randomEdit(before.slice(0, before.length >> 1), random)) {
            if (c.r !== undefined) at += c.r;
            else if (c.i !== undefined) this.#say(`insert ${at} ${JSON.stringify(c.i)}`);
            else this.#say(`d ${at} ${c.d}`);
            if (c.i !== undefined) at += c.i.length;
        }
    }

    stop()
    {
        this.failure = 'stopped';
        this.#say('quit');
        this.child.stdin.end();
    }
}
