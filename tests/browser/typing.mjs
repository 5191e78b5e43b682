// Stories of people who type at the same time: at one place, while the server dies, while the network is away.

import { check, isFull, sleep } from '../live/lines.mjs';
import { person, story } from './browser.mjs';
import { Proxy } from './proxy.mjs';
import { allThere, textPage, typeDuring } from './place.mjs';

async function samePlace(place, seed)
{
    const name = 'two pages type at one place at once: nothing is lost, all hold one text';
    await story(name, async () => {
        const people = await Promise.all([0, 1].map(() => person(place.port, textPage('same-place'))));
        const seats = people.map((p) => p.seat);
        await Promise.all(seats.map((s) => s.focus()));
        await typeDuring(seats, () => sleep(isFull ? 8000 : 1500), seed);
        await allThere(name, place, 'same-place', seats);
    });
}

async function killed(place, seed)
{
    const name = 'the server is killed while both type: nothing is lost';
    await story(name, async () => {
        const people = await Promise.all([0, 1].map(() => person(place.port, textPage('killed'))));
        const seats = people.map((p) => p.seat);
        for (const p of people) p.owner.networkMayFail = true;
        await Promise.all(seats.map((s) => s.focus()));
        await typeDuring(seats, async () => {
            for (let kills = isFull ? 5 : 1; kills > 0; kills--) {
                await sleep(400);
                await place.kill();
                await Promise.all(seats.map((s) => s.until('typing without a server', 'pending', 1)));
                await sleep(300);
                await place.revive();
                await Promise.all(seats.map((s) => s.online()));
            }
        }, seed);
        await allThere(name, place, 'killed', seats);
    });
}

// How the network of the first of two people goes away, and comes back.
const AWAY = {
    'without network': { away: (tab) => tab.owner.context.setOffline(true), back: (tab) => tab.owner.context.setOffline(false), told: true },
    'with a broken connection': { away: (tab, proxy) => proxy.down(), back: (tab, proxy) => proxy.up(), told: true },
    'with a network that swallows everything': { away: (tab, proxy) => proxy.stall(), back: (tab, proxy) => proxy.up(), told: false },
};

async function away(place, seed, how)
{
    const name = `${isFull ? 10 : 2} s ${how} while both type: nothing is lost`, documentId = `away-${how.replaceAll(' ', '-')}`;
    const proxy = await Proxy.open(place.port);
    await story(name, async () => {
        const one = await person(proxy.port, textPage(documentId)), other = await person(place.port, textPage(documentId));
        const seats = [one.seat, other.seat];
        one.owner.networkMayFail = true;
        await Promise.all(seats.map((s) => s.focus()));
        await typeDuring(seats, async () => {
            await sleep(300);
            await AWAY[how].away(one, proxy);
            if (AWAY[how].told) await one.seat.offline();
            await sleep(isFull ? 10000 : 2000);
            check(await one.seat.pending() > 0, `${how}: what waits is counted`);
            await AWAY[how].back(one, proxy);
            await one.seat.online();
            await sleep(300);
        }, seed);
        await allThere(name, place, documentId, seats);
    });
    proxy.close();
}

export async function typing(place, seed)
{
    await samePlace(place, seed);
    await killed(place, seed);
    for (const how of isFull ? Object.keys(AWAY) : ['without network']) await away(place, seed, how);
}
