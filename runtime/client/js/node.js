/** OpStream in Node: the same client; the module is a file, the storage is a folder if one is asked for. */
import { readFile } from 'node:fs/promises';
import { webcrypto } from 'node:crypto'; // Node 18 has no global one
import { Client } from './client.js';
import { socketUrl } from './url.js';

export { fileStorage } from './storage_node.js';

export const browserStorage = () => undefined;

export function connect(url, options = {}) {
  return new Client(socketUrl(url), options, platform);
}

let compiled;

const platform = {
  storage: () => null,
  random: (bytes) => webcrypto.getRandomValues(bytes),

  async WebSocket() {
    if (globalThis.WebSocket !== undefined) return globalThis.WebSocket;
    try {
      return (await import('ws')).WebSocket;
    } catch {
      throw new Error('OpStream: this Node has no WebSocket: install the package ws, or a Node from 22 on');
    }
  },

  async loadModule(source) {
    if (source instanceof WebAssembly.Module) return source;
    if (source === undefined) return (compiled ??= readFile(new URL('./opstream.wasm', import.meta.url)).then((bytes) => WebAssembly.compile(bytes)));
    if (typeof source === 'string' || source instanceof URL) {
      const url = new URL(source, import.meta.url);
      if (url.protocol === 'file:') return WebAssembly.compile(await readFile(url));
      return WebAssembly.compileStreaming(fetch(url));
    }
    return ArrayBuffer.isView(source) || source instanceof ArrayBuffer ? WebAssembly.compile(source) : WebAssembly.compileStreaming(source);
  },
};
