/** What Node has beyond `opstream`. */
export * from './opstream.js';
import type { ClientStorage } from './opstream.js';

/** A folder, made when it is missing: a file for each client. What `save` has written survives a power cut. */
export function fileStorage(folder: string): ClientStorage;
