/**
 * The line over a document that says how it stands: calm while all is well, and impossible to miss when it is not.
 *
 * Words and a symbol as well as a colour. What is spoken (a live region of its own) is one sentence when the state changes, not the
 * countdown and not each edit.
 */
import { h, icon, icons, plural, say } from './dom.js';

/** Only what lasts is shown: an ack takes less. */
const PATIENCE_MS = { pending: 600, connecting: 1500, back: 5000 };

export class Connection {
  #client;
  #sentence = h('span', { class: 'sentence' });
  #detail = h('span', { class: 'detail' });
  #symbol = h('span', { class: 'symbol' });
  #button = h('button', { class: 'button', type: 'button', hidden: true });
  #spoken = h('p', { class: 'visually-hidden', role: 'status' });
  element = h('div', { class: 'connection', 'data-state': 'starting' }, this.#symbol,
    h('div', { class: 'words' }, this.#sentence, this.#detail), this.#button, this.#spoken);

  #doc;
  #failed; // why there is no document
  #refused; // what the server said no to, until it is dismissed
  #wasOffline = false;
  #since = Date.now(); // of the state that the client, or the pending edits, are in
  #pendingSince;
  #backUntil = 0;
  #timer;
  #offs; // listeners to end

  constructor(client) {
    this.#client = client;
    this.#offs = [client.on('status', () => {
      this.#since = Date.now();
      this.update();
    }), client.on('refused', (refused) => this.refuse(refused.message))];
    this.update();
  }

  /** The document is there. */
  watch(doc) {
    this.#doc = doc;
    this.#offs.push(doc.on('status', () => this.update()), doc.on('refused', (refused) =>
      this.refuse(refused.op === undefined ? refused.message : `${refused.message} Your edit was taken back.`)));
    this.update();
  }

  /** The document cannot be opened at all. */
  fail(reason) {
    this.#failed = `This document cannot be opened: ${reason}.`.replace(/\.\.$/, '.');
    this.update();
  }

  /** Something that the person must know, until they have read it. */
  refuse(sentence) {
    this.#refused = sentence;
    this.update();
  }

  close() {
    clearTimeout(this.#timer);
    for (const off of this.#offs) off();
  }

  update() {
    clearTimeout(this.#timer);
    const now = Date.now();
    const pending = this.#doc?.pending ?? 0;
    this.#pendingSince = pending === 0 ? undefined : this.#pendingSince ?? now;
    const view = this.#view(now, pending);
    this.#show(view);
    if (view.again !== undefined) this.#timer = setTimeout(() => this.update(), view.again);
  }

  /** What there is to say: { state, symbol, sentence, detail, button, spoken, again }; `again`: look again after so many ms. */
  #view(now, pending) {
    const { status } = this.#client;
    const waiting = pending === 0 ? '' : `${plural(pending, 'edit')} waiting`;
    if (status === 'stopped')
      return { state: 'refused', symbol: icons.stop, sentence: 'Stopped: the server speaks another version of the protocol than this page.',
        detail: waiting, button: ['Reload the page', () => location.reload()] };
    if (this.#failed !== undefined)
      return { state: 'refused', symbol: icons.stop, sentence: this.#failed, button: ['Try again', () => location.reload()] };
    if (this.#doc?.status === 'refused')
      return { state: 'refused', symbol: icons.stop, sentence: `The server refused this document. ${this.#refused ?? ''}`,
        detail: waiting, button: ['Reload the page', () => location.reload()] };
    if (status === 'offline' || (status === 'connecting' && this.#wasOffline)) return this.#offline(now, status, waiting);
    if (this.#refused !== undefined)
      return { state: 'refused', symbol: icons.stop, sentence: this.#refused, detail: '', button: ['Understood', () => {
        this.#refused = undefined;
        this.update();
      }] };
    if (status !== 'online' || this.#doc === undefined || this.#doc.status === 'joining')
      return { state: 'starting', symbol: icons.wait, sentence: now - this.#since > PATIENCE_MS.connecting ? 'Still connecting…' : 'Connecting…',
        again: PATIENCE_MS.connecting };
    if (this.#wasOffline && pending === 0) {
      this.#wasOffline = false;
      this.#backUntil = now + PATIENCE_MS.back;
    }
    const held = pending > 0 && now - this.#pendingSince >= PATIENCE_MS.pending;
    if (held || this.#wasOffline)
      return { state: 'sending', symbol: icons.wait, sentence: `Sending ${plural(pending, 'edit')}…`, again: 300 };
    if (now < this.#backUntil)
      return { state: 'back', symbol: icons.check, sentence: 'Back online. Everything you typed has been sent.', again: this.#backUntil - now };
    return { state: 'online', symbol: icons.check, sentence: 'Connected. The server has every edit.', again: pending > 0 ? PATIENCE_MS.pending : undefined };
  }

  #offline(now, status, waiting) {
    this.#wasOffline = true;
    const { retryAt } = this.#client;
    const seconds = retryAt === undefined ? undefined : Math.max(0, Math.ceil((retryAt - now) / 1000));
    const next = status === 'connecting' ? 'trying now…' : seconds === undefined ? '' : seconds === 0 ? 'trying again' : `next try in ${seconds}\u00a0s`;
    return {
      state: 'offline', symbol: icons.offline,
      sentence: this.#doc === undefined ? 'Offline: the server does not answer.'
        : this.#client.persistent === false ? 'Offline: what you type is sent when the connection is back. Keep this page open until then: the browser stores nothing here.'
          : 'Offline: what you type is kept, and sent when the connection is back.',
      detail: [waiting, next].filter(Boolean).join(' · '),
      button: ['Try now', () => this.#client.retry()],
      again: 250,
    };
  }

  #show({ state, symbol, sentence, detail = '', button }) {
    const was = this.element.dataset.state;
    if (was !== state) {
      this.element.dataset.state = state;
      this.#symbol.replaceChildren(icon(symbol));
    } else if (this.#symbol.childElementCount === 0) {
      this.#symbol.replaceChildren(icon(symbol));
    }
    say(this.#sentence, sentence);
    say(this.#detail, detail);
    this.#button.hidden = button === undefined;
    if (button !== undefined) {
      say(this.#button, button[0]);
      this.#button.onclick = button[1];
    }
    say(this.#spoken, ['offline', 'back', 'refused'].includes(state) ? sentence : '');
  }
}
