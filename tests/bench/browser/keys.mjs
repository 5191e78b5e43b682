// From a key press in one browser to the frame of another that shows it, and what the page weighs: node keys.mjs [KEYS]
//
//   OPSTREAMD=… OPS_NPM_DIR=… ; the baseline is the same key on the own screen, same run.
import { join } from 'node:path';
import { launch, person, profile, quit } from '../../browser/browser.mjs';
import { sleep } from '../../live/lines.mjs';
import { scratchFolder, start } from '../../live/start.mjs';

const KEYS = Number(process.argv[2] ?? 400), WARM_UP = 40;
const KEY = '7'; // in nobody's name

/** In the page: when each number of keys was in the DOM, and when its frame had been drawn; times of the whole machine. */
function watch(key) {
  const now = () => performance.timeOrigin + performance.now();
  const content = document.querySelector('.seat .paper').shadowRoot.querySelector('.cm-content');
  const seen = { dom: [], screen: [], pressed: [] };
  new MutationObserver(() => {
    const at = now(), length = content.textContent.split(key).length - 1;
    seen.dom.push([length, at]);
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel(); // its task comes after the frame is drawn
      port1.onmessage = () => seen.screen.push([length, now()]);
      port2.postMessage(null);
    });
  }).observe(content, { childList: true, characterData: true, subtree: true });
  content.addEventListener('keydown', (event) => {
    if (event.key === key) seen.pressed.push(performance.timeOrigin + event.timeStamp);
  }, true);
  window.seen = seen;
}

/** For each key when it was there. */
function delays(pressed, times) {
  return pressed.map((at, i) => times.find(([keys]) => keys > i)[1] - at).slice(WARM_UP).sort((a, b) => a - b);
}

function row(what, sorted) {
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1).padStart(6);
  console.log(`${what.padEnd(52)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
}

async function measure(name, env) {
  const server = await start(env), path = '/?doc=keys';
  const [writer, reader] = [await person(server.port, path), await person(server.port, path)];
  for (const tab of [writer, reader]) await tab.page.evaluate(watch, KEY);
  await writer.seat.focus();
  for (let i = 0; i < WARM_UP + KEYS; i++) {
    await writer.page.keyboard.press(KEY);
    await sleep(20 + Math.random() * 60);
  }
  await reader.seat.until('showing all', 'holds', KEY.repeat(WARM_UP + KEYS));
  await sleep(200);
  const own = await writer.page.evaluate(() => window.seen), other = await reader.page.evaluate(() => window.seen);
  row(`${name}: key press to the own screen`, delays(own.pressed, own.screen));
  row(`${name}: key press to the other page's DOM`, delays(own.pressed, other.dom));
  row(`${name}: key press to the other page's screen`, delays(own.pressed, other.screen));
  for (const tab of [writer, reader]) await tab.owner.context.close();
  await server.stop();
}

async function weigh() {
  const server = await start(), visitor = await profile(), page = await visitor.context.newPage();
  const network = await visitor.context.newCDPSession(page), urls = new Map();
  let sum = 0;
  await network.send('Network.enable');
  network.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, new URL(response.url).pathname));
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    sum += encodedDataLength;
    console.log(`  ${(urls.get(requestId) ?? '?').padEnd(24)} ${String(encodedDataLength).padStart(8)} bytes`);
  });
  console.log('bytes on the wire for the page, headers included:');
  await page.goto(`http://127.0.0.1:${server.port}/`);
  await sleep(1500);
  console.log(`  ${'all'.padEnd(24)} ${String(sum).padStart(8)} bytes, ${(sum / 1024).toFixed(0)} KiB`);
  await server.stop();
}

await launch();
await weigh();
await measure('memory', {});
await measure('SQLite, every commit synced', { OPSTREAM__STORAGE__PROVIDER: 'sqlite',
  OPSTREAM__STORAGE__CONNECTIONSTRING: `Data Source=${join(scratchFolder('keys'), 'keys.db')}` });
await quit();
process.exit(0);
