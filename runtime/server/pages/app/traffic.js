/**
 * The messages on the wire, for the curious: the last 200, with their payloads as JSON.
 *
 * Kept as they came; decoded and drawn only while somebody looks.
 */
import { h, icon, icons, say } from './dom.js';

const KEPT = 200, SHOWN_UNITS = 4000, PAYLOADS = ['payload', 'snapshot', 'data', 'dataJson'];

export class Traffic {
  #details;
  #list = h('ol', { class: 'messages', tabindex: '0', 'aria-label': 'Messages, the newest first' });
  #rate = document.getElementById('rate');
  #pause = h('button', { class: 'button', type: 'button', 'aria-pressed': 'false' }, 'Pause');
  #kept = [];
  #paused = false;
  #counts = { sent: 0, received: 0 };
  #drawn = false;
  people = 1;

  constructor(details) {
    this.#details = details;
    details.append(h('div', { class: 'traffic-head' },
      h('p', { class: 'soft' }, 'What this page and the server say to each other, the newest first. Payloads travel as base64; here they are decoded.'),
      this.#pause, h('button', { class: 'button', type: 'button', onclick: () => { this.#kept = []; this.#list.replaceChildren(); } }, 'Clear')), this.#list);
    this.#pause.addEventListener('click', () => {
      this.#paused = !this.#paused;
      this.#pause.setAttribute('aria-pressed', this.#paused);
      if (!this.#paused) this.#drawAll();
    });
    details.addEventListener('toggle', () => this.#drawAll());
    setInterval(() => {
      const { sent, received } = this.#counts;
      say(this.#rate, `${sent} sent, ${received} received in the last second`);
      this.#counts = { sent: 0, received: 0 };
    }, 1000);
  }

  add(seat, direction, message) {
    this.#counts[direction]++;
    if (this.#paused) return;
    const entry = { seat, direction, message, time: new Date() };
    this.#kept.push(entry);
    if (this.#kept.length > KEPT) this.#kept.shift();
    if (!this.#details.open) return;
    this.#list.prepend(this.#row(entry));
    if (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }

  #drawAll() {
    this.#list.replaceChildren(...this.#details.open ? this.#kept.map((entry) => this.#row(entry)).reverse() : []);
  }

  #row({ seat, direction, message, time }) {
    const { type, text } = readable(message);
    const clock = time.toLocaleTimeString('en-GB') + '.' + String(time.getMilliseconds()).padStart(3, '0');
    const who = this.people > 1 ? (seat === 0 ? ' · first' : ' · second') : '';
    return h('li', { class: direction }, h('time', {}, clock),
      h('span', { class: 'direction' }, icon(icons[direction]), direction + who),
      h('b', {}, type), h('code', {}, text));
  }
}

/** { type, text } of a message: its payloads decoded and first, its type taken out. */
export function readable(message) {
  try {
    const { type = '?', ...rest } = JSON.parse(message);
    const payloads = Object.fromEntries(PAYLOADS.filter((name) => name in rest).map((name) => [name, rest[name]]));
    const text = JSON.stringify(decoded({ ...payloads, ...rest }));
    return { type, text: text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS)}… (${text.length} characters)` : text };
  } catch {
    return { type: '?', text: message.slice(0, SHOWN_UNITS) };
  }
}

function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) =>
    [name, PAYLOADS.includes(name) && typeof member === 'string' ? payload(member) : decoded(member)]));
}

function payload(text) {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
  } catch {
    try { return JSON.parse(text); } catch { return text; }
  }
}
