/**
 * IndexedDB as the storage of clients: a record a client (a tab, mostly), which only that client uses while it lives.
 *
 * That nobody else does is what a lock says (Web Locks). Pages that are not a secure context have none (http from another machine); there the
 * clients ask each other over a BroadcastChannel who has what. A tab that the system has frozen cannot answer: then two clients may send the same op, which the
 * server knows by its id.
 */
const DATABASE = 'opstream', STORE = 'clients', ASIDE = 'unreadable';
const ANSWER_WITHIN_MS = 150;
const OWN_LOCK_WITHIN_MS = 1_000;   // the page before a reload may not be quite gone
const LOOK_AGAIN_MS = 3_000;        // a page that is just being reloaded has its record again by then

export function browserStorage() {
  if (typeof indexedDB === 'undefined') return undefined;
  const held = typeof navigator !== 'undefined' && navigator.locks !== undefined ? new Locks() : new Channel();
  let database;
  const open = () => (database ??= openDatabase().catch((error) => { database = undefined; throw error; }));
  return {
    async claim(name) {
      const db = await open();
      const own = remembered(name), ids = (await keys(db, name)).sort((a, b) => (b === own) - (a === own));
      for (const id of ids) {
        const release = await held.take(name, id, id === own ? OWN_LOCK_WITHIN_MS : 0);
        if (release !== undefined) return slot(db, name, id, release);
      }
      const id = newId();
      return slot(db, name, id, (await held.take(name, id, 0)) ?? (() => {})); // nobody else knows this id
    },

    /** Records that nobody had at two looks, and that nobody wrote in between: a record is free while its page is reloaded, too. */
    async orphans(name) {
      const db = await open(), slots = [], free = new Map();
      for (const id of await keys(db, name)) {
        const release = await held.take(name, id, 0);
        if (release === undefined) continue;
        try {
          free.set(id, (await get(db, [name, id]))?.saved);
        } finally {
          release();
        }
      }
      if (free.size > 0) await new Promise((r) => setTimeout(r, LOOK_AGAIN_MS));
      for (const [id, saved] of free) {
        const release = await held.take(name, id, 0);
        if (release === undefined) continue;
        let keep = false;
        try {
          const record = await get(db, [name, id]), orphan = slot(db, name, id, release, false);
          keep = record !== undefined && record.saved === saved && record.pending;
          if (keep) slots.push(orphan);
          else if (record?.saved === saved) await orphan.remove(); // a copy of what the server has
        } catch {} // another time
        if (!keep) release();
      }
      return slots;
    },
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
    release,
  };
}

// ---- IndexedDB as promises -----------------------------------------------------------------------------------------------------

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab has an older version of the storage open'));
  });
}

function read(db, what) {
  return new Promise((resolve, reject) => {
    const request = what(db.transaction(STORE, 'readonly').objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const get = (db, key) => read(db, (store) => store.get(key));
const keys = async (db, name) => (await read(db, (store) => store.getAllKeys(IDBKeyRange.bound([name], [name, []])))).map(([, id]) => id);

/** Committed at once, not when the page next has time: the next thing that happens may be a reload. */
function write(db, what) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the storage gave up'));
    what(transaction.objectStore(STORE));
    transaction.commit?.();
  });
}

// ---- whose ------------------------------------------------------------------------------------------------------------------------

/** A tab goes on with its own record after a reload. */
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
  } catch {} // a page without one: any free record will do
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

class Locks {
  /** A function that gives it back; undefined: somebody else has it, and still has it after `wait` ms. */
  take(name, id, wait) {
    const options = wait > 0 ? { signal: AbortSignal.timeout(wait) } : { ifAvailable: true };
    return new Promise((resolve, reject) => {
      navigator.locks.request(`opstream ${name} ${id}`, options, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise((release) => resolve(release));
      }).catch((error) => (error?.name === 'TimeoutError' || error?.name === 'AbortError' ? resolve(undefined) : reject(error)));
    });
  }
}

/** The same without locks: whoever has it says so, and of two who want it at once the one with the lower number gets it. */
class Channel {
  #mine = new Map(); // key: number; 0: held
  #channel = new BroadcastChannel('opstream');
  #answers = new Map();

  constructor() {
    this.#channel.onmessage = ({ data: { ask, answer, number } }) => {
      if (ask !== undefined && this.#mine.has(ask) && this.#mine.get(ask) < number) this.#channel.postMessage({ answer: ask });
      if (answer !== undefined) this.#answers.get(answer)?.();
    };
    this.#channel.unref?.();
  }

  async take(name, id) {
    const key = `${name} ${id}`, number = 1 + Math.random();
    if (this.#mine.has(key)) return undefined;
    this.#mine.set(key, number);
    const taken = await new Promise((resolve) => {
      this.#answers.set(key, () => resolve(true));
      setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
      this.#channel.postMessage({ ask: key, number });
    });
    this.#answers.delete(key);
    if (taken) {
      this.#mine.delete(key);
      return undefined;
    }
    this.#mine.set(key, 0);
    return () => this.#mine.delete(key);
  }
}
