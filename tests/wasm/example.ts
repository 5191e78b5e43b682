// A program with every type of opstream.d.ts; types.mjs compiles it. It is never run.
import { browserStorage, connect } from 'opstream';
import type { Awareness, Client, ClientOptions, ClientStatus, ClientStorage, Cursor, DocumentStatus, JsonDocument, OpenOptions, Origin, Patch, Refused,
  StorageSlot, TextDocument } from 'opstream';
import { connect as connectInNode, fileStorage } from 'opstream/node';
import type { ErrorCode, TextOp } from 'opstream/schema';

class MemorySlot implements StorageSlot {
  #bytes: Uint8Array | undefined;
  async load(): Promise<Uint8Array | undefined> { return this.#bytes; }
  async save(bytes: Uint8Array, pending: boolean): Promise<void> { this.#bytes = pending ? bytes : undefined; }
  async remove(): Promise<void> { this.#bytes = undefined; }
  release(): void {}
}

const inMemory: ClientStorage = { claim: async (name: string) => { void name; return new MemorySlot(); } };
const options: ClientOptions = { storage: inMemory, wasm: new URL('https://example.org/opstream.wasm'), WebSocket, memoryLimit: 1 << 26 };
const wait: OpenOptions = { wait: false };

export async function program(): Promise<void> {
  const client: Client = connect('ws://127.0.0.1/', options), here = connect(), node = connectInNode(new URL('http://127.0.0.1'), { storage: fileStorage('folder') });
  const storage: ClientStorage = browserStorage();
  const text: TextDocument = await client.open('t', 'text'), json: JsonDocument = await client.open('j', 'json', wait);

  const stop: () => void = text.on('patch', ({ position, deleted, inserted, revision, origin }: Patch) => {
    const from: Origin = origin;
    console.log(position + deleted + revision, inserted.length, from);
  });
  const listener = (status: DocumentStatus): void => console.log(status === 'joined');
  text.on('status', listener);
  text.off('status', listener);
  json.on('change', (path, origin) => console.log(path?.length, origin === 'undo'));
  client.on('status', (status: ClientStatus) => console.log(status));
  client.on('refused', ({ code, message, op }: Refused) => console.log(code satisfies ErrorCode, message.length, op as TextOp));
  client.on('trouble', (what) => console.log(what.length));

  text.insert(0, 'x');
  text.delete(0, 1);
  text.replace(0, 0, text.slice(-1));
  const cursor: Cursor = text.cursor(0, undefined, { own: true });
  cursor.set(cursor.head, cursor.anchor);
  cursor.close();
  json.set('a', { any: ['json'] });
  const entries: [path: string, value: unknown][] = json.entries();
  console.log(json.get('a'), json.has('a'), entries.length, text.length, text.text, text.type, json.type, String(text));
  json.delete('a');

  const awareness: Awareness = text.awareness;
  awareness.local = { name: 'Ada' };
  awareness.on('change', (peerId) => console.log(awareness.peers.get(peerId)));
  if (text.undoable && text.undo() && text.redoable) text.redo();
  text.undoStop();
  for (const document of client.documents) console.log(document.id, document.type === 'text' ? document.length : document.entries(), document.pending);
  console.log(client.url, client.status, client.peerId?.length, client.server, (client.retryAt ?? 0) + 1, client.persistent, storage, node, here);
  await Promise.all([text.synced(), client.saved()]);
  stop();
  text.leave();
  client.retry();
  await client.close();

  // @ts-expect-error a type that there is not
  await client.open('x', 'picture');
  // @ts-expect-error of texts only
  json.insert(0, 'x');
  // @ts-expect-error of registers only
  text.set('a', 1);
  // @ts-expect-error an event that there is not
  text.on('patched', () => {});
  // @ts-expect-error of texts only
  json.on('patch', () => {});
  // @ts-expect-error a listener of something else
  text.on('patch', (status: DocumentStatus) => console.log(status));
  // @ts-expect-error only read
  text.length = 1;
  // @ts-expect-error only read
  awareness.peers.set('x', 1);
  // @ts-expect-error what peers say may be anything
  awareness.peers.get('x').name;
  // @ts-expect-error it may be absent
  client.peerId.length;
  // @ts-expect-error no such option
  connect('ws://127.0.0.1/', { reconnect: true });
  // @ts-expect-error a place in the text is a number
  text.insert('0', 'x');
}
