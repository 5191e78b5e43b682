// Case files, and which of their cases are played against a server that serves only a part of the protocol.

import { readFileSync } from 'node:fs';

export const ENGINES = ['text', 'json', 'rich-text', 'tree', 'table', 'form'];
export const TRANSPORTS = ['websocket', 'http', 'signalr-ws', 'signalr-lp', 'signalr-sse', 'mixed'];
export const CLASSES = ['must', 'informational', 'defect'];
export const FEATURES = {
    undo: 'undo|redo', comments: 'comment_[a-z]+|CreateComment|EditComment|ResolveComment|DeleteComment|ListOpenComments', 'state-at': 'state_at|GetStateAt', 'catch-up': 'sinceRevision', 'op-id': 'opId',
};

// A file's cases, each with the profile of the file.
export function readCases(path)
{
    let file;
    try {
        file = JSON.parse(readFileSync(path, 'utf8'));
    } catch (e) {
        throw new Error(`${path}: ${e.message}`);
    }
    if (!/^opstream-wire-cases\/1\b/.test(file.format ?? '') || !Array.isArray(file.cases))
        throw new Error(`${path}: not a case file of format opstream-wire-cases/1`);
    const profile = file.profile ?? 'reference';
    return file.cases.map((c) => ({ class: 'must', host: 'stock', transport: 'websocket', ...c, profile, file: path }));
}

// What a step says, be it a message or the body of a request.
const textOf = (step) => step.body ?? step.text ?? step.fragments?.join('') ?? (step.base64 ? Buffer.from(step.base64, 'base64').toString('utf8') : '');

// The document types that a case joins.
export function enginesOf(theCase)
{
    const found = new Set(theCase.engine ? [theCase.engine] : []);
    for (const step of theCase.steps) {
        for (const m of textOf(step).matchAll(/"(?:document|engine)Type":"([^"]*)"/gi))
            if (ENGINES.includes(m[1].toLowerCase())) found.add(m[1].toLowerCase());
        for (const m of textOf(step).matchAll(/"target":"JoinDocument","arguments":\["[^"]*","([^"]*)"/gi))
            if (ENGINES.includes(m[1].toLowerCase())) found.add(m[1].toLowerCase());
    }
    return [...found];
}

// The endpoints that a case uses: the first part of each path, lower-case; "/" for the root.
export const endpointsOf = (theCase) =>
    [...new Set(theCase.steps.filter((s) => s.path).map((s) => '/' + s.path.toLowerCase().split(/[/?]/)[1]))];

// The optional parts of the protocol that a client of the case asks for.
export function featuresOf(theCase)
{
    const sent = theCase.steps.filter((s) => s.do === 'send' || s.do === 'http').map(textOf).join('\n');
    return Object.entries(FEATURES).filter(([name, word]) =>
        new RegExp(name === 'catch-up' || name === 'op-id' ? `"${word}":` : `"(?:type|target)":"(?:${word})"`).test(sent)).map(([name]) => name);
}

// A glob of ids: `*` stands for anything.
export function globOf(pattern)
{
    const parts = pattern.split(',').map((p) => p.trim().replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'));
    return new RegExp(`^(?:${parts.join('|')})$`);
}

// Why a case is not played, or null. `o` holds lists: transports, engines, classes, hosts, endpoints (null: all), without; only (RegExp or null).
export function reasonToSkip(c, o)
{
    if (o.only && !o.only.test(c.id)) return 'not selected';
    if (!o.classes.includes(c.class)) return `class ${c.class} not selected`;
    if (o.profiles && !o.profiles.includes(c.profile)) return `profile ${c.profile} not selected`;
    if (!o.transports.includes(c.transport)) return `transport ${c.transport} not served`;
    if (c.host !== 'stock' && !o.hosts.includes(c.host)) return `needs the ${c.host} host`;
    const via = c.steps.find((s) => s.via && s.via !== 'sse');
    if (via) return `${via.via} is not spoken by this player`;
    if (c.steps.some((s) => s.via === 'sse') && !o.transports.includes('signalr-sse')) return 'transport signalr-sse not served';
    const endpoint = o.endpoints && endpointsOf(c).find((e) => !o.endpoints.includes(e));
    if (endpoint) return `endpoint ${endpoint} not served`;
    const engine = enginesOf(c).find((e) => !o.engines.includes(e));
    if (engine) return `engine ${engine} not enabled`;
    const feature = featuresOf(c).find((f) => o.without.includes(f));
    if (feature) return `${feature} not served`;
    if (c.slow && !o.slow) return 'slow, and --no-slow was given';
    return null;
}
