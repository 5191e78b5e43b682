/** What the page says of the server: addresses as this browser sees them, and how much is going on there. */
import { plural } from './dom.js';

const span = (s) => s < 120 ? `${s} s` : s < 7200 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;

/** @param examples what the example on the page says: { document, event, edit } */
export function showAbout(examples) {
  const { dataset } = document.documentElement;
  const put = (name, text) => { for (const place of document.querySelectorAll(`.about .${name}`)) place.textContent = text; };
  put('address', (location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + dataset.websocket);
  put('origin', location.origin);
  put('server', location.origin + (dataset.websocket === '/collab-ws' ? '' : dataset.websocket));
  for (const [place, text] of Object.entries(examples)) put(place, text);
  setTimeout(refresh, 500); // with this page's own connection
}

async function refresh() {
  const place = document.getElementById('live');
  try {
    const live = await (await fetch('/opstream/live', { cache: 'no-store' })).json();
    place.textContent = `${plural(live.documents, 'document')}, ${plural(live.connections, 'connection')}, up ${span(live.uptimeSeconds)}`;
  } catch {
    place.textContent = 'no answer';
  }
  setTimeout(refresh, document.hidden ? 15000 : 3000);
}
