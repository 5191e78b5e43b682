/**
 * Documents that others edit at the same time, in a browser or in Node.
 *
 * A thin shell around `opstream.wasm`, which is the C client session (runtime/client/client.h) with the engines that the server
 * runs. The shell owns the WebSocket, the timers and the storage; everything that decides what a document looks like is in the module.
 *
 * Positions and lengths of text are UTF-16 units, as everywhere in JavaScript.
 */
import type { AwarenessStateProto, ErrorCode } from './schema.js';

/**
 * Begins to connect and returns at once. What is not there yet (the module, the network, the server) is waited for by `open`.
 *
 * @param url of the collaboration WebSocket: `ws://host/collab-ws`. A page of the server itself may leave it out; `http:` and `https:`
 *            mean `ws:` and `wss:`; a URL without a path means `/collab-ws`.
 */
export function connect(url?: string | URL, options?: ClientOptions): Client;

export interface ClientOptions {
  /** Where pending edits and the last known documents are kept between two runs. Default: in a browser the origin's IndexedDB; in Node nowhere
   * (`fileStorage` of `opstream/node`). `null`: nowhere. */
  storage?: ClientStorage | null;
  /** The module, or where it is. Default: `opstream.wasm` beside this file. */
  wasm?: string | URL | BufferSource | WebAssembly.Module | Response | Promise<Response>;
  /** The class of the connection. Default: the platform's `WebSocket`; Node below 22 has none: give that of `ws`. */
  WebSocket?: new (url: string) => WebSocket;
  /** Memory of all documents together, bytes; beyond it edits throw. Default 256 MiB. */
  memoryLimit?: number;
}

/** `offline`: no connection, `retryAt` says when it is tried again; `stopped`: the server speaks another protocol version. */
export type ClientStatus = 'loading' | 'offline' | 'connecting' | 'online' | 'stopped' | 'closed';

export interface ClientEvents {
  status: (status: ClientStatus) => void;
  /** The connection was refused something; or an edit of an earlier run, or of a closed tab, in a document that is not open here (`documentId`). */
  refused: (refused: Refused) => void;
  /** The server sent what cannot be understood, or the storage failed. For logs. */
  trouble: (what: string) => void;
  /** Every message on the wire, as text. For the curious. */
  sent: (message: string) => void;
  received: (message: string) => void;
}

export interface Client extends Emitter<ClientEvents> {
  readonly url: string;
  readonly status: ClientStatus;
  /** This client's peer id on the present connection. */
  readonly peerId: string | undefined;
  /** What the server says it is. */
  readonly server: string | undefined;
  /** When the next connection is tried (`Date.now()` time); undefined when none is planned. */
  readonly retryAt: number | undefined;
  /** Is what is pending kept over a reload? False: there is no storage, or it failed (`trouble` says why). */
  readonly persistent: boolean;
  /** The documents that are open, those of an earlier run included. */
  readonly documents: readonly (TextDocument | JsonDocument)[];

  /**
   * Opens a document and stays in it over reconnects. Resolves once there is something to edit: the server's document, or what an earlier
   * run kept of it. Rejects when the server refuses it, or the client has stopped or is closed. The same document again is the same object.
   */
  open(id: string, type: 'text', options?: OpenOptions): Promise<TextDocument>;
  open(id: string, type: 'json', options?: OpenOptions): Promise<JsonDocument>;

  /** Try now: the program knows that the network is back. A browser's `online` event does this by itself. */
  retry(): void;
  /** Resolves when everything that was typed so far is in the storage (at once where there is none); rejects when the storage has failed. */
  saved(): Promise<void>;
  /** Ends the connection. What is pending stays in the storage, if there is one. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `false`: resolve at once, even when nothing is known of the document yet: what is typed goes behind what is there. Default true. */
  wait?: boolean;
}

/** `joined`: edits are sent and received; `refused`: the server does not let this client in. */
export type DocumentStatus = 'offline' | 'joining' | 'joined' | 'refused';

/** Where a change that is not a local edit comes from: somebody else; a local edit that the server refused; the document was loaded anew
 * and differs; `undo` or `redo` of this client. */
export type Origin = 'server' | 'refused' | 'reloaded' | 'undo';

/** What the server refused for good. */
export interface Refused {
  code: ErrorCode;
  /** For people. */
  message: string;
  /** The op that was taken back, if it was one. */
  op: unknown;
  /** Of `client.on('refused')`: the document, if it was about one. */
  documentId?: string;
}

export interface DocumentEvents {
  /** Status, revision, `pending`, `undoable` or `redoable` is another one. */
  status: (status: DocumentStatus) => void;
  /** A local edit was refused for good, and is taken back; or the document itself. */
  refused: (refused: Refused) => void;
}

interface BaseDocument<Events extends DocumentEvents> extends Emitter<Events> {
  readonly id: string;
  readonly status: DocumentStatus;
  /** Of the server's state that is known; 0: none yet. */
  readonly revision: number;
  /** Ops that the server has not acknowledged. */
  readonly pending: number;

  /** Is there a change of this client that can be taken back (or done again)? Works offline, too. */
  readonly undoable: boolean;
  readonly redoable: boolean;
  /** Takes back this client's last change (what was typed without a pause is one), whatever others did since. False: nothing to take back. */
  undo(): boolean;
  redo(): boolean;
  /** The next edit begins a change of its own. */
  undoStop(): void;

  /** Resolves when the document is joined and nothing is pending. Rejects when it is left, or the client has stopped or is closed. */
  synced(): Promise<void>;
  readonly awareness: Awareness;
  /** Leaves; pending edits are given up. Listeners of `status` hear `offline`. After this (and after the client's `close`) what stands above can
   * be read, reads of the content and edits throw. */
  leave(): void;
}

/** One step of a change that is not a local edit. Apply each to what the one before it left. A change may have several: edit the document after the
 * last of them (in a microtask), not in the listener. */
export interface Patch {
  position: number;
  deleted: number;
  inserted: string;
  revision: number;
  origin: Origin;
}

export interface TextEvents extends DocumentEvents {
  patch: (patch: Patch) => void;
}

export interface TextDocument extends BaseDocument<TextEvents> {
  readonly type: 'text';
  readonly length: number;
  readonly text: string;
  /** All three are visible at once. They throw RangeError outside the text, inside a surrogate pair and at a limit, and TypeError for text
   * with a surrogate that has no partner. */
  insert(position: number, text: string): void;
  delete(position: number, count: number): void;
  replace(position: number, count: number, text: string): void;
  slice(start?: number, end?: number): string;
  /** A place that every edit carries along. `own`: it stays behind what is typed right at it here, and before what others type there. */
  cursor(anchor: number, head?: number, options?: { own?: boolean }): Cursor;
  toString(): string;
}

export interface Cursor {
  readonly anchor: number;
  readonly head: number;
  set(anchor: number, head?: number): void;
  close(): void;
}

export interface JsonEvents extends DocumentEvents {
  /** The registers at `path` and below may have changed; undefined: any. */
  change: (path: string | undefined, origin: Origin) => void;
}

/** A map of paths to values; of two writes of one path the later one stays. */
export interface JsonDocument extends BaseDocument<JsonEvents> {
  readonly type: 'json';
  get(path: string): unknown;
  has(path: string): boolean;
  /** `value`: anything that JSON.stringify takes, without surrogates that have no partner; else TypeError. RangeError at a limit. Several writes in
   * one turn travel as one op. */
  set(path: string, value: unknown): void;
  delete(path: string): void;
  /** Live registers, ordered by path. */
  entries(): [path: string, value: unknown][];
}

/** Who is here. A state is any JSON: a name, a colour, a selection. */
export interface Awareness extends Emitter<{ change: (peerId: string) => void }> {
  /** The others' states by peer id, in the order they came. Never this client's own. */
  readonly peers: ReadonlyMap<AwarenessStateProto['peerId'], unknown>;
  /** This client's state; it is sent when it changes, and again after a reconnect. */
  local: unknown;
}

export interface Emitter<Events> {
  /** Calls `listener` whenever it happens; the function returned ends that. */
  on<Name extends keyof Events>(name: Name, listener: Events[Name]): () => void;
  off<Name extends keyof Events>(name: Name, listener: Events[Name]): void;
}

/** Storage of clients. Bytes are opaque. */
export interface ClientStorage {
  /**
   * A place that no other client uses until it is released; what a client of an earlier run left, if there is any. Two clients must not
   * use the same bytes: both would send the same ops.
   *
   * @param name the server's URL
   */
  claim(name: string): Promise<StorageSlot>;
  /** Places that earlier clients left with pending edits, and that nobody claimed: their edits are sent in the background. */
  orphans?(name: string): Promise<StorageSlot[]>;
}

export interface StorageSlot {
  load(): Promise<Uint8Array | undefined>;
  /** Resolves when the bytes would survive a reload. `pending`: there are edits in it that no server has. */
  save(bytes: Uint8Array, pending: boolean): Promise<void>;
  /** The bytes cannot be read: they are kept where no claim finds them. */
  setAside?(): Promise<void>;
  remove(): Promise<void>;
  release(): void;
}

/** IndexedDB: the default in browsers. */
export function browserStorage(): ClientStorage;
