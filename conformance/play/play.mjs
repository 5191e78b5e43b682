#!/usr/bin/env node
// Plays recorded conversations against a running server and says, byte by byte, what it did otherwise. See README.md, or --help.

import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { CLASSES, ENGINES, FEATURES, TRANSPORTS, globOf, readCases, reasonToSkip } from './select.mjs';
import { playAll } from './run.mjs';
import { Report, deviation } from './report.mjs';

const HELP = `usage: node play.mjs [options] FILE...

Plays every case of the FILEs (format opstream-wire-cases/1) against a server, each on connections and documents of its own, and compares
what it sends with what was recorded: texts byte for byte, Close codes and reasons, silences, ends of connections, HTTP answers.

  --url URL             the server                                       (ws://127.0.0.1:8080)
  --class LIST          must, informational, defect, or all               (must)
  --only GLOBS          ids to play: v1.ws.undo.*,v1.ws.leave.*           (all)
  --transport LIST      of ${TRANSPORTS.join(', ')}
                        that the server serves                            (websocket,http)
  --endpoints LIST      paths that the server serves: /collab-ws,/health  (all)
  --engine LIST         document types that it has enabled                (all six)
  --without LIST        what it does not serve: ${Object.keys(FEATURES).join(', ')}
  --host stock|extended extended: the server is set up as the recorded extended host was, whose cases are then played too
  --profile MODE        auto: the first message decides, and ?profile= is added to the path where it would not (auto)
                        reference, v1: plays the cases of that profile only, with ?profile= on every connection
                        none: never adds ?profile=, for a server that knows only one profile
  --jobs N              cases played at once                              (16)
  --timeout MS          how long an expected message is waited for        (5000)
  --settle MS           how long a case's end waits for what must not come (50)
  --no-slow             leaves out cases that take tens of seconds
  --strict              HTTP: header order, letter case and values of Date, Server, Connection … too
  --expect-failures F   a file of case ids, one a line, that are known to differ: they are counted apart, and one that agrees is a failure
  --tap                 one line a case: "ok - ", "not ok - ", "skip - "
  --json FILE           writes every difference to FILE
  --list                prints the ids that would be played, and ends
  --verbose             whole texts, passed and skipped cases too

Exit code: 0 all cases that were played agree, 1 some do not, 2 the command or a file is unusable, or the server cannot be reached.
`;

const list = (text, known, name) => text.split(',').map((s) => s.trim().toLowerCase()).filter(Boolean).map((s) => {
    if (known && !known.includes(s)) throw new Error(`${name}: "${s}" is none of ${known.join(', ')}`);
    return s;
});

function count(text, name, least)
{
    if (!/^\d+$/.test(text) || Number(text) < least) throw new Error(`${name}: "${text}" is not a number from ${least} on`);
    return Number(text);
}

function options(argv)
{
    const string = (d) => ({ type: 'string', ...(d === undefined ? {} : { default: d }) });
    const flag = { type: 'boolean', default: false };
    const { values: v, positionals } = parseArgs({ args: argv, allowPositionals: true, options: {
        url: string('ws://127.0.0.1:8080'), class: string('must'), only: string(), transport: string('websocket,http'), endpoints: string(),
        engine: string(ENGINES.join(',')), without: string(''), host: string('stock'), profile: string('auto'), jobs: string('16'),
        timeout: string('5000'), settle: string('50'), 'no-slow': flag, strict: flag, 'expect-failures': string(), tap: flag, json: string(),
        list: flag, verbose: flag, help: { type: 'boolean', short: 'h', default: false } } });
    if (v.help) return { help: true };
    if (positionals.length === 0) throw new Error('no case file given');
    const url = new URL(v.url);
    if (url.protocol !== 'ws:' && url.protocol !== 'http:') throw new Error(`--url: "${v.url}" is not ws://HOST:PORT`);
    const [mode] = list(v.profile, ['auto', 'none', 'reference', 'v1'], '--profile');
    const [host] = list(v.host, ['stock', 'extended'], '--host');
    return {
        files: positionals, where: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) },
        classes: v.class === 'all' ? CLASSES : list(v.class, CLASSES, '--class'), only: v.only ? globOf(v.only) : null,
        transports: v.transport === 'all' ? TRANSPORTS : list(v.transport, TRANSPORTS, '--transport'),
        endpoints: v.endpoints ? list(v.endpoints) : null, engines: list(v.engine, ENGINES, '--engine'),
        without: list(v.without, Object.keys(FEATURES), '--without'), hosts: [host], profileMode: mode,
        profiles: mode === 'v1' || mode === 'reference' ? [mode] : null, jobs: count(v.jobs, '--jobs', 1),
        timeout: count(v.timeout, '--timeout', 1), settle: count(v.settle, '--settle', 0), slow: !v['no-slow'], strict: v.strict,
        expected: v['expect-failures'], tap: v.tap, json: v.json, list: v.list, verbose: v.verbose,
    };
}

async function main(argv)
{
    const o = options(argv);
    if (o.help) {
        process.stdout.write(HELP);
        return 0;
    }
    const cases = o.files.flatMap(readCases);
    if (o.list) {
        for (const c of cases) if (!reasonToSkip(c, o)) console.log(c.id);
        return 0;
    }
    const { reachable, readIds, ExpectingReport } = await import('./expect.mjs');
    await reachable(o.where);
    const report = o.expected ? new ExpectingReport(o, readIds(o.expected)) : new Report(o);
    const began = process.hrtime.bigint();
    await playAll(cases, o.where, o, report);
    const all = report.end(Number(process.hrtime.bigint() - began) / 1e9);
    if (o.json) writeFileSync(o.json, JSON.stringify(report.failures.map(({ theCase, result }) => deviation(theCase, result)), null, 1));
    if (all.passed + all.failed === 0 && !o.tap) console.log('no case was selected');
    return all.failed > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then((code) => process.exit(code), (e) => {
    console.error(`play: ${e.message}\n(--help says how it is used)`);
    process.exit(2);
});
