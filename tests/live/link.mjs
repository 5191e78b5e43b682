// A WebSocket for the live tests, over the player's own sockets and frames: texts in and out, and the end of the connection.

import { Peer } from '../../conformance/play/wire.mjs';
import { OP } from '../../conformance/play/frames.mjs';

export class Link
{
    // Resolves when upgraded. `onText(text)`, `onEnd(item)` are called in the order of arrival.
    static async open(where, { onText = () => {}, onEnd = () => {}, path = '/collab-ws', timeout = 10000 } = {})
    {
        const link = new Link();
        link.peer = new Peer('link');
        link.ended = false;
        link.onEnd = onEnd;
        link.peer.waiting = () => link.#drain(onText);
        const head = await link.peer.open(where, path, [], timeout);
        if (head.status !== 101) throw new Error(`upgrade answered ${head.status}`);
        return link;
    }

    #drain(onText)
    {
        for (let item = this.peer.queue.shift(); item; item = this.peer.queue.shift()) {
            if (item.text !== undefined) onText(item.text);
            else if (!this.ended && (item.eof || item.close || item.fault)) {
                this.ended = true;
                this.onEnd(item);
            }
        }
    }

    send(text) { this.peer.send(OP.text, [Buffer.from(text, 'utf8')]); }
    close() { this.peer.close(1000); }

    drop()
    {
        this.peer.drop();
        if (this.ended) return;
        this.ended = true;
        this.onEnd({ eof: true });
    }
}
