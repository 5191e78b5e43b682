// The page at / as people use it, in a real browser: they type at the same time, the server dies, the network goes away, pages are loaded again
// or closed; and what they see and can reach meanwhile.
//
//   OPSTREAMD=… OPS_NPM_DIR=… node page.mjs typing|keeping|harsh|seeing|access [full]

import { run, seedOf, skip } from '../live/lines.mjs';
import { opstreamd } from '../live/start.mjs';
import { access } from './access.mjs';
import { browserMissing, launch, quit } from './browser.mjs';
import { checkItself } from './oracle.mjs';
import { harsh } from './harsh.mjs';
import { keeping } from './keeping.mjs';
import { Place } from './place.mjs';
import { seeing } from './seeing.mjs';
import { typing } from './typing.mjs';

const PARTS = { typing, keeping, harsh, seeing, access };

run('page', async () => {
    const part = process.argv[2], seed = seedOf('page');
    checkItself();
    const why = browserMissing() ?? (opstreamd() ? null : 'OPSTREAMD is not set');
    if (why !== null) return skip(`the page: ${part}`, why);
    await launch();
    const place = await Place.open();
    await PARTS[part](place, seed);
    await place.end();
    await quit();
});
