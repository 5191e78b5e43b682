// A stream of server-sent events: what a SignalR client of that transport receives. It sends by POSTs of its own, which are `http` steps.

import net from 'node:net';
import { Inbox, httpHead, nextChunk, parseHead, recordsOf, textOf } from './wire.mjs';

const END = '\r\n\r\n'; // of an event
const EVENT = /^((?::[^\r\n]*\r\n)*)data: ([^\r\n]*)$/; // comments, then one line of data: what the released server writes

// What one event says, as the recordings show it: an event for each record, comments in front of the first, no pings.
export function eventsOf(event)
{
    const m = EVENT.exec(event);
    if (!m) return [event + END];
    return recordsOf(m[2]).map((record, i) => `${i === 0 ? m[1] : ''}data: ${record}${END}`);
}

export class EventStream extends Inbox
{
    constructor(name)
    {
        super(name);
        this.bytes = Buffer.alloc(0);
        this.event = Buffer.alloc(0);
        this.over = false;
    }

    // Asks for the stream; resolves to the response's head. Only a status of 200 has one.
    open(where, path, headers, timeout)
    {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`no answer to GET ${path} within ${timeout} ms`)), timeout);
            let head = null;
            this.socket = net.connect({ port: where.port, host: where.host, noDelay: true });
            this.socket.on('connect', () => this.socket.write(httpHead('GET', path, [['Accept', 'text/event-stream'], ...headers], where)));
            this.socket.on('data', (b) => {
                this.bytes = Buffer.concat([this.bytes, b]);
                try {
                    if (!head) {
                        head = parseHead(this.bytes);
                        if (!head) return;
                        clearTimeout(timer);
                        this.bytes = head.rest;
                        resolve(head);
                    }
                    if (head.status === 200) this.#read();
                } catch (e) {
                    clearTimeout(timer);
                    reject(e);
                    this.#end(e.message);
                }
            });
            const end = (text) => {
                clearTimeout(timer);
                reject(new Error(`GET ${path}: ${text}`));
                this.#end('the connection ended inside the stream');
            };
            this.socket.on('close', () => end('the connection ended'));
            this.socket.on('error', (e) => end(e.message));
        });
    }

    #read()
    {
        for (let chunk = nextChunk(this.bytes); chunk && !this.over; chunk = nextChunk(this.bytes)) {
            this.bytes = chunk.rest;
            this.event = Buffer.concat([this.event, chunk.data]);
            for (let at = this.event.indexOf(END); at >= 0; at = this.event.indexOf(END)) {
                const text = textOf(this.event.subarray(0, at));
                this.event = this.event.subarray(at + END.length);
                if (text === null) this.put({ fault: 'an event that is not UTF-8' });
                else for (const event of eventsOf(text)) this.put({ text: event });
            }
            if (chunk.data.length === 0) this.#end(this.event.length > 0 ? `an event without its end: ${this.event}` : null);
        }
    }

    // After its last chunk a stream is over, whatever the connection does; without one something is missing.
    #end(fault)
    {
        if (this.over) return;
        this.over = true;
        if (fault !== null && !this.ended) this.put({ fault });
        this.ended = true;
        this.put({ eof: true });
    }

    send() { throw new Error('a peer on server-sent events sends by POST'); }
    close() { this.send(); }

    // Nothing goes round here; what is on its way has the settling time to come.
    barrier() { return Promise.resolve(true); }
}
