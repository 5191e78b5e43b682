/** What a program holds of a document: its own view of the session, by the document's number. */
import { Emitter } from './emitter.js';

class Awareness extends Emitter {
  #document;
  #local;
  peers = new Map();

  constructor(document) {
    super();
    this.#document = document;
  }

  get local() { return this.#local; }

  set local(state) {
    const data = JSON.stringify(state);
    if (data === undefined) throw new TypeError('OpStream: an awareness state is JSON; null for nothing');
    this.#document.change((session, doc) => session.awareness(doc, data));
    this.#local = state;
  }
}

class Document extends Emitter {
  #client;
  #lastRevision;
  awareness = new Awareness(this);

  /** @internal */
  constructor(client, number, id) {
    super();
    this.#client = client;
    this.number = number;
    this.id = id;
    this.left = false;
  }

  // ---- for the client and the documents below ----------------------------------------------------------------------------------

  /** @internal Reads from the session. */
  read(what) {
    if (this.left) throw new Error(`OpStream: the document ${this.id} was left`);
    return what(this.#client.session, this.number);
  }

  /** @internal A local edit, which is sent and stored when this turn is over. */
  change(what) {
    this.#client.changing();
    try {
      return this.read(what);
    } finally {
      this.#client.changed(); // an edit that finds no memory may have torn the document: it is to be loaded anew
    }
  }

  /** @internal It is about to be left. */
  ended() {
    this.#lastRevision = this.revision;
    this.left = true;
  }

  // ---- what they have in common --------------------------------------------------------------------------------------------------

  get status() { return this.left ? 'offline' : this.read((session, doc) => session.status(doc)); }
  get revision() { return this.left ? this.#lastRevision : this.read((session, doc) => session.revision(doc)); }
  get pending() { return this.left ? 0 : this.read((session, doc) => session.pending(doc)); }

  get undoable() { return !this.left && this.read((session, doc) => session.undoable(doc)); }
  get redoable() { return !this.left && this.read((session, doc) => session.redoable(doc)); }

  undo() { return this.change((session, doc) => session.undo(doc)); }
  redo() { return this.change((session, doc) => session.redo(doc)); }
  undoStop() { this.read((session, doc) => session.undoStop(doc)); }

  synced() {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.left) return done(reject, new Error(`OpStream: the document ${this.id} was left`));
        if (this.#client.status === 'stopped') return done(reject, new Error('OpStream: the client has stopped'));
        if (this.status === 'joined' && this.pending === 0) done(resolve);
      };
      const done = (end, value) => {
        for (const stop of stops) stop();
        end(value);
      };
      const stops = [this.on('status', look), this.#client.on('status', look)];
      look();
    });
  }

  leave() {
    if (!this.left) this.#client.leave(this);
  }
}

export class TextDocument extends Document {
  type = 'text';
  #text;

  /** @internal */
  forget() { this.#text = undefined; }

  get length() { return this.read((session, doc) => session.length(doc)); }
  get text() { return (this.#text ??= this.read((session, doc) => session.range(doc, 0, -1))); }

  insert(position, text) { this.replace(position, 0, text); }
  delete(position, count) { this.replace(position, count, ''); }

  replace(position, count, text) {
    for (const [name, value] of [['position', position], ['count', count]])
      if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) throw new RangeError(`OpStream: ${name} is ${value}`);
    this.change((session, doc) => {
      try {
        session.replace(doc, position, count, String(text));
      } finally {
        this.forget(); // before anybody is told
      }
    });
  }

  slice(start = 0, end = this.length) {
    const length = this.length, from = clamp(start, length), to = clamp(end, length);
    return from < to ? this.read((session, doc) => session.range(doc, from, to - from)) : '';
  }

  cursor(anchor, head = anchor, { own = false } = {}) {
    const number = this.read((session, doc) => session.cursorOpen(doc, own, anchor, head)), document = this;
    return {
      get anchor() { return document.read((session, doc) => session.cursorAnchor(doc, number)); },
      get head() { return document.read((session, doc) => session.cursorHead(doc, number)); },
      set(newAnchor, newHead = newAnchor) { document.read((session, doc) => session.cursorSet(doc, number, newAnchor, newHead)); },
      close() { document.read((session, doc) => session.cursorClose(doc, number)); },
    };
  }

  toString() { return this.text; }
}

/** As String.prototype.slice takes its ends. */
function clamp(position, length) {
  return position < 0 ? Math.max(0, length + position) : Math.min(position, length);
}

export class JsonDocument extends Document {
  type = 'json';

  /** @internal */
  forget() {}

  get(path) {
    const text = this.read((session, doc) => session.get(doc, path));
    return text === undefined ? undefined : JSON.parse(text);
  }

  has(path) { return this.read((session, doc) => session.get(doc, path)) !== undefined; }

  set(path, value) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`OpStream: the value of ${JSON.stringify(path)} is not JSON; use delete`);
    this.change((session, doc) => session.set(doc, path, text));
  }

  delete(path) { this.change((session, doc) => session.set(doc, path, undefined)); }

  entries() { return this.read((session, doc) => session.list(doc)).map(([path, text]) => [path, JSON.parse(text)]); }
}
