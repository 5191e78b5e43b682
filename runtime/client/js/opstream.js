/** OpStream in a browser. What there is to know is in opstream.d.ts. */
import { Client } from './client.js';
import { browserStorage } from './storage.js';
import { socketUrl } from './url.js';

export { browserStorage };

export function connect(url, options = {}) {
  return new Client(socketUrl(url, globalThis.location?.href), options, platform);
}

const modules = new Map(); // compiled once a page

const platform = {
  storage: browserStorage,
  WebSocket: () => globalThis.WebSocket,

  async loadModule(source = new URL('./opstream.wasm', import.meta.url)) {
    if (source instanceof WebAssembly.Module) return source;
    if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return WebAssembly.compile(source);
    if (typeof source !== 'string' && !(source instanceof URL)) return compile(await source);
    const url = String(source);
    if (!modules.has(url)) modules.set(url, fetch(url).then(compile));
    try {
      return await modules.get(url);
    } catch (error) {
      modules.delete(url);
      throw new Error(`OpStream: ${url} cannot be loaded: ${error.message}`);
    }
  },
};

function compile(response) {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return WebAssembly.compileStreaming(response);
}
