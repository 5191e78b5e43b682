/**
 * Tells the others who this is and where the caret is (or the card): the awareness state { name, color, cursor: { anchor, head } }.
 *
 * A place is of one revision. Others may get it before the op that it is of, or while an op of theirs is on its way here; they carry it
 * along from then on, and may be off by that op. So it is told again once this side is settled: nothing pending, or somebody's edit
 * has moved the caret.
 */
const OWN_MS = 60, PENDING_MS = 400, MOVED_MS = 700;

export class Report {
  #doc;
  #state;
  #timer;
  #due = Infinity;
  #unsettled = false;
  #off;

  /** @param state gives the present state without its revision */
  constructor(doc, state) {
    this.#doc = doc;
    this.#state = state;
    this.#off = doc.on('status', () => {
      if (doc.pending === 0 && (this.#unsettled || this.#due < Infinity)) this.soon();
    });
    this.now();
  }

  close() {
    clearTimeout(this.#timer);
    this.#off();
  }

  /**
   * This person did something; what was typed carries the caret along at the others', so the report may wait for it to be settled.
   *
   * @param own false: somebody else moved the caret, which they know as well
   */
  soon(own = true) {
    const due = Date.now() + (!own ? MOVED_MS : this.#doc.pending > 0 ? PENDING_MS : OWN_MS);
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), due - Date.now());
  }

  now() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    this.#unsettled = this.#doc.pending > 0;
    this.#doc.awareness.local = { ...this.#state(), revision: this.#doc.revision };
  }
}
