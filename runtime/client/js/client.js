/**
 * One client: a session, the WebSocket that it asks for, its timers, its place in the storage.
 *
 * After whatever has happened comes a *turn*: the session is told the time, its wish for a connection is met, what it wants to say is
 * sent, what has become dirty is stored, and its next deadline is set. Events of the session are told when the call that caused them is over, so that
 * a listener finds the document whole; with several patches of one change it edits after the last.
 */
import { Emitter } from './emitter.js';
import { JsonDocument, TextDocument } from './document.js';
import { Session, peerChange, state } from './session.js';

const CONNECT_TIMEOUT_MS = 15_000;
const SAVE_LATER_MS = 1_000;        // of what others did: it can be fetched again
const ORPHANS_EVERY_MS = 15_000;
const TIMER_MAX_MS = 60_000;
const STOPPED = 'OpStream: the server speaks another version of the protocol';

export class Client extends Emitter {
  #options;
  #status = 'loading';
  #documents = new Map();            // by number
  #wanted = new Set();               // that the program has opened
  #queue = [];                       // events to tell
  #telling = false;
  #turnDue = false;
  #timer;
  #socket;
  #storage;
  #slot;
  #broken;                           // why the storage is not used any more
  #module;
  #dirty = false;
  #saving;
  #saveTimer;
  #orphansTimer;
  #drains = new Set();               // clients that send what closed tabs have left
  #unlisten = [];
  #drain;
  #ready;

  /** @param platform `{ loadModule(source), storage(), WebSocket(), random(bytes) }` of the browser or of Node */
  constructor(url, options, platform, drain = false) {
    super();
    this.url = String(url);
    this.#options = options;
    this.#storage = options.storage === undefined ? platform.storage() : options.storage;
    this.platform = platform;
    this.#drain = drain;
    this.#ready = this.#start();
    this.#ready.catch((error) => {
      this.emit('trouble', String(error));
      this.close();
    });
  }

  // ---- beginning and end -----------------------------------------------------------------------------------------------------------

  async #start() {
    const { platform } = this, options = this.#options;
    const claim = this.#claim();
    const [module, slot, WebSocket] = await Promise.all([
      platform.loadModule(options.wasm),
      claim,
      options.WebSocket ?? platform.WebSocket(),
    ]).catch((error) => {
      claim.then((place) => place?.release());
      throw error;
    });
    if (this.#status === 'closed') return void slot?.release();
    this.#module = module;
    this.WebSocket = WebSocket;
    this.#slot = slot;
    await this.#open(module, await this.#load());
    if (this.#status === 'closed') return void (this.session = undefined); // the place was released then
    this.#listen();
    this.#turn();
    this.#adoptOrphans();
  }

  async #open(module, saved) {
    const host = this.#host(), begin = async () => {
      const session = await Session.begin(module, host, { ...this.#options, random: this.platform.random });
      session.tick(performance.now(), Date.now());
      return session;
    };
    let session = await begin();
    if (saved !== undefined) {
      try {
        session.load(saved);
      } catch (error) { // it is kept for whoever can read it
        if (error instanceof TypeError) {
          this.emit('trouble', `what an earlier run kept cannot be read and is set aside: ${error.message}`);
          await this.#setAside();
        } else { // there is no room for it here; it may be read where there is more
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
      this.emit('trouble', `nothing is kept over a reload: ${error.message}`);
      return undefined;
    }
  }

  async #load() {
    try {
      return await this.#slot?.load();
    } catch (error) { // it may be readable another time: it must not be written over
      this.emit('trouble', `what an earlier run kept cannot be read and is set aside: ${error.message}`);
      await this.#setAside();
      return undefined;
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
    this.emit('trouble', why);
  }

  /** The page tells when it may be over, and when the network has changed. */
  #listen() {
    if (typeof window === 'undefined') return;
    const on = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#unlisten.push(() => target.removeEventListener(name, listener));
    };
    on(window, 'pagehide', () => this.#saveNow(true));
    on(window, 'online', () => this.retry());
    on(window, 'offline', () => this.#drop()); // a socket may take minutes to notice; a server on this machine is found again at once
    on(document, 'visibilitychange', () => (document.hidden ? this.#saveNow(true) : this.retry()));
  }

  async close() {
    if (this.#status === 'closed') return;
    this.#setStatus('closed');
    clearTimeout(this.#timer);
    clearTimeout(this.#saveTimer);
    clearTimeout(this.#orphansTimer);
    for (const stop of this.#unlisten) stop();
    const drained = Promise.all([...this.#drains].map((drain) => drain.close()));
    if (this.session !== undefined) {
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.close(1000);
      await this.#saveNow();
      await this.#saving;
      for (const document of this.#documents.values()) {
        document.ended();
        this.#tell(document, 'status', 'offline');
      }
      this.#tellAll();
      this.session.close();
      this.session = undefined; // its memory is given back
    }
    this.#slot?.release();
    await drained;
  }

  // ---- what a program asks ------------------------------------------------------------------------------------------------------------

  get status() { return this.#status; }
  get peerId() { return this.session?.peerId; }
  get server() { return this.session?.server; }
  get persistent() { return this.#slot !== undefined && this.#broken === undefined; }
  get documents() { return [...this.#documents.values()]; }

  get retryAt() {
    const at = this.session?.retryAt ?? Infinity;
    return at > Number.MAX_SAFE_INTEGER || this.#status !== 'offline' ? undefined : Date.now() + Math.max(0, at - performance.now());
  }

  async open(id, type, { wait = true } = {}) {
    await this.#ready;
    if (this.#status === 'closed') throw new Error('OpStream: the client is closed');
    if (wait && this.#status === 'stopped') throw new Error(STOPPED);
    const document = this.#document(this.session.join(String(id), String(type)), String(id), type);
    this.#wanted.add(document);
    this.changed();
    if (wait && !isThere(document)) await this.#isThere(document);
    return document;
  }

  /** Until there is something to edit, or it is refused. */
  #isThere(document) {
    return new Promise((resolve, reject) => {
      const stops = [
        this.on('status', (status) => status === 'stopped' && end(reject, new Error(STOPPED))),
        document.on('status', () => {
          if (document.left) end(reject, new Error(`OpStream: the document ${document.id} was left, or the client is closed`));
          else if (isThere(document)) end(resolve);
        }),
        document.on('refused', ({ code, message }) => document.status === 'refused' && end(reject, Object.assign(new Error(message), { code }))),
      ];
      const end = (how, value) => {
        for (const stop of stops) stop();
        how(value);
      };
    });
  }

  retry() {
    if (this.session === undefined || this.#status === 'closed') return;
    this.session.retryNow();
    this.#turn();
  }

  async saved() {
    await this.#ready;
    await this.#saveNow();
    await this.#saving;
    if (this.#broken !== undefined) throw new Error(`OpStream: ${this.#broken}`);
  }

  /** @internal */
  leave(document) {
    document.ended();
    this.session.leave(document.number);
    this.#documents.delete(document.number);
    this.#wanted.delete(document);
    this.#tell(document, 'status', 'offline');
    this.#dirty = true;
    this.#turn();
    this.#saveNow(); // what was given up must not be sent by the next run
  }

  /** @internal A local edit is made now: the first of a turn of the program brings the time, so that those of one turn are one change. */
  changing() {
    if (!this.#turnDue && this.#status !== 'closed') this.session.tick(performance.now(), Date.now());
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
    let document = this.#documents.get(number);
    if (document === undefined) {
      document = type === 'text' ? new TextDocument(this, number, id) : new JsonDocument(this, number, id);
      this.#documents.set(number, document);
    }
    return document;
  }

  /** What the module calls. Nothing is told before the call is over. */
  #host() {
    const tell = (number, name, ...values) => {
      const document = this.#documents.get(number);
      if (document !== undefined) this.#tell(document, name, ...values);
    };
    return {
      patch: (number, patch) => {
        this.#documents.get(number)?.forget();
        tell(number, 'patch', patch);
      },
      changed: (number, path, origin) => tell(number, 'change', path, origin),
      status: (number, status) => tell(number, 'status', status),
      refused: (number, { op, ...refused }) => {
        const document = this.#documents.get(number), value = { ...refused, op: op === undefined ? undefined : JSON.parse(op) };
        if (document !== undefined && this.#wanted.has(document)) this.#tell(document, 'refused', value);
        else this.#tell(this, 'refused', { ...value, documentId: document?.id }); // of a document that nobody has opened here
      },
      peer: (number, change, peerId, data) => {
        const awareness = this.#documents.get(number)?.awareness;
        if (awareness === undefined) return;
        if (change === peerChange.LEFT) awareness.peers.delete(peerId);
        else awareness.peers.set(peerId, data === undefined ? undefined : JSON.parse(data));
        this.#tell(awareness, 'change', peerId);
      },
      trouble: (what) => this.#tell(this, 'trouble', what),
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
      for (let next; (next = this.#queue.shift()) !== undefined;) next();
    } finally {
      this.#telling = false;
    }
  }

  #setStatus(status) {
    if (this.#status === status || this.#status === 'closed') return;
    this.#status = status;
    this.#tell(this, 'status', status);
    this.#tellAll();
  }

  // ---- a turn ------------------------------------------------------------------------------------------------------------------------

  #turn() {
    const { session } = this;
    if (this.#status === 'closed' || session === undefined) return;
    session.tick(performance.now(), Date.now());
    if (this.#socket !== undefined && (session.state === state.CLOSE || session.state === state.STOPPED)) this.#drop();
    if (this.#socket === undefined && session.state === state.CONNECT) this.#connect();
    this.#send();
    this.#leaveUnwanted();
    this.#setStatus({ [state.ONLINE]: 'online', [state.CONNECT]: 'connecting', [state.STOPPED]: 'stopped' }[session.state] ?? 'offline');
    this.#tellAll();
    this.#arm();
    if (this.#dirty) this.#saveLater();
    if (this.#drain && this.documents.every((document) => document.pending === 0)) this.#drained();
  }

  #arm() {
    clearTimeout(this.#timer);
    if (this.#status === 'closed') return; // by somebody who was told something in this turn
    const left = this.session.deadline - performance.now();
    if (left < Number.MAX_SAFE_INTEGER)
      this.#timer = setTimeout(() => this.#turn(), Math.min(Math.max(0, Math.ceil(left)), TIMER_MAX_MS));
  }

  #connect() {
    let socket, patience;
    const end = (code) => {
      clearTimeout(patience);
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.session.disconnected(code);
      this.#turn();
    };
    try {
      socket = new this.WebSocket(this.url);
    } catch (error) { // not a URL, or a page that may not
      this.emit('trouble', error.message);
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
      if (this.#socket !== socket || typeof data !== 'string') return;
      this.emit('received', data);
      this.session.tick(performance.now(), Date.now());
      this.session.received(data);
      this.#dirty = true;
      this.#turn();
    };
    socket.onclose = ({ code }) => end(code === 1005 || code === 1006 ? 0 : code);
    socket.onerror = () => {}; // `close` follows
  }

  #send() {
    const { session } = this, socket = this.#socket;
    for (let message; socket?.readyState === 1 && (message = session.outgoing()) !== undefined;) {
      this.emit('sent', message);
      socket.send(message);
    }
  }

  /** Ends the connection; the session decides when the next one is tried. */
  #drop() {
    const socket = this.#socket;
    if (socket === undefined) return;
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
    this.#saveTimer = undefined;
    if (!this.persistent || this.session === undefined || !this.#dirty) return this.#saving;
    if (this.#saving !== undefined && !leaving) return this.#saving;
    const saving = this.#save().finally(() => {
      if (this.#saving === saving) this.#saving = undefined;
    });
    return (this.#saving = saving);
  }

  async #save() {
    const slot = this.#slot;
    try {
      while (this.#dirty && slot === this.#slot && this.session !== undefined) {
        this.#dirty = false;
        await slot.save(this.session.save(), this.documents.some((document) => document.pending > 0));
      }
    } catch (error) {
      this.#breakStorage(`what is typed would not survive a reload: ${error.message}`);
    }
  }

  /** Documents of an earlier run that this one has not asked for stay until the server has all of them. */
  #leaveUnwanted() {
    for (const document of this.#documents.values())
      if (!this.#wanted.has(document) && document.status === 'joined' && document.pending === 0) {
        document.ended();
        this.session.leave(document.number);
        this.#documents.delete(document.number);
        this.#tell(document, 'status', 'offline');
        this.#dirty = true;
      }
  }

  /** What tabs that are closed could not send any more is sent by this one. */
  async #adoptOrphans() {
    if (this.#drain || this.#status === 'closed') return;
    try {
      for (const slot of (await this.#storage?.orphans?.(this.url)) ?? []) {
        if (this.#status === 'closed') slot.release();
        else this.#adopt(slot);
      }
    } catch (error) {
      this.emit('trouble', `edits of tabs that are closed cannot be read: ${error.message}`);
    }
    if (this.#status === 'closed') return;
    this.#orphansTimer = setTimeout(() => this.#adoptOrphans(), ORPHANS_EVERY_MS);
    this.#orphansTimer.unref?.();
  }

  #adopt(slot) {
    const drain = new Client(this.url, { ...this.#options, wasm: this.#module, storage: { claim: async () => slot } }, this.platform, true);
    this.#drains.add(drain);
    drain.on('trouble', (what) => this.emit('trouble', what));
    drain.on('refused', (refused) => this.emit('refused', refused));
    drain.on('status', (status) => status === 'closed' && this.#drains.delete(drain));
  }

  async #drained() {
    const slot = this.#slot;
    this.#slot = undefined; // nothing is to be written any more
    await this.close();
    await slot?.remove();
    slot?.release();
  }
}

function isThere(document) {
  return document.revision > 0 || document.pending > 0 || document.status === 'joined';
}
