// One client in an instance of opstream.wasm that is told what a native one was told, and writes down what comes out, as taped.c does.

import { Writer } from './tape.mjs';

const ABSENT = -1, WHOLE = 0xffffffff;

export class Replayed
{
    #e;             // the module's exports
    #bytes = new Uint8Array(0);
    #outputAt;
    #client = 0;
    #out = new Writer();
    #told = [];     // [where, document]: events whose document has no number yet
    #random;        // what the native client drew in this call
    #drawn;
    #texts;         // by number: is it a text?
    #cursors;
    #shown;
    #call;
    #o;             // the numbers of the names of what comes out

    constructor(module, outs)
    {
        this.#o = Object.fromEntries(outs.map((name, number) => [name, number]));
        this.#e = new WebAssembly.Instance(module, { opstream: this.#imports() }).exports;
        this.#e._initialize();
        this.#outputAt = this.#e.output();
    }

    get memoryBytes() { return this.#e.memory.buffer.byteLength; }

    // Does the call; what came out, borrowed until the next.
    play(call, args)
    {
        this.#random = args.pop();
        this.#drawn = 0;
        this.#out.length = 0;
        this.#told.length = 0;
        this.#call = call;
        this[call](...args);
        for (const [at, doc] of this.#told) this.#out.set(at, this.#number(doc));
        if (this.#client !== 0) this.#show();
        return this.#out.from(0);
    }

    get undrawn() { return this.#random.length - this.#drawn; }

    // ---- events: noted, nothing else; the module is at work ---------------------------------------------------------------------

    #imports()
    {
        const { name, number, string } = this.#put(), o = this.#o, text = (at, bytes) => this.#text(at, bytes);
        const tell = (what, doc) => {
            name(what);
            this.#told.push([number(-1), doc]);
        };
        return {
            random: (at, bytes) => {
                this.#memory().set(this.#random.subarray(this.#drawn, this.#drawn + bytes), at); // fewer than asked for: a difference, found below
                this.#drawn += bytes;
                name(o.random);
                number(bytes);
            },
            patch: (doc, position, deleted, at, bytes, revision, origin) => {
                tell(o.patch, doc);
                number(position);
                number(deleted);
                string(text(at, bytes));
                number(revision);
                number(origin);
            },
            changed: (doc, at, bytes, origin) => {
                tell(o.changed, doc);
                string(text(at, bytes));
                number(origin);
            },
            status: (doc, status) => {
                tell(o.status, doc);
                number(status);
            },
            refused: (doc, codeAt, codeBytes, at, bytes, opAt, opBytes) => {
                tell(o.refused, doc);
                string(text(codeAt, codeBytes));
                string(text(at, bytes));
                string(text(opAt, opBytes));
            },
            peer: (doc, change, at, bytes, dataAt, dataBytes) => {
                tell(o.peer, doc);
                number(change);
                string(text(at, bytes));
                string(text(dataAt, dataBytes));
            },
            trouble: (at, bytes) => {
                name(o.trouble);
                string(text(at, bytes));
            },
        };
    }

    #put()
    {
        const out = this.#out;
        return { name: (n) => out.name(n), number: (n) => out.number(n), string: (s) => out.string(s) };
    }

    // ---- strings -----------------------------------------------------------------------------------------------------------------

    #memory()
    {
        if (this.#bytes.buffer !== this.#e.memory.buffer) this.#bytes = new Uint8Array(this.#e.memory.buffer);
        return this.#bytes;
    }

    #text(at, bytes) { return at === 0 ? undefined : this.#memory().subarray(at, at + bytes); }

    #output()
    {
        const memory = this.#memory(), words = new DataView(memory.buffer, this.#outputAt, 8);
        return this.#text(words.getUint32(0, true), words.getUint32(4, true));
    }

    #outputWord() { return new DataView(this.#memory().buffer, this.#outputAt, 8).getUint32(4, true); }

    #give(...strings)
    {
        let at = this.#e.input(strings.reduce((n, s) => n + (s?.length ?? 0), 0));
        const memory = this.#memory();
        return strings.map((s) => {
            if (s === undefined) return ABSENT;
            memory.set(s, at);
            at += s.length;
            return s.length;
        });
    }

    #result(value)
    {
        this.#out.name(this.#o.result);
        this.#out.number(value);
    }

    #bytesOut(bytes)
    {
        this.#out.name(this.#o.bytes);
        this.#out.string(bytes);
    }

    // ---- documents are numbered in the order they were opened ----------------------------------------------------------------------

    #number(doc)
    {
        for (let at = 0, number = 0; doc !== 0 && (at = this.#e.client_next(this.#client, at)) !== 0; number++) if (at === doc) return number;
        return -1;
    }

    #doc(number)
    {
        let doc = this.#e.client_next(this.#client, 0);
        while (number-- > 0) doc = this.#e.client_next(this.#client, doc);
        return doc;
    }

    // ---- what it shows, where that is not what it showed before -----------------------------------------------------------------------

    #show()
    {
        const e = this.#e, client = this.#client, { name, number, string } = this.#put();
        this.#news(0, () => {
            name(this.#o.client);
            number(e.client_state(client));
            number(e.client_deadline_ms(client));
            number(e.client_retry_at_ms(client));
            e.client_peer_id(client);
            string(this.#output());
            e.client_server(client);
            string(this.#output());
        });
        for (let doc = 0, i = 0; (doc = e.client_next(client, doc)) !== 0; i++) {
            this.#news(i + 1, () => {
                name(this.#o.document);
                e.doc_id(doc);
                string(this.#output());
                e.doc_type(doc);
                this.#texts[i] ??= Buffer.from(this.#output()).equals(Buffer.from('text'));
                string(this.#output());
                number(e.doc_status(doc));
                number(e.doc_revision(doc));
                number(e.doc_pending(doc));
                number(e.doc_undoable(doc));
                number(e.doc_redoable(doc));
                if (!this.#texts[i]) return;
                number(e.text_length(doc));
                number(e.cursor_anchor(doc, this.#cursors[i] ?? 0));
                number(e.cursor_head(doc, this.#cursors[i] ?? 0));
            });
        }
    }

    #news(place, write)
    {
        const from = this.#out.length;
        write();
        const now = this.#out.from(from);
        if (this.#shown[place]?.equals(now)) this.#out.length = from;
        else this.#shown[place] = Buffer.from(now);
    }

    // ---- the calls, as tape.c makes them -----------------------------------------------------------------------------------------------

    client_open(author)
    {
        this.#client = this.#e.client_open(...this.#give(author), 0);
        [this.#texts, this.#cursors, this.#shown] = [[], [], []];
        this.#result(this.#client !== 0 ? 1 : 0);
    }

    client_close()
    {
        this.#e.client_close(this.#client);
        this.#client = 0;
    }

    client_tick(monotonic, wall) { this.#e.client_tick(this.#client, monotonic, wall); }
    client_retry_now() { this.#e.client_retry_now(this.#client); }
    client_connected() { this.#e.client_connected(this.#client); }
    client_received(message) { this.#e.client_received(this.#client, ...this.#give(message)); }
    client_disconnected(code) { this.#e.client_disconnected(this.#client, code); }

    client_outgoing()
    {
        const there = this.#e.client_outgoing(this.#client);
        this.#result(there);
        this.#bytesOut(there ? this.#output() : undefined);
    }

    client_join(id, type)
    {
        const doc = this.#e.client_join(this.#client, ...this.#give(id, type));
        this.#result(doc !== 0 ? 0 : this.#outputWord());
    }

    client_leave(number) { this.#e.client_leave(this.#client, this.#doc(number)); }

    client_load(saved) { this.#result(this.#e.client_load(this.#client, ...this.#give(saved))); }

    #read(err)
    {
        this.#result(err);
        this.#bytesOut(err === 0 ? this.#output() ?? new Uint8Array(0) : undefined);
    }

    client_save() { this.#read(this.#e.client_save(this.#client)); }
    doc_snapshot(number) { this.#read(this.#e.doc_snapshot(this.#doc(number))); }
    json_list(number) { this.#read(this.#e.json_list(this.#doc(number))); }
    text_range(number, from, count) { this.#read(this.#e.text_range(this.#doc(number), from, count === WHOLE ? -1 : count)); }

    // The module has one call for all three.
    text_replace(number, at, count, text) { this.#result(this.#e.text_replace(this.#doc(number), at, count, ...this.#give(text))); }
    text_insert(number, at, text) { this.text_replace(number, at, 0, text); }
    text_delete(number, at, count) { this.text_replace(number, at, count, new Uint8Array(0)); }

    json_set(number, path, value) { this.#result(this.#e.json_set(this.#doc(number), ...this.#give(path, value))); }
    json_del(number, path) { this.json_set(number, path, undefined); }

    doc_undo(number) { this.#result(this.#e.doc_undo(this.#doc(number))); }
    doc_redo(number) { this.#result(this.#e.doc_redo(this.#doc(number))); }
    doc_undo_stop(number) { this.#e.doc_undo_stop(this.#doc(number)); }
    awareness_set(number, data) { this.#result(this.#e.awareness_set(this.#doc(number), ...this.#give(data))); }

    cursor_open(number, own, anchor, head)
    {
        const cursor = this.#e.cursor_open(this.#doc(number), own, anchor, head);
        this.#cursors[number] = Math.max(0, cursor);
        this.#result(cursor);
    }

    cursor_set(number, cursor, anchor, head) { this.#e.cursor_set(this.#doc(number), cursor, anchor, head); }
    cursor_close(number, cursor) { this.#e.cursor_close(this.#doc(number), cursor); }
}
