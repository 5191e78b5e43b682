/* Made by runtime/server/pages/bundle of runtime/client/js; edit that. MIT. Contract: opstream.d.ts there. */
// ../../../client/js/emitter.js
var Emitter = class {
  #listeners = /* @__PURE__ */ new Map();
  on(name, listener) {
    let listeners = this.#listeners.get(name);
    if (listeners === void 0) this.#listeners.set(name, listeners = /* @__PURE__ */ new Set());
    listeners.add(listener);
    return () => this.off(name, listener);
  }
  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }
  /** @internal */
  emit(name, ...values) {
    for (const listener of [...this.#listeners.get(name) ?? []]) {
      try {
        listener(...values);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
};

// ../../../client/js/document.js
var Awareness = class extends Emitter {
  #document;
  #local;
  peers = /* @__PURE__ */ new Map();
  constructor(document2) {
    super();
    this.#document = document2;
  }
  get local() {
    return this.#local;
  }
  set local(state2) {
    const data = JSON.stringify(state2);
    if (data === void 0) throw new TypeError("OpStream: an awareness state is JSON; null for nothing");
    this.#document.change((session, doc) => session.awareness(doc, data));
    this.#local = state2;
  }
};
var Document = class extends Emitter {
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
      this.#client.changed();
    }
  }
  /** @internal It is about to be left. */
  ended() {
    this.#lastRevision = this.revision;
    this.left = true;
  }
  // ---- what they have in common --------------------------------------------------------------------------------------------------
  get status() {
    return this.left ? "offline" : this.read((session, doc) => session.status(doc));
  }
  get revision() {
    return this.left ? this.#lastRevision : this.read((session, doc) => session.revision(doc));
  }
  get pending() {
    return this.left ? 0 : this.read((session, doc) => session.pending(doc));
  }
  get undoable() {
    return !this.left && this.read((session, doc) => session.undoable(doc));
  }
  get redoable() {
    return !this.left && this.read((session, doc) => session.redoable(doc));
  }
  undo() {
    return this.change((session, doc) => session.undo(doc));
  }
  redo() {
    return this.change((session, doc) => session.redo(doc));
  }
  undoStop() {
    this.read((session, doc) => session.undoStop(doc));
  }
  synced() {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.left) return done(reject, new Error(`OpStream: the document ${this.id} was left`));
        if (this.#client.status === "stopped") return done(reject, new Error("OpStream: the client has stopped"));
        if (this.status === "joined" && this.pending === 0) done(resolve);
      };
      const done = (end, value) => {
        for (const stop of stops) stop();
        end(value);
      };
      const stops = [this.on("status", look), this.#client.on("status", look)];
      look();
    });
  }
  leave() {
    if (!this.left) this.#client.leave(this);
  }
};
var TextDocument = class extends Document {
  type = "text";
  #text;
  /** @internal */
  forget() {
    this.#text = void 0;
  }
  get length() {
    return this.read((session, doc) => session.length(doc));
  }
  get text() {
    return this.#text ??= this.read((session, doc) => session.range(doc, 0, -1));
  }
  insert(position, text) {
    this.replace(position, 0, text);
  }
  delete(position, count) {
    this.replace(position, count, "");
  }
  replace(position, count, text) {
    for (const [name, value] of [["position", position], ["count", count]])
      if (!Number.isInteger(value) || value < 0 || value > 2147483647) throw new RangeError(`OpStream: ${name} is ${value}`);
    this.change((session, doc) => {
      try {
        session.replace(doc, position, count, String(text));
      } finally {
        this.forget();
      }
    });
  }
  slice(start = 0, end = this.length) {
    const length = this.length, from = clamp(start, length), to = clamp(end, length);
    return from < to ? this.read((session, doc) => session.range(doc, from, to - from)) : "";
  }
  cursor(anchor, head = anchor, { own = false } = {}) {
    const number = this.read((session, doc) => session.cursorOpen(doc, own, anchor, head)), document2 = this;
    return {
      get anchor() {
        return document2.read((session, doc) => session.cursorAnchor(doc, number));
      },
      get head() {
        return document2.read((session, doc) => session.cursorHead(doc, number));
      },
      set(newAnchor, newHead = newAnchor) {
        document2.read((session, doc) => session.cursorSet(doc, number, newAnchor, newHead));
      },
      close() {
        document2.read((session, doc) => session.cursorClose(doc, number));
      }
    };
  }
  toString() {
    return this.text;
  }
};
function clamp(position, length) {
  return position < 0 ? Math.max(0, length + position) : Math.min(position, length);
}
var JsonDocument = class extends Document {
  type = "json";
  /** @internal */
  forget() {
  }
  get(path) {
    const text = this.read((session, doc) => session.get(doc, path));
    return text === void 0 ? void 0 : JSON.parse(text);
  }
  has(path) {
    return this.read((session, doc) => session.get(doc, path)) !== void 0;
  }
  set(path, value) {
    const text = JSON.stringify(value);
    if (text === void 0) throw new TypeError(`OpStream: the value of ${JSON.stringify(path)} is not JSON; use delete`);
    this.change((session, doc) => session.set(doc, path, text));
  }
  delete(path) {
    this.change((session, doc) => session.set(doc, path, void 0));
  }
  entries() {
    return this.read((session, doc) => session.list(doc)).map(([path, text]) => [path, JSON.parse(text)]);
  }
};

// ../../../client/js/session.js
var state = { WAITING: 0, CONNECT: 1, ONLINE: 2, CLOSE: 3, STOPPED: 4 };
var documentStatus = ["offline", "joining", "joined", "refused"];
var origins = ["server", "refused", "reloaded", "undo"];
var peerChange = { JOINED: 0, UPDATED: 1, LEFT: 2 };
var NOMEM = 1;
var SYNTAX = 2;
var RANGE = 3;
var NOTHING = 5;
var ABSENT = -1;
var encoder = new TextEncoder();
var decoder = new TextDecoder("utf-8", { ignoreBOM: true });
var loneSurrogate = new RegExp("\\p{Surrogate}", "u");
var Session = class _Session {
  #exports;
  #bytes = new Uint8Array(0);
  // of the module's memory; another one whenever that has grown
  #outputAt;
  #client;
  #unused = new Uint8Array(4096);
  // random bytes: asking for 16 at a time took 70 % of an edit in Node
  #unusedAt = 4096;
  #fillRandom;
  /**
   * @param module opstream.wasm, compiled
   * @param host what is told: the functions patch, changed, status, refused, peer and trouble
   * @param random fills bytes with what nobody can guess
   * @param author breaks ties of json stamps; undefined: random
   */
  static async begin(module, host, { random = (bytes) => crypto.getRandomValues(bytes), author, memoryLimit = 0 } = {}) {
    const session = new _Session();
    session.#fillRandom = random;
    const { exports } = await WebAssembly.instantiate(module, { opstream: session.#imports(host) });
    session.#exports = exports;
    exports._initialize();
    session.#outputAt = exports.output();
    const [length] = session.#give([author]);
    session.#client = exports.client_open(length, memoryLimit);
    if (session.#client === 0) throw new Error("OpStream: no memory");
    return session;
  }
  #imports(host) {
    const text = (at, bytes) => this.#text(at, bytes);
    return {
      random: (at, bytes) => this.#random(at, bytes),
      patch: (doc, position, deleted, at, bytes, revision, origin) => host.patch(doc, { position, deleted, inserted: text(at, bytes) ?? "", revision, origin: origins[origin] }),
      changed: (doc, at, bytes, origin) => host.changed(doc, text(at, bytes), origins[origin]),
      status: (doc, status) => host.status(doc, documentStatus[status]),
      refused: (doc, codeAt, codeBytes, at, bytes, opAt, opBytes) => host.refused(doc, { code: text(codeAt, codeBytes), message: text(at, bytes), op: text(opAt, opBytes) }),
      peer: (doc, change, at, bytes, dataAt, dataBytes) => host.peer(doc, change, text(at, bytes), text(dataAt, dataBytes)),
      trouble: (at, bytes) => host.trouble(text(at, bytes))
    };
  }
  // ---- strings -------------------------------------------------------------------------------------------------------------
  #memory() {
    if (this.#bytes.buffer !== this.#exports.memory.buffer) this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    return this.#bytes;
  }
  #random(signedAt, bytes) {
    const at = signedAt >>> 0;
    const memory = this.#memory();
    for (let done = 0; done < bytes; ) {
      if (this.#unusedAt === this.#unused.length) this.#unusedAt = (this.#fillRandom(this.#unused), 0);
      const part = this.#unused.subarray(this.#unusedAt, this.#unusedAt + bytes - done);
      memory.set(part, at + done);
      this.#unusedAt += part.length;
      done += part.length;
    }
  }
  #text(at, bytes) {
    const from = at >>> 0;
    return from === 0 ? void 0 : decoder.decode(this.#memory().subarray(from, from + (bytes >>> 0)));
  }
  /** Puts the strings (or bytes; undefined: absent) of one call in; their lengths. */
  #give(strings) {
    let room = 0;
    for (const s of strings) room += s === void 0 ? 0 : typeof s === "string" ? s.length * 3 : s.length;
    let at = this.#exports.input(room) >>> 0;
    if (at === 0 && room > 0) throw new RangeError("OpStream: no memory");
    const memory = this.#memory();
    return strings.map((s) => {
      if (s === void 0) return ABSENT;
      let length = s.length;
      if (typeof s === "string") length = encoder.encodeInto(s, memory.subarray(at)).written;
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
  close() {
    this.#exports.client_close(this.#client);
  }
  tick(monotonic, wall) {
    this.#exports.client_tick(this.#client, Math.floor(monotonic), Math.floor(wall));
  }
  get state() {
    return this.#exports.client_state(this.#client);
  }
  get deadline() {
    return this.#exports.client_deadline_ms(this.#client);
  }
  get retryAt() {
    return this.#exports.client_retry_at_ms(this.#client);
  }
  retryNow() {
    this.#exports.client_retry_now(this.#client);
  }
  connected() {
    this.#exports.client_connected(this.#client);
  }
  received(message) {
    this.#exports.client_received(this.#client, ...this.#give([message]));
  }
  disconnected(code) {
    this.#exports.client_disconnected(this.#client, code);
  }
  /** The next message to send; undefined: none. */
  outgoing() {
    return this.#exports.client_outgoing(this.#client) ? this.#output() : void 0;
  }
  get peerId() {
    this.#exports.client_peer_id(this.#client);
    return this.#output();
  }
  get server() {
    this.#exports.client_server(this.#client);
    return this.#output();
  }
  save() {
    this.#check(this.#exports.client_save(this.#client), "save");
    return this.#outputBytes();
  }
  load(bytes) {
    this.#check(this.#exports.client_load(this.#client, ...this.#give([bytes])), "load");
  }
  // ---- documents; `doc` is a number ----------------------------------------------------------------------------------------------
  join(id, type) {
    if (loneSurrogate.test(id)) throw new TypeError("OpStream: an id with a surrogate that has no partner");
    const doc = this.#exports.client_join(this.#client, ...this.#give([id, type]));
    const err = doc === 0 ? this.#words()[1] : 0, what = `open ${JSON.stringify(id)} as ${JSON.stringify(type)}`;
    if (err === RANGE) throw new RangeError(`OpStream: ${what}: no such type, open here with another type, no id, or too many documents`);
    this.#check(err, what);
    return doc;
  }
  leave(doc) {
    this.#exports.client_leave(this.#client, doc);
  }
  *documents() {
    for (let doc = 0; (doc = this.#exports.client_next(this.#client, doc)) !== 0; ) yield doc;
  }
  id(doc) {
    this.#exports.doc_id(doc);
    return this.#output();
  }
  type(doc) {
    this.#exports.doc_type(doc);
    return this.#output();
  }
  status(doc) {
    return documentStatus[this.#exports.doc_status(doc)];
  }
  revision(doc) {
    return this.#exports.doc_revision(doc);
  }
  pending(doc) {
    return this.#exports.doc_pending(doc);
  }
  /** False: nothing is left to be taken back (or done again). */
  undo(doc) {
    return this.#did(this.#exports.doc_undo(doc), "undo");
  }
  redo(doc) {
    return this.#did(this.#exports.doc_redo(doc), "redo");
  }
  undoable(doc) {
    return this.#exports.doc_undoable(doc) !== 0;
  }
  redoable(doc) {
    return this.#exports.doc_redoable(doc) !== 0;
  }
  undoStop(doc) {
    this.#exports.doc_undo_stop(doc);
  }
  #did(err, what) {
    if (err !== NOTHING) this.#check(err, what);
    return err !== NOTHING;
  }
  // ---- text --------------------------------------------------------------------------------------------------------------------
  replace(doc, position, count, text) {
    if (loneSurrogate.test(text)) throw new TypeError("OpStream: text with a surrogate that has no partner");
    this.#check(this.#exports.text_replace(doc, position, count, ...this.#give([text])), `edit at ${position}`);
  }
  length(doc) {
    return this.#exports.text_length(doc);
  }
  range(doc, position, count) {
    this.#check(this.#exports.text_range(doc, position, count), "read");
    return this.#output() ?? "";
  }
  cursorOpen(doc, own, anchor, head) {
    const cursor = this.#exports.cursor_open(doc, own, anchor, head);
    if (cursor < 0) this.#check(-1 - cursor, "cursor");
    return cursor;
  }
  cursorSet(doc, cursor, anchor, head) {
    this.#exports.cursor_set(doc, cursor, anchor, head);
  }
  cursorClose(doc, cursor) {
    this.#exports.cursor_close(doc, cursor);
  }
  cursorAnchor(doc, cursor) {
    return this.#exports.cursor_anchor(doc, cursor);
  }
  cursorHead(doc, cursor) {
    return this.#exports.cursor_head(doc, cursor);
  }
  // ---- json --------------------------------------------------------------------------------------------------------------------
  /** `value` is JSON text; undefined deletes. */
  set(doc, path, value) {
    if (loneSurrogate.test(path)) throw new TypeError("OpStream: a path with a surrogate that has no partner");
    this.#check(this.#exports.json_set(doc, ...this.#give([path, value])), `write of ${JSON.stringify(path)}`);
  }
  /** JSON text; undefined: no such register. */
  get(doc, path) {
    if (loneSurrogate.test(path)) return void 0;
    this.#exports.json_get(doc, ...this.#give([path]));
    return this.#output();
  }
  list(doc) {
    this.#check(this.#exports.json_list(doc), "read");
    const [start, bytes] = this.#words(), words = new DataView(this.#memory().buffer), list = [];
    for (let at = start; at < start + bytes; ) {
      const path = words.getUint32(at, true), value = words.getUint32(at + 4, true);
      list.push([this.#text(at + 8, path), this.#text(at + 8 + path, value)]);
      at += 8 + path + value;
    }
    return list;
  }
  awareness(doc, data) {
    this.#check(this.#exports.awareness_set(doc, ...this.#give([data])), "awareness");
  }
};

// ../../../client/js/client.js
var CONNECT_TIMEOUT_MS = 15e3;
var SAVE_LATER_MS = 1e3;
var ORPHANS_EVERY_MS = 15e3;
var TIMER_MAX_MS = 6e4;
var STOPPED = "OpStream: the server speaks another version of the protocol";
var Client = class _Client extends Emitter {
  #options;
  #status = "loading";
  #documents = /* @__PURE__ */ new Map();
  // by number
  #wanted = /* @__PURE__ */ new Set();
  // that the program has opened
  #queue = [];
  // events to tell
  #telling = false;
  #turnDue = false;
  #timer;
  #socket;
  #storage;
  #slot;
  #broken;
  // why the storage is not used any more
  #module;
  #dirty = false;
  #saving;
  #saveTimer;
  #orphansTimer;
  #drains = /* @__PURE__ */ new Set();
  // clients that send what closed tabs have left
  #unlisten = [];
  #drain;
  #ready;
  /** @param platform `{ loadModule(source), storage(), WebSocket(), random(bytes) }` of the browser or of Node */
  constructor(url, options, platform2, drain = false) {
    super();
    this.url = String(url);
    this.#options = options;
    this.#storage = options.storage === void 0 ? platform2.storage() : options.storage;
    this.platform = platform2;
    this.#drain = drain;
    this.#ready = this.#start();
    this.#ready.catch((error) => {
      this.emit("trouble", String(error));
      this.close();
    });
  }
  // ---- beginning and end -----------------------------------------------------------------------------------------------------------
  async #start() {
    const { platform: platform2 } = this, options = this.#options;
    const claim = this.#claim();
    const [module, slot2, WebSocket] = await Promise.all([
      platform2.loadModule(options.wasm),
      claim,
      options.WebSocket ?? platform2.WebSocket()
    ]).catch((error) => {
      claim.then((place) => place?.release());
      throw error;
    });
    if (this.#status === "closed") return void slot2?.release();
    this.#module = module;
    this.WebSocket = WebSocket;
    this.#slot = slot2;
    await this.#open(module, await this.#load());
    if (this.#status === "closed") return void (this.session = void 0);
    this.#listen();
    this.#turn();
    this.#adoptOrphans();
  }
  async #open(module, saved) {
    const host = this.#host(), begin = async () => {
      const session2 = await Session.begin(module, host, { ...this.#options, random: this.platform.random });
      session2.tick(performance.now(), Date.now());
      return session2;
    };
    let session = await begin();
    if (saved !== void 0) {
      try {
        session.load(saved);
      } catch (error) {
        if (error instanceof TypeError) {
          this.emit("trouble", `what an earlier run kept cannot be read and is set aside: ${error.message}`);
          await this.#setAside();
        } else {
          this.#breakStorage(`what an earlier run kept stays where it is: ${error.message}`);
        }
        session = await begin();
      }
    }
    this.session = session;
    for (const number of session.documents()) this.#document(number);
  }
  async #claim() {
    try {
      return await this.#storage?.claim(this.url);
    } catch (error) {
      this.emit("trouble", `nothing is kept over a reload: ${error.message}`);
      return void 0;
    }
  }
  async #load() {
    try {
      return await this.#slot?.load();
    } catch (error) {
      this.emit("trouble", `what an earlier run kept cannot be read and is set aside: ${error.message}`);
      await this.#setAside();
      return void 0;
    }
  }
  async #setAside() {
    try {
      await this.#slot.setAside?.();
    } catch (error) {
      this.#breakStorage(`nothing is kept over a reload: ${error.message}`);
    }
  }
  /** Nothing is written from now on; the place is given back by close(). */
  #breakStorage(why) {
    this.#broken = why;
    this.emit("trouble", why);
  }
  /** The page tells when it may be over, and when the network has changed. */
  #listen() {
    if (typeof window === "undefined") return;
    const on = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#unlisten.push(() => target.removeEventListener(name, listener));
    };
    on(window, "pagehide", () => this.#saveNow(true));
    on(window, "online", () => this.retry());
    on(window, "offline", () => this.#drop());
    on(document, "visibilitychange", () => document.hidden ? this.#saveNow(true) : this.retry());
  }
  async close() {
    if (this.#status === "closed") return;
    this.#setStatus("closed");
    clearTimeout(this.#timer);
    clearTimeout(this.#saveTimer);
    clearTimeout(this.#orphansTimer);
    for (const stop of this.#unlisten) stop();
    const drained = Promise.all([...this.#drains].map((drain) => drain.close()));
    if (this.session !== void 0) {
      const socket = this.#socket;
      this.#socket = void 0;
      socket?.close(1e3);
      await this.#saveNow();
      await this.#saving;
      for (const document2 of this.#documents.values()) {
        document2.ended();
        this.#tell(document2, "status", "offline");
      }
      this.#tellAll();
      this.session.close();
      this.session = void 0;
    }
    this.#slot?.release();
    await drained;
  }
  // ---- what a program asks ------------------------------------------------------------------------------------------------------------
  get status() {
    return this.#status;
  }
  get peerId() {
    return this.session?.peerId;
  }
  get server() {
    return this.session?.server;
  }
  get persistent() {
    return this.#slot !== void 0 && this.#broken === void 0;
  }
  get documents() {
    return [...this.#documents.values()];
  }
  get retryAt() {
    const at = this.session?.retryAt ?? Infinity;
    return at > Number.MAX_SAFE_INTEGER || this.#status !== "offline" ? void 0 : Date.now() + Math.max(0, at - performance.now());
  }
  async open(id, type, { wait = true } = {}) {
    await this.#ready;
    if (this.#status === "closed") throw new Error("OpStream: the client is closed");
    if (wait && this.#status === "stopped") throw new Error(STOPPED);
    const document2 = this.#document(this.session.join(String(id), String(type)), String(id), type);
    this.#wanted.add(document2);
    this.changed();
    if (wait && !isThere(document2)) await this.#isThere(document2);
    return document2;
  }
  /** Until there is something to edit, or it is refused. */
  #isThere(document2) {
    return new Promise((resolve, reject) => {
      const stops = [
        this.on("status", (status) => status === "stopped" && end(reject, new Error(STOPPED))),
        document2.on("status", () => {
          if (document2.left) end(reject, new Error(`OpStream: the document ${document2.id} was left, or the client is closed`));
          else if (isThere(document2)) end(resolve);
        }),
        document2.on("refused", ({ code, message }) => document2.status === "refused" && end(reject, Object.assign(new Error(message), { code })))
      ];
      const end = (how, value) => {
        for (const stop of stops) stop();
        how(value);
      };
    });
  }
  retry() {
    if (this.session === void 0 || this.#status === "closed") return;
    this.session.retryNow();
    this.#turn();
  }
  async saved() {
    await this.#ready;
    await this.#saveNow();
    await this.#saving;
    if (this.#broken !== void 0) throw new Error(`OpStream: ${this.#broken}`);
  }
  /** @internal */
  leave(document2) {
    document2.ended();
    this.session.leave(document2.number);
    this.#documents.delete(document2.number);
    this.#wanted.delete(document2);
    this.#tell(document2, "status", "offline");
    this.#dirty = true;
    this.#turn();
    this.#saveNow();
  }
  /** @internal A local edit is made now: the first of a turn of the program brings the time, so that those of one turn are one change. */
  changing() {
    if (!this.#turnDue && this.#status !== "closed") this.session.tick(performance.now(), Date.now());
  }
  /** @internal A local edit was made: the rest follows when this turn of the program is over, so that several edits travel together. */
  changed() {
    this.#dirty = true;
    this.#tellAll();
    if (this.#turnDue) return;
    this.#turnDue = true;
    queueMicrotask(() => {
      this.#turnDue = false;
      this.#turn();
      this.#saveNow();
    });
  }
  // ---- events ------------------------------------------------------------------------------------------------------------------------
  #document(number, id = this.session.id(number), type = this.session.type(number)) {
    let document2 = this.#documents.get(number);
    if (document2 === void 0) {
      document2 = type === "text" ? new TextDocument(this, number, id) : new JsonDocument(this, number, id);
      this.#documents.set(number, document2);
    }
    return document2;
  }
  /** What the module calls. Nothing is told before the call is over. */
  #host() {
    const tell = (number, name, ...values) => {
      const document2 = this.#documents.get(number);
      if (document2 !== void 0) this.#tell(document2, name, ...values);
    };
    return {
      patch: (number, patch) => {
        this.#documents.get(number)?.forget();
        tell(number, "patch", patch);
      },
      changed: (number, path, origin) => tell(number, "change", path, origin),
      status: (number, status) => tell(number, "status", status),
      refused: (number, { op, ...refused }) => {
        const document2 = this.#documents.get(number), value = { ...refused, op: op === void 0 ? void 0 : JSON.parse(op) };
        if (document2 !== void 0 && this.#wanted.has(document2)) this.#tell(document2, "refused", value);
        else this.#tell(this, "refused", { ...value, documentId: document2?.id });
      },
      peer: (number, change, peerId, data) => {
        const awareness = this.#documents.get(number)?.awareness;
        if (awareness === void 0) return;
        if (change === peerChange.LEFT) awareness.peers.delete(peerId);
        else awareness.peers.set(peerId, data === void 0 ? void 0 : JSON.parse(data));
        this.#tell(awareness, "change", peerId);
      },
      trouble: (what) => this.#tell(this, "trouble", what)
    };
  }
  #tell(emitter, name, ...values) {
    this.#queue.push(() => emitter.emit(name, ...values));
  }
  /** In order, also when a listener causes more. */
  #tellAll() {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next; (next = this.#queue.shift()) !== void 0; ) next();
    } finally {
      this.#telling = false;
    }
  }
  #setStatus(status) {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    this.#tell(this, "status", status);
    this.#tellAll();
  }
  // ---- a turn ------------------------------------------------------------------------------------------------------------------------
  #turn() {
    const { session } = this;
    if (this.#status === "closed" || session === void 0) return;
    session.tick(performance.now(), Date.now());
    if (this.#socket !== void 0 && (session.state === state.CLOSE || session.state === state.STOPPED)) this.#drop();
    if (this.#socket === void 0 && session.state === state.CONNECT) this.#connect();
    this.#send();
    this.#leaveUnwanted();
    this.#setStatus({ [state.ONLINE]: "online", [state.CONNECT]: "connecting", [state.STOPPED]: "stopped" }[session.state] ?? "offline");
    this.#tellAll();
    this.#arm();
    if (this.#dirty) this.#saveLater();
    if (this.#drain && this.documents.every((document2) => document2.pending === 0)) this.#drained();
  }
  #arm() {
    clearTimeout(this.#timer);
    if (this.#status === "closed") return;
    const left = this.session.deadline - performance.now();
    if (left < Number.MAX_SAFE_INTEGER)
      this.#timer = setTimeout(() => this.#turn(), Math.min(Math.max(0, Math.ceil(left)), TIMER_MAX_MS));
  }
  #connect() {
    let socket, patience;
    const end = (code) => {
      clearTimeout(patience);
      if (this.#socket !== socket) return;
      this.#socket = void 0;
      this.session.disconnected(code);
      this.#turn();
    };
    try {
      socket = new this.WebSocket(this.url);
    } catch (error) {
      this.emit("trouble", error.message);
      this.session.disconnected(0);
      return;
    }
    this.#socket = socket;
    patience = setTimeout(() => {
      end(0);
      socket.close();
    }, CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      clearTimeout(patience);
      this.session.connected();
      this.#turn();
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket || typeof data !== "string") return;
      this.emit("received", data);
      this.session.tick(performance.now(), Date.now());
      this.session.received(data);
      this.#dirty = true;
      this.#turn();
    };
    socket.onclose = ({ code }) => end(code === 1005 || code === 1006 ? 0 : code);
    socket.onerror = () => {
    };
  }
  #send() {
    const { session } = this, socket = this.#socket;
    for (let message; socket?.readyState === 1 && (message = session.outgoing()) !== void 0; ) {
      this.emit("sent", message);
      socket.send(message);
    }
  }
  /** Ends the connection; the session decides when the next one is tried. */
  #drop() {
    const socket = this.#socket;
    if (socket === void 0) return;
    socket.onclose({ code: 0 });
    socket.close();
  }
  // ---- storage ----------------------------------------------------------------------------------------------------------------------------
  #saveLater() {
    if (this.persistent) this.#saveTimer ??= setTimeout(() => this.#saveNow(), SAVE_LATER_MS);
  }
  /** One write at a time; what has changed during it is in the next. `leaving`: the page has no time to wait for that. */
  #saveNow(leaving = false) {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = void 0;
    if (!this.persistent || this.session === void 0 || !this.#dirty) return this.#saving;
    if (this.#saving !== void 0 && !leaving) return this.#saving;
    const saving = this.#save().finally(() => {
      if (this.#saving === saving) this.#saving = void 0;
    });
    return this.#saving = saving;
  }
  async #save() {
    const slot2 = this.#slot;
    try {
      while (this.#dirty && slot2 === this.#slot && this.session !== void 0) {
        this.#dirty = false;
        await slot2.save(this.session.save(), this.documents.some((document2) => document2.pending > 0));
      }
    } catch (error) {
      this.#breakStorage(`what is typed would not survive a reload: ${error.message}`);
    }
  }
  /** Documents of an earlier run that this one has not asked for stay until the server has all of them. */
  #leaveUnwanted() {
    for (const document2 of this.#documents.values())
      if (!this.#wanted.has(document2) && document2.status === "joined" && document2.pending === 0) {
        document2.ended();
        this.session.leave(document2.number);
        this.#documents.delete(document2.number);
        this.#tell(document2, "status", "offline");
        this.#dirty = true;
      }
  }
  /** What tabs that are closed could not send any more is sent by this one. */
  async #adoptOrphans() {
    if (this.#drain || this.#status === "closed") return;
    try {
      for (const slot2 of await this.#storage?.orphans?.(this.url) ?? []) {
        if (this.#status === "closed") slot2.release();
        else this.#adopt(slot2);
      }
    } catch (error) {
      this.emit("trouble", `edits of tabs that are closed cannot be read: ${error.message}`);
    }
    if (this.#status === "closed") return;
    this.#orphansTimer = setTimeout(() => this.#adoptOrphans(), ORPHANS_EVERY_MS);
    this.#orphansTimer.unref?.();
  }
  #adopt(slot2) {
    const drain = new _Client(this.url, { ...this.#options, wasm: this.#module, storage: { claim: async () => slot2 } }, this.platform, true);
    this.#drains.add(drain);
    drain.on("trouble", (what) => this.emit("trouble", what));
    drain.on("refused", (refused) => this.emit("refused", refused));
    drain.on("status", (status) => status === "closed" && this.#drains.delete(drain));
  }
  async #drained() {
    const slot2 = this.#slot;
    this.#slot = void 0;
    await this.close();
    await slot2?.remove();
    slot2?.release();
  }
};
function isThere(document2) {
  return document2.revision > 0 || document2.pending > 0 || document2.status === "joined";
}

// ../../../client/js/storage.js
var DATABASE = "opstream";
var STORE = "clients";
var ASIDE = "unreadable";
var ANSWER_WITHIN_MS = 150;
var OWN_LOCK_WITHIN_MS = 1e3;
var LOOK_AGAIN_MS = 3e3;
function browserStorage() {
  if (typeof indexedDB === "undefined") return void 0;
  const held = typeof navigator !== "undefined" && navigator.locks !== void 0 ? new Locks() : new Channel();
  let database;
  const open = () => database ??= openDatabase().catch((error) => {
    database = void 0;
    throw error;
  });
  return {
    async claim(name) {
      const db = await open();
      const own = remembered(name), ids = (await keys(db, name)).sort((a, b) => (b === own) - (a === own));
      for (const id2 of ids) {
        const release = await held.take(name, id2, id2 === own ? OWN_LOCK_WITHIN_MS : 0);
        if (release !== void 0) return slot(db, name, id2, release);
      }
      const id = newId();
      return slot(db, name, id, await held.take(name, id, 0) ?? (() => {
      }));
    },
    /** Records that nobody had at two looks, and that nobody wrote in between: a record is free while its page is reloaded, too. */
    async orphans(name) {
      const db = await open(), slots = [], free = /* @__PURE__ */ new Map();
      for (const id of await keys(db, name)) {
        const release = await held.take(name, id, 0);
        if (release === void 0) continue;
        try {
          free.set(id, (await get(db, [name, id]))?.saved);
        } finally {
          release();
        }
      }
      if (free.size > 0) await new Promise((r) => setTimeout(r, LOOK_AGAIN_MS));
      for (const [id, saved] of free) {
        const release = await held.take(name, id, 0);
        if (release === void 0) continue;
        let keep = false;
        try {
          const record = await get(db, [name, id]), orphan = slot(db, name, id, release, false);
          keep = record !== void 0 && record.saved === saved && record.pending;
          if (keep) slots.push(orphan);
          else if (record?.saved === saved) await orphan.remove();
        } catch {
        }
        if (!keep) release();
      }
      return slots;
    }
  };
}
function slot(db, name, id, release, own = true) {
  if (own) remember(name, id);
  return {
    load: async () => (await get(db, [name, id]))?.bytes,
    save: (bytes, pending) => write(db, (store) => store.put({ bytes, pending, saved: Date.now() }, [name, id])),
    remove: () => write(db, (store) => store.delete([name, id])),
    setAside: async () => {
      const record = await get(db, [name, id]);
      await write(db, (store) => store.put(record, [`${name} ${ASIDE}`, newId()]));
      await write(db, (store) => store.delete([name, id]));
    },
    release
  };
}
function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab has an older version of the storage open"));
  });
}
function read(db, what) {
  return new Promise((resolve, reject) => {
    const request = what(db.transaction(STORE, "readonly").objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
var get = (db, key) => read(db, (store) => store.get(key));
var keys = async (db, name) => (await read(db, (store) => store.getAllKeys(IDBKeyRange.bound([name], [name, []])))).map(([, id]) => id);
function write(db, what) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, "readwrite");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the storage gave up"));
    what(transaction.objectStore(STORE));
    transaction.commit?.();
  });
}
function remembered(name) {
  try {
    return sessionStorage.getItem(`opstream ${name}`);
  } catch {
    return null;
  }
}
function remember(name, id) {
  try {
    sessionStorage.setItem(`opstream ${name}`, id);
  } catch {
  }
}
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
var Locks = class {
  /** A function that gives it back; undefined: somebody else has it, and still has it after `wait` ms. */
  take(name, id, wait) {
    const options = wait > 0 ? { signal: AbortSignal.timeout(wait) } : { ifAvailable: true };
    return new Promise((resolve, reject) => {
      navigator.locks.request(`opstream ${name} ${id}`, options, (lock) => {
        if (lock === null) return resolve(void 0);
        return new Promise((release) => resolve(release));
      }).catch((error) => error?.name === "TimeoutError" || error?.name === "AbortError" ? resolve(void 0) : reject(error));
    });
  }
};
var Channel = class {
  #mine = /* @__PURE__ */ new Map();
  // key: number; 0: held
  #channel = new BroadcastChannel("opstream");
  #answers = /* @__PURE__ */ new Map();
  constructor() {
    this.#channel.onmessage = ({ data: { ask, answer, number } }) => {
      if (ask !== void 0 && this.#mine.has(ask) && this.#mine.get(ask) < number) this.#channel.postMessage({ answer: ask });
      if (answer !== void 0) this.#answers.get(answer)?.();
    };
    this.#channel.unref?.();
  }
  async take(name, id) {
    const key = `${name} ${id}`, number = 1 + Math.random();
    if (this.#mine.has(key)) return void 0;
    this.#mine.set(key, number);
    const taken = await new Promise((resolve) => {
      this.#answers.set(key, () => resolve(true));
      setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
      this.#channel.postMessage({ ask: key, number });
    });
    this.#answers.delete(key);
    if (taken) {
      this.#mine.delete(key);
      return void 0;
    }
    this.#mine.set(key, 0);
    return () => this.#mine.delete(key);
  }
};

// ../../../client/js/url.js
function socketUrl(url, page) {
  let given;
  try {
    given = new URL(url ?? page, page);
  } catch {
    throw new TypeError(`OpStream: ${url === void 0 ? "the URL of the server is missing" : `${url} is not a URL`}`);
  }
  given.protocol = given.protocol.replace(/^http/, "ws");
  if (given.protocol !== "ws:" && given.protocol !== "wss:") throw new TypeError(`OpStream: ${given.href} is not an address of a WebSocket`);
  if (url === void 0 || given.pathname === "/") given.pathname = "/collab-ws";
  if (url === void 0) given.search = "";
  given.hash = "";
  return given.href;
}

// ../../../client/js/opstream.js
function connect(url, options = {}) {
  return new Client(socketUrl(url, globalThis.location?.href), options, platform);
}
var modules = /* @__PURE__ */ new Map();
var platform = {
  storage: browserStorage,
  WebSocket: () => globalThis.WebSocket,
  async loadModule(source = new URL("./opstream.wasm", import.meta.url)) {
    if (source instanceof WebAssembly.Module) return source;
    if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return WebAssembly.compile(source);
    if (typeof source !== "string" && !(source instanceof URL)) return compile(await source);
    const url = String(source);
    if (!modules.has(url)) modules.set(url, fetch(url).then(compile));
    try {
      return await modules.get(url);
    } catch (error) {
      modules.delete(url);
      throw new Error(`OpStream: ${url} cannot be loaded: ${error.message}`);
    }
  }
};
function compile(response) {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return WebAssembly.compileStreaming(response);
}
export {
  browserStorage,
  connect
};
