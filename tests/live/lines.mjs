// What the live tests share: `ok - `, `not ok - `, `skip - ` lines, a seeded random source, and a limit in time.

let failed = 0;
export const ok = (name) => console.log(`ok - ${name}`);
export const skip = (name, why) => console.log(`skip - ${name}: ${why}`);
export function notOk(name, ...details)
{
    failed++;
    console.log(`not ok - ${name}`);
    for (const line of details) console.log(`  ${line}`);
}
export function check(condition, name, ...details)
{
    if (condition) ok(name);
    else notOk(name, ...details);
    return !!condition;
}
export const failures = () => failed;

// A seed of OPS_SEED, or a new one; it is printed either way, and OPS_SEED plays it again.
export function seedOf(name)
{
    const seed = process.env.OPS_SEED ? Number(process.env.OPS_SEED) >>> 0 : (Date.now() ^ (process.pid << 12)) >>> 0;
    console.log(`${name}: OPS_SEED=${seed}`);
    return seed;
}

// mulberry32: a number in [0, 1) from a seed.
export function randomFrom(seed)
{
    let a = seed >>> 0;
    const next = () => {
        a = (a + 0x6d2b79f5) >>> 0;
        let t = a;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    next.below = (n) => Math.floor(next() * n);
    next.pick = (list) => list[next.below(list.length)];
    return next;
}

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// The promise, or an error after `ms`: no test hangs.
export function within(ms, what, promise)
{
    let timer;
    const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms); });
    return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

export const isFull = process.argv.includes('full');

// Runs `main`, turns what it throws into a failure, and ends the process with the right code.
export function run(name, main)
{
    main().catch((e) => notOk(name, ...String(e.stack ?? e).split('\n'))).then(() => process.exit(failed > 0 ? 1 : 0));
}
