/**
 * The session of opstream.wasm with strings and numbers of JavaScript: runtime/client/wasm/module.c, function by function. Knows no
 * socket, timer or storage.
 */

/** enum ops_client_state */
export const state = { WAITING: 0, CONNECT: 1, ONLINE: 2, CLOSE: 3, STOPPED: 4 };
/** enum ops_doc_status */
export const documentStatus = ['offline', 'joining', 'joined', 'refused'];
/** enum ops_origin */
export const origins = ['server', 'refused', 'reloaded', 'undo'];
/** enum ops_peer_change */
export const peerChange = { JOINED: 0, UPDATED: 1, LEFT: 2 };
/** enum ops_err */
const NOMEM = 1, SYNTAX = 2, RANGE = 3, NOTHING = 5;

const ABSENT = -1;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // a BOM is text like any other
const loneSurrogate = /\p{Surrogate}/u;

export class Session {
  #exports;
  #bytes = new Uint8Array(0); // of the module's memory; another one whenever that has grown
  #outputAt;
  #client;
  #unused = new Uint8Array(4096); // random bytes: asking for 16 at a time took 70 % of an edit in Node
  #unusedAt = 4096;
  #fillRandom;

  /**
   * @param module opstream.wasm, compiled
   * @param host what is told: the functions patch, changed, status, refused, peer and trouble
   * @param random fills bytes with what nobody can guess
   * @param author breaks ties of json stamps; undefined: random
   */
  static async begin(module, host, { random = (bytes) => crypto.getRandomValues(bytes), author, memoryLimit = 0 } = {}) {
    const session = new Session();
    session.#fillRandom = random;
    const { exports } = await WebAssembly.instantiate(module, { opstream: session.#imports(host) });
    session.#exports = exports;
    exports._initialize();
    session.#outputAt = exports.output();
    const [length] = session.#give([author]);
    session.#client = exports.client_open(length, memoryLimit);
    if (session.#client === 0) throw new Error('OpStream: no memory');
    return session;
  }

  #imports(host) {
    const text = (at, bytes) => this.#text(at, bytes);
    return {
      random: (at, bytes) => this.#random(at, bytes),
      patch: (doc, position, deleted, at, bytes, revision, origin) =>
        host.patch(doc, { position, deleted, inserted: text(at, bytes) ?? '', revision, origin: origins[origin] }),
      changed: (doc, at, bytes, origin) => host.changed(doc, text(at, bytes), origins[origin]),
      status: (doc, status) => host.status(doc, documentStatus[status]),
      refused: (doc, codeAt, codeBytes, at, bytes, opAt, opBytes) =>
        host.refused(doc, { code: text(codeAt, codeBytes), message: text(at, bytes), op: text(opAt, opBytes) }),
      peer: (doc, change, at, bytes, dataAt, dataBytes) => host.peer(doc, change, text(at, bytes), text(dataAt, dataBytes)),
      trouble: (at, bytes) => host.trouble(text(at, bytes)),
    };
  }

  // ---- strings -------------------------------------------------------------------------------------------------------------

  #memory() {
    if (this.#bytes.buffer !== this.#exports.memory.buffer) this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    return this.#bytes;
  }

  #random(signedAt, bytes) {
    const at = signedAt >>> 0; // an address above 2 GiB is negative
    const memory = this.#memory();
    for (let done = 0; done < bytes;) {
      if (this.#unusedAt === this.#unused.length) this.#unusedAt = (this.#fillRandom(this.#unused), 0);
      const part = this.#unused.subarray(this.#unusedAt, this.#unusedAt + bytes - done);
      memory.set(part, at + done);
      this.#unusedAt += part.length;
      done += part.length;
    }
  }

  #text(at, bytes) {
    const from = at >>> 0; // an address above 2 GiB is negative
    return from === 0 ? undefined : decoder.decode(this.#memory().subarray(from, from + (bytes >>> 0)));
  }

  /** Puts the strings (or bytes; undefined: absent) of one call in; their lengths. */
  #give(strings) {
    let room = 0;
    for (const s of strings) room += s === undefined ? 0 : typeof s === 'string' ? s.length * 3 : s.length;
    let at = this.#exports.input(room) >>> 0;
    if (at === 0 && room > 0) throw new RangeError('OpStream: no memory');
    const memory = this.#memory();
    return strings.map((s) => {
      if (s === undefined) return ABSENT;
      let length = s.length;
      if (typeof s === 'string') length = encoder.encodeInto(s, memory.subarray(at)).written;
      else memory.set(s, at);
      at += length;
      return length;
    });
  }

  #words() {
    const memory = this.#memory(), words = new DataView(memory.buffer, this.#outputAt, 8);
    return [words.getUint32(0, true), words.getUint32(4, true)];
  }

  #output() {
    return this.#text(...this.#words());
  }

  #outputBytes() {
    const [at, bytes] = this.#words();
    return this.#memory().slice(at, at + bytes);
  }

  #check(err, what) {
    if (err === 0) return;
    if (err === RANGE) throw new RangeError(`OpStream: ${what}: outside the document, inside a surrogate pair, or beyond a limit`);
    if (err === SYNTAX) throw new TypeError(`OpStream: ${what}: not valid`);
    throw new Error(err === NOMEM ? `OpStream: ${what}: no memory` : `OpStream: ${what}: error ${err}`);
  }

  // ---- the client ------------------------------------------------------------------------------------------------------------

  close() { this.#exports.client_close(this.#client); }
  tick(monotonic, wall) { this.#exports.client_tick(this.#client, Math.floor(monotonic), Math.floor(wall)); }
  get state() { return this.#exports.client_state(this.#client); }
  get deadline() { return this.#exports.client_deadline_ms(this.#client); }
  get retryAt() { return this.#exports.client_retry_at_ms(this.#client); }
  retryNow() { this.#exports.client_retry_now(this.#client); }
  connected() { this.#exports.client_connected(this.#client); }
  received(message) { this.#exports.client_received(this.#client, ...this.#give([message])); }
  disconnected(code) { this.#exports.client_disconnected(this.#client, code); }

  /** The next message to send; undefined: none. */
  outgoing() { return this.#exports.client_outgoing(this.#client) ? this.#output() : undefined; }

  get peerId() {
    this.#exports.client_peer_id(this.#client);
    return this.#output();
  }

  get server() {
    this.#exports.client_server(this.#client);
    return this.#output();
  }

  save() {
    this.#check(this.#exports.client_save(this.#client), 'save');
    return this.#outputBytes();
  }

  load(bytes) { this.#check(this.#exports.client_load(this.#client, ...this.#give([bytes])), 'load'); }

  // ---- documents; `doc` is a number ----------------------------------------------------------------------------------------------

  join(id, type) {
    if (loneSurrogate.test(id)) throw new TypeError('OpStream: an id with a surrogate that has no partner');
    const doc = this.#exports.client_join(this.#client, ...this.#give([id, type]));
    const err = doc === 0 ? this.#words()[1] : 0, what = `open ${JSON.stringify(id)} as ${JSON.stringify(type)}`;
    if (err === RANGE) throw new RangeError(`OpStream: ${what}: no such type, open here with another type, no id, or too many documents`);
    this.#check(err, what);
    return doc;
  }

  leave(doc) { this.#exports.client_leave(this.#client, doc); }

  * documents() {
    for (let doc = 0; (doc = this.#exports.client_next(this.#client, doc)) !== 0;) yield doc;
  }

  id(doc) {
    this.#exports.doc_id(doc);
    return this.#output();
  }

  type(doc) {
    this.#exports.doc_type(doc);
    return this.#output();
  }

  status(doc) { return documentStatus[this.#exports.doc_status(doc)]; }
  revision(doc) { return this.#exports.doc_revision(doc); }
  pending(doc) { return this.#exports.doc_pending(doc); }

  /** False: nothing is left to be taken back (or done again). */
  undo(doc) { return this.#did(this.#exports.doc_undo(doc), 'undo'); }
  redo(doc) { return this.#did(this.#exports.doc_redo(doc), 'redo'); }
  undoable(doc) { return this.#exports.doc_undoable(doc) !== 0; }
  redoable(doc) { return this.#exports.doc_redoable(doc) !== 0; }
  undoStop(doc) { this.#exports.doc_undo_stop(doc); }

  #did(err, what) {
    if (err !== NOTHING) this.#check(err, what);
    return err !== NOTHING;
  }

  // ---- text --------------------------------------------------------------------------------------------------------------------

  replace(doc, position, count, text) {
    if (loneSurrogate.test(text)) throw new TypeError('OpStream: text with a surrogate that has no partner');
    this.#check(this.#exports.text_replace(doc, position, count, ...this.#give([text])), `edit at ${position}`);
  }

  length(doc) { return this.#exports.text_length(doc); }

  range(doc, position, count) {
    this.#check(this.#exports.text_range(doc, position, count), 'read');
    return this.#output() ?? '';
  }

  cursorOpen(doc, own, anchor, head) {
    const cursor = this.#exports.cursor_open(doc, own, anchor, head);
    if (cursor < 0) this.#check(-1 - cursor, 'cursor');
    return cursor;
  }

  cursorSet(doc, cursor, anchor, head) { this.#exports.cursor_set(doc, cursor, anchor, head); }
  cursorClose(doc, cursor) { this.#exports.cursor_close(doc, cursor); }
  cursorAnchor(doc, cursor) { return this.#exports.cursor_anchor(doc, cursor); }
  cursorHead(doc, cursor) { return this.#exports.cursor_head(doc, cursor); }

  // ---- json --------------------------------------------------------------------------------------------------------------------

  /** `value` is JSON text; undefined deletes. */
  set(doc, path, value) {
    if (loneSurrogate.test(path)) throw new TypeError('OpStream: a path with a surrogate that has no partner');
    this.#check(this.#exports.json_set(doc, ...this.#give([path, value])), `write of ${JSON.stringify(path)}`);
  }

  /** JSON text; undefined: no such register. */
  get(doc, path) {
    if (loneSurrogate.test(path)) return undefined; // else it would be the replacement character's
    this.#exports.json_get(doc, ...this.#give([path]));
    return this.#output();
  }

  list(doc) {
    this.#check(this.#exports.json_list(doc), 'read');
    const [start, bytes] = this.#words(), words = new DataView(this.#memory().buffer), list = [];
    for (let at = start; at < start + bytes;) {
      const path = words.getUint32(at, true), value = words.getUint32(at + 4, true);
      list.push([this.#text(at + 8, path), this.#text(at + 8 + path, value)]);
      at += 8 + path + value;
    }
    return list;
  }

  awareness(doc, data) { this.#check(this.#exports.awareness_set(doc, ...this.#give([data])), 'awareness'); }
}
