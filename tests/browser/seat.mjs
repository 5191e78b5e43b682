// One person's place in a page: what is shown, what is known, and the keyboard.

import { randomFrom, sleep } from '../live/lines.mjs';

const LIMIT = 30000;

export class Seat
{
    constructor(page, index)
    {
        this.page = page;
        this.index = index;
        this.element = page.locator('.seat').nth(index);
        this.content = this.element.locator('.cm-content');
        this.typed = ''; // by keys, in order
    }

    attribute(name) { return this.element.getAttribute(`data-${name}`, { timeout: LIMIT }); }
    status() { return this.attribute('status'); }
    async pending() { return Number(await this.attribute('pending')); }

    // Until the seat is what `condition` says: {status, pending}, as the page shows them.
    until(what, condition, ...values)
    {
        return this.page.waitForFunction(([index, source, ...rest]) => {
            const seat = document.querySelectorAll('.seat')[index];
            // The condition travels as text; a page's policy forbids eval, so it is one of a few.
            const doc = globalThis.opstream?.seats[index]?.doc;
            const is = { status: (s) => doc && seat.dataset.status === s, pending: (least) => Number(seat?.dataset.pending) >= least,
                quiet: () => doc?.status === 'joined' && seat.dataset.status === 'online' && seat.dataset.pending === '0',
                text: (part) => doc?.text?.includes(part),
                holds: (typed) => [...doc?.text ?? ''].filter((c) => typed.includes(c)).join('') === typed };
            return is[source](...rest);
        }, [this.index, condition, ...values], { timeout: LIMIT, polling: 20 }).catch(async (e) => {
            throw new Error(`seat ${this.index} is never ${what}; it is ${await this.status().catch(() => '?')}, pending ${
                await this.pending().catch(() => '?')}: ${e.message.split('\n')[0]}`);
        });
    }

    online() { return this.until('online', 'status', 'online'); }
    offline() { return this.until('offline', 'status', 'offline'); }
    quiet() { return this.until('online with nothing pending', 'quiet'); }
    shows(part) { return this.until(`showing ${JSON.stringify(part)}`, 'text', part); }

    // What was typed and nobody else's characters are among, in the order typed.
    holds(typed) { return this.until(`holding ${JSON.stringify(typed)}`, 'holds', typed); }

    // The document as the client has it.
    text() { return this.page.evaluate((i) => globalThis.opstream.seats[i].doc.text, this.index); }

    // The document as the editor has it: what CodeMirror keeps behind its element. (Its lines on the screen are those in view only.)
    shown() { return this.content.evaluate((content) => content.cmTile.view.state.doc.toString()); }

    // What is drawn where the document says otherwise, of the lines that are in view: null when there is none. A dot stands for what has no shape.
    drawn()
    {
        return this.content.evaluate((content) => {
            const { view } = content.cmTile, special = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202d\u202e\u2066\u2067\u2069\ufeff\ufff9-\ufffc]/g;
            const plain = (text) => text.replace(special, '\u2022');
            const is = view.state.sliceDoc(view.viewport.from, view.viewport.to).split('\n');
            const drawn = [...content.querySelectorAll('.cm-line')].map((line) => (line.querySelector('.cm-placeholder') ? '' : line.textContent));
            if (drawn.length !== is.length) return `${is.length} lines are in view, ${drawn.length} are drawn`;
            const at = is.findIndex((text, i) => plain(text) !== plain(drawn[i]));
            return at < 0 ? null : `line ${at} in view is ${JSON.stringify(is[at])}, drawn is ${JSON.stringify(drawn[at])}`;
        });
    }

    saved() { return this.page.evaluate((i) => globalThis.opstream.seats[i].client.saved(), this.index); }

    async focus(key = 'Control+End')
    {
        await this.content.focus({ timeout: LIMIT });
        if (key) await this.page.keyboard.press(key);
    }

    async type(text, delay = 0)
    {
        for (const character of text) {
            await this.page.keyboard.press(character === ' ' ? 'Space' : character === '\n' ? 'Enter' : character);
            this.typed += character;
            if (delay > 0) await sleep(delay);
        }
    }

    // What an input method does: `texts` stand there one after the other, unfinished, and `end` stays. `meanwhile` is called in between.
    async compose(texts, end, meanwhile = async () => {})
    {
        this.input ??= await this.page.context().newCDPSession(this.page);
        for (const text of texts) {
            await this.input.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
            await meanwhile(text);
        }
        await this.input.send('Input.insertText', { text: end });
    }

    // Types the alphabet over and over for as long as `going()` says; the place is where the caret was left.
    async keepTyping(alphabet, going, seed, pause = 25)
    {
        const random = randomFrom(seed);
        for (let i = 0; going(); i++) {
            await this.type(alphabet[i % alphabet.length]);
            await sleep(random.below(2 * pause));
        }
    }
}
