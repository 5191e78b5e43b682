// The server of the browser tests: SQLite on a port that stays, so that it may be killed and come back; and the parts that stories share.

import { join } from 'node:path';
import { check } from '../live/lines.mjs';
import { freePort, scratchFolder, start } from '../live/start.mjs';
import { person } from './browser.mjs';
import { missing, together } from './oracle.mjs';

export class Place
{
    static async open(more = {})
    {
        const place = new Place();
        place.env = { OPSTREAM__STORAGE__PROVIDER: 'sqlite', OPSTREAM__STORAGE__SYNC: 'full',
            OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(scratchFolder('browser'), 'opstream.db')}`, ...more };
        place.port = await freePort();
        await place.revive();
        return place;
    }

    get where() { return this.server.where; }

    async revive() { this.server = await start(this.env, this.port); }
    kill() { return this.server.kill(); }

    async end()
    {
        const exit = await this.server.stop();
        check(exit.code === 0, 'the server ends cleanly', JSON.stringify(exit), ...this.server.log.slice(-20));
    }
}

export const LETTERS = 'abcdefghijklmnopqrstuvwxyz', CAPITALS = LETTERS.toUpperCase(), DIGITS = '0123456789';

export const textPage = (documentId) => `/?doc=${documentId}`;

// All keep typing, each an alphabet of its own, where their carets are, while `during` runs; then the last keys are home.
export async function typeDuring(seats, during, seed)
{
    const alphabets = [LETTERS, CAPITALS, DIGITS];
    let on = true;
    const typing = seats.map((s, i) => s.keepTyping(alphabets[i], () => on, seed + i));
    try {
        await during();
    } finally {
        on = false;
        await Promise.all(typing);
    }
}

// Everything converges, also on a page that was never there before, and holds all that `seats` typed, in order.
export async function allThere(name, place, documentId, seats, more = [])
{
    const fresh = await person(place.port, textPage(documentId));
    const text = await together(place.where, documentId, [...new Set([...seats, ...more, fresh.seat])]);
    const typed = seats.map((s) => s.typed);
    return checkTyped(name, text, typed);
}

export function checkTyped(name, text, typed)
{
    const wrong = typed.map((t) => missing(text, t)).filter((m) => m !== null);
    const length = typed.reduce((n, t) => n + t.length, 0);
    return check(wrong.length === 0 && length > 0, `${name} (${length} keys)`, ...wrong, JSON.stringify(text.slice(0, 2000)));
}

