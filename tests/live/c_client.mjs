// The README's C client, compiled as a user would against what is installed, beside a second client: both hold the same text.
//
//   OPSTREAMD=… node c_client.mjs README.md BUILD_FOLDER [another README.md, read when the first has no block]
//
// <!-- test: c-client -->  then a fenced block: a program in C that is run twice on one document

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, notOk, run, skip, within } from './lines.mjs';
import { opstreamd, scratchFolder, start } from './start.mjs';
import { watchReports } from '../support/sanitizer.mjs';

const BLOCK = /<!-- test: c-client -->\s*```c\n([^]*?)```/;
const blockOf = (path) => BLOCK.exec(readFileSync(path, 'utf8'))?.[1] ?? null;

function output(command, args, options = {})
{
    const done = spawnSync(command, args, { encoding: 'utf8', ...options });
    return { good: done.status === 0, text: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`, stdout: done.stdout ?? '' };
}

// Installs into a folder of its own; where the header, the library and the pkg-config file are.
function installed(build, folder)
{
    const done = output('meson', ['install', '-C', build, '--no-rebuild', '--quiet', '--destdir', folder]);
    if (!done.good) return { why: done.text };
    const all = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
    const of = (name) => all.find((path) => path.endsWith(`/${name}`));
    return { header: of('opstream-client.h'), library: of('libopstream.a'), pc: of('opstream-client.pc'), headers: all.filter((p) => p.endsWith('.h')) };
}

// A running client: lines in; out come texts, each behind a line `--- revision N`.
class Program
{
    constructor(path, args)
    {
        this.child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        this.ended = new Promise((r) => this.child.on('exit', (code, signal) => r({ code, signal })));
        this.out = '';
        this.errors = '';
        this.child.stdout.setEncoding('utf8').on('data', (text) => { this.out += text; this.changed?.(); });
        this.child.stderr.setEncoding('utf8').on('data', (text) => { this.errors += text; });
        watchReports(this.child);
        process.on('exit', () => this.child.kill('SIGKILL'));
    }

    type(line) { this.child.stdin.write(`${line}\n`); }
    get text() { return this.out.slice(this.out.lastIndexOf('--- revision')).split('\n').slice(1).join('\n'); }
    until(condition)
    {
        return new Promise((r) => {
            this.changed = () => condition(this.text) && r();
            this.changed();
        });
    }
}

async function twoOfThem(program, port)
{
    const name = 'two of the README\'s C clients edit one document';
    const url = `ws://127.0.0.1:${port}/collab-ws`, words = Array.from({ length: 12 }, (_, i) => `word${i} \u00e4\u{1f600}`);
    const clients = [0, 1].map(() => new Program(program, [url]));
    try {
        words.forEach((word, i) => clients[i % 2].type(word));
        await within(20000, 'both clients show all words', Promise.all(clients.map((c) => c.until((t) => words.every((w) => t.includes(`${w}\n`))))));
        check(clients[0].text === clients[1].text, name, ...clients.map((c) => JSON.stringify(c.text)));
        clients[0].type('the last line');
        clients[0].child.stdin.end();
        const exit = await within(20000, 'it ends with its input', clients[0].ended);
        await within(20000, 'the other shows the last line', clients[1].until((t) => t.includes('the last line\n')));
        check(exit.code === 0, 'at the end of its input it sends what waits and ends with 0', JSON.stringify(exit), clients[0].errors);
    } catch (e) {
        notOk(name, e.message, ...clients.flatMap((c) => [JSON.stringify(c.text), ...c.errors.split('\n').slice(0, 8)]));
    } finally {
        for (const c of clients) c.child.kill('SIGKILL');
    }
}

run('c-client', async () => {
    const [readme, build, other] = process.argv.slice(2);
    const source = blockOf(readme) ?? (other ? blockOf(other) : null);
    if (source === null) return notOk('the README has a C client', `no block after <!-- test: c-client --> in ${readme}`);
    if (!existsSync(join(build, 'runtime/client/libopstream.a'))) return skip('the C client of the README', 'this build makes no library for programs');
    const folder = scratchFolder('c-client'), place = installed(build, folder);
    if (place.why !== undefined) return notOk('what is built can be installed', place.why);
    check(place.header && place.library && place.pc && place.headers.length === 1, 'one header, one library, one line for pkg-config are installed',
        JSON.stringify(place));

    const lines = source.trimEnd().split('\n').length;
    writeFileSync(join(folder, 'client.c'), source);
    const options = JSON.parse(output('meson', ['introspect', '--buildoptions', build]).stdout || '[]');
    const sanitize = options.find((o) => o.name === 'b_sanitize')?.value ?? 'none', covers = options.find((o) => o.name === 'b_coverage')?.value;
    const flags = output('pkg-config', ['--define-variable=prefix=/', '--cflags', '--libs', 'opstream-client'],
        { env: { ...process.env, PKG_CONFIG_PATH: join(place.pc, '..'), PKG_CONFIG_SYSROOT_DIR: folder } });
    check(flags.good && flags.stdout.includes('-lopstream'), 'pkg-config knows it', flags.text);
    const link = ['-I', join(place.header, '..'), '-L', join(place.library, '..'), '-lopstream', '-lcrypto',
        ...(sanitize === 'none' ? [] : [`-fsanitize=${sanitize}`]), ...(covers ? ['--coverage'] : [])];
    const strict = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    const compiler = sanitize === 'none' ? 'cc' : process.env.CC ?? 'clang-14';
    const program = join(folder, 'client'), compiled = output(compiler, [...strict, join(folder, 'client.c'), '-o', program, ...link]);
    if (!check(compiled.good, `the C client of the README (${lines} lines) compiles without a warning`, ...compiled.text.split('\n').slice(0, 20))) return;
    writeFileSync(join(folder, 'own.c'), `#include <opstream-client.h>
int doc_open(void);
int text_length(void);
int doc_open(void) { return 0; }
int text_length(void) { return doc_open(); }
int main(void)
{
    struct ops_client_config config;
    struct ops_edit_loop *loop;

    ops_client_config_init(&config);
    loop = ops_edit_loop_open("ws://127.0.0.1:1/", &config, NULL);
    ops_edit_loop_free(loop);
    return loop == NULL || text_length() != 0;
}
`);
    const own = output(compiler, [...strict, join(folder, 'own.c'), '-o', join(folder, 'own'), ...link]);
    check(own.good && output(join(folder, 'own'), []).good, 'names of the library\'s own are not in a program\'s way', own.text);
    writeFileSync(join(folder, 'header.cc'), '#include <opstream-client.h>\nint main() { return OPS_OK; }\n');
    const cpp = output('c++', ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', join(place.header, '..'), join(folder, 'header.cc')]);
    check(cpp.good, 'C++ takes the header too', ...cpp.text.split('\n').slice(0, 10));

    if (!opstreamd()) return skip('the C client on the server', 'OPSTREAMD is not set');
    const server = await start();
    await twoOfThem(program, server.port);
    await server.stop();
});
