/**
 * One person at one document: a client of its own, who is here, how the connection is, and the editor or the board.
 *
 * The element is `.seat`; its attributes data-status, data-pending and data-document are how a test (or a style) sees the state.
 */
import { connect } from './opstream.js';
import { Board } from './board.js';
import { Connection } from './connection.js';
import { h, icon, icons } from './dom.js';
import { TextEditor } from './editor.js';
import { anotherColour, keepMe, meOf, personOf, stranger } from './me.js';
import { People } from './people.js';
import { askWho } from './profile.js';
import { Report } from './report.js';

/** Ends of a document's name that say what is in it: a text and a board of one name are two documents. */
const KINDS = { text: { type: 'text', suffix: '' }, board: { type: 'json', suffix: '.board' } };

export class Seat {
  client;
  doc;
  me;
  #number;
  #content; // TextEditor or Board
  #report;
  #connection;
  #offs = []; // listeners to end
  #people = new People(() => this.#rename());
  #body = h('div', { class: 'body' });
  #undo = tool('Undo', icons.undo, 'Undo your last change', () => this.doc?.undo());
  #redo = tool('Redo', icons.redo, 'Redo', () => this.doc?.redo());

  /** @param number 0, or 1 for the second person in the window; @param taken colours of the others in it */
  constructor({ number, name, view, taken, traffic }) {
    this.#number = number;
    this.view = view;
    this.me = meOf(number, taken);
    this.client = connect(new URL(document.documentElement.dataset.websocket, location.href));
    this.#connection = new Connection(this.client);
    this.element = h('section', { class: `seat ${view}`, 'data-status': this.client.status, 'data-pending': '0',
      'data-document': name + KINDS[view].suffix, 'aria-label': number === 0 ? 'Document' : 'Document, second person' },
      h('header', { class: 'seat-head' }, this.#people.element, h('div', { class: 'tools', role: 'group', 'aria-label': 'Your changes' }, this.#undo, this.#redo)),
      this.#connection.element, this.#body);
    this.#people.show(this.me, []);
    this.client.on('status', (status) => { this.element.dataset.status = status; });
    this.client.on('trouble', (what) => console.warn(`OpStream: ${what}`));
    this.client.on('sent', (message) => traffic.add(number, 'sent', message));
    this.client.on('received', (message) => traffic.add(number, 'received', message));
  }

  /** Opens the document; resolves when it can be edited. */
  async open() {
    const { type } = KINDS[this.view];
    try {
      this.doc = await this.client.open(this.element.dataset.document, type);
    } catch (error) {
      if (this.#closed) return this;
      this.#connection.fail(error.message);
      throw error;
    }
    const { doc } = this;
    this.#connection.watch(doc);
    this.#content = this.view === 'text' ? this.#text(doc) : new Board({ host: this.#body, doc, onWork: () => this.#report?.soon() });
    this.#report = new Report(doc, () => ({ name: this.me.name, color: this.me.color, ...this.#place() }));
    this.#offs = [doc.on('status', () => this.#status()), doc.awareness.on('change', () => this.#others())];
    this.#status();
    this.#others();
    return this;
  }

  focus() { this.#content?.focus(); }

  async close() {
    this.#closed = true;
    for (const off of this.#offs) off();
    this.#report?.close();
    this.#connection.close();
    this.#content?.close();
    this.element.remove();
    await this.client.close();
  }

  #wasIn = false;
  #closed = false;

  #text(doc) {
    const host = h('div', { class: 'paper' });
    this.#body.replaceChildren(host);
    return new TextEditor({
      host, doc, label: `Text of ${doc.id}`,
      onSelection: (own) => {
        this.#wasIn ||= this.#content?.hasFocus ?? false;
        this.#report?.soon(own);
      },
      onTrouble: (sentence) => this.#connection.refuse(sentence),
    });
  }

  /** A caret is somewhere once the person has been in the text. */
  #place() {
    return this.view === 'text' ? { cursor: this.#wasIn ? this.#content.cursor : null } : { card: this.#content.card };
  }

  #status() {
    this.element.dataset.pending = this.doc.pending;
    for (const [button, able] of [[this.#undo, this.doc.undoable], [this.#redo, this.doc.redoable]]) {
      if (!able && button === document.activeElement) this.focus(); // a disabled button would drop the focus
      button.disabled = !able;
    }
  }

  #others() {
    const others = [...this.doc.awareness.peers].map(([id, state]) => ({ id, ...personOf(state) ?? stranger, reported: placeOf(state), card: state?.card }));
    this.#differ(others);
    this.#people.show(this.me, others);
    this.#content.showPeers(others);
  }

  /** Two whose colours were made up have the same one: the one who came later takes another. */
  #differ(others) {
    if (!this.me.made || !others.some(({ id, color }) => color === this.me.color && id < this.client.peerId)) return;
    this.me = anotherColour(this.#number, this.me, others.map(({ color }) => color));
    this.#report?.soon();
  }

  async #rename() {
    const me = await askWho(this.me);
    if (me === undefined) return;
    this.me = me;
    keepMe(this.#number, me);
    this.#people.show(me, [...this.doc?.awareness.peers ?? []].map(([id, state]) => ({ id, ...personOf(state) ?? stranger })));
    this.#report?.now();
  }
}

/** Of an awareness state; any client may have sent anything. The same state gives the same object, so that a report is applied once. */
const places = new WeakMap();
function placeOf(state) {
  if (typeof state !== 'object' || state === null) return null;
  if (!places.has(state)) {
    const natural = (n) => Number.isSafeInteger(n) && n >= 0;
    const { anchor, head } = state.cursor ?? {};
    places.set(state, natural(anchor) && natural(head) ? { anchor, head } : null);
  }
  return places.get(state);
}

function tool(name, path, title, onclick) {
  return h('button', { class: 'tool', type: 'button', title, 'aria-label': name, disabled: true, onclick }, icon(path));
}
