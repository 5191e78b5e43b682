/** The page at `/`: what the address says is opened, for one person or for two side by side. */
import { showAbout } from './about.js';
import { say } from './dom.js';
import { invite } from './invite.js';
import { Seat } from './seat.js';
import { Traffic } from './traffic.js';

const address = new URLSearchParams(location.search);
const name = address.get('doc')?.trim() || 'welcome';
const view = address.get('view') === 'board' ? 'board' : 'text';
const place = document.getElementById('seats');
const traffic = new Traffic(document.getElementById('traffic'));
const seats = [];

/** For the curious, and for tests. */
window.opstream = { get seats() { return seats.map(({ client, doc }) => ({ client, doc })); } };

function link(changes) {
  const to = new URLSearchParams({ doc: name });
  if (view === 'board') to.set('view', 'board');
  if (seats.length > 1) to.set('seats', '2');
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) to.delete(key);
    else to.set(key, value);
  }
  return `/?${to}`;
}

function showLinks() {
  for (const [id, value] of [['text', undefined], ['board', 'board']]) {
    const element = document.getElementById(`view-${id}`);
    element.href = link({ view: value });
    if (id === view) element.setAttribute('aria-current', 'page');
  }
  const side = document.getElementById('side');
  side.href = link({ seats: seats.length > 1 ? undefined : '2' });
  say(side, seats.length > 1 ? 'One person' : 'Side by side');
  Object.assign(document.body.dataset, { seats: seats.length, view });
}

/** Another person in this window. */
async function sit() {
  const seat = new Seat({ number: seats.length, name, view, traffic, taken: seats.map(({ me }) => me.color) });
  seats.push(seat);
  traffic.people = seats.length;
  place.append(seat.element);
  showLinks();
  seat.client.on('status', showTitle);
  await seat.open();
  return seat;
}

function showTitle() {
  const offline = seats.some(({ client }) => client.status === 'offline');
  document.title = `${offline ? 'Offline: ' : ''}${name} · OpStream`;
}

/** The lines of the example that depend on what is open. */
function exampleOf(id) {
  const quoted = `'${id.replace(/['\\]/g, '\\$&')}'`;
  return view === 'board'
    ? { document: `${quoted}, 'json'`, event: "'change', (p) => console.log(p)", edit: "set('cards.one.title', 'Hello')" }
    : { document: `${quoted}, 'text'`, event: "'patch', (p) => console.log(p)", edit: "insert(0, 'Hello. ')" };
}

/** The seat says what is wrong. */
const failed = (error) => console.warn(error);

document.getElementById('doc').value = name;
document.querySelector('form.which').addEventListener('submit', (event) => {
  event.preventDefault();
  const wanted = document.getElementById('doc').value.trim();
  if (wanted !== '' && wanted !== name) location.href = link({ doc: wanted });
});
document.getElementById('invite').addEventListener('click', () => invite(new URL(link({ seats: undefined }), location.href).href));
document.getElementById('side').addEventListener('click', (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return; // as a link: another tab
  event.preventDefault();
  if (seats.length > 1) {
    seats.pop().close();
    traffic.people = seats.length;
    showLinks();
  } else {
    sit().catch(failed);
  }
  history.replaceState(null, '', link({}));
});
// What is pending is in the browser's storage; only without one would it be lost.
addEventListener('beforeunload', (event) => {
  if (seats.some(({ client, doc }) => client.persistent === false && doc?.pending > 0)) event.preventDefault();
});

place.replaceChildren();
const first = sit();
if (address.get('seats') === '2') sit().catch(failed);
showTitle();
showAbout(exampleOf(place.firstElementChild.dataset.document));
first.then((seat) => {
  const fine = matchMedia('(pointer: fine)').matches; // on a phone the keyboard would cover half of the page
  if (fine && view === 'text' && document.activeElement === document.body) seat.focus();
}).catch(failed);
