/**
 * A text document in CodeMirror.
 *
 * Happy path: 1. what is typed is a transaction; its changes go to the document, then to the screen; 2. what others did comes as patches
 * and goes to the screen as a transaction marked `remote`, which does not go back; 3. undo is the document's, and comes as patches too.
 *
 * What can go wrong:
 *   the document does not take an edit   the editor does not make it either, and the person is told
 *   editor and document differ           must not happen; looked for when nobody types, logged, and mended from the document
 *
 * Lines end in "\n" alone: CodeMirror would otherwise count a "\r\n" of somebody else's as one unit where the document counts two.
 */
import { Annotation, ChangeSet, EditorState, Text } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { textKeys, undoKeys } from './keys.js';
import { peers, setPeers } from './peers.js';
import { specialCharacters } from './special_characters.js';
import { typedOver } from './typed_over.js';
import { wholeCharacters } from './whole_characters.js';

const remote = Annotation.define();
const isLocal = (transaction) => !transaction.annotation(remote);
const linesOf = (text) => Text.of(text.split('\n'));
const COMPOSED_MS = 60; // then CodeMirror has read what was composed
const HELD_MOST_MS = 5000; // then what others typed is shown all the same
const IDLE_MS = 1000, PART_UNITS = 100_000;

export class TextEditor {
  #doc;
  #view;
  #composedFrom = 0; // where the word begins that an input method is at
  #waiting = null; // what the patches of this turn make together: { changes, caret }
  #sending = false;
  #check;
  #off;
  #onTrouble;

  /**
   * @param host an element; the editor lives in its shadow root, where CodeMirror needs no <style> element (the page's policy has none)
   * @param onSelection called when this person's caret may be somewhere else; `own`: because of this person
   * @param onTrouble called with a sentence for the person
   */
  constructor({ host, doc, label, onSelection, onTrouble }) {
    this.#doc = doc;
    this.#onTrouble = onTrouble;
    const root = host.attachShadow({ mode: 'open', delegatesFocus: true });
    this.#view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: linesOf(doc.text),
        extensions: [
          EditorState.lineSeparator.of('\n'),
          wholeCharacters(isLocal),
          keymap.of([...undoKeys(doc), ...textKeys]),
          EditorView.domEventHandlers({
            beforeinput: (event) => this.#history(event),
            compositionstart: (_event, view) => { this.#composedFrom = view.state.selection.main.from; },
            compositionend: () => { setTimeout(() => this.#flush(), COMPOSED_MS); },
          }),
          EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, '\n')),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'true', autocorrect: 'on', autocapitalize: 'sentences' }),
          EditorView.updateListener.of((update) => {
            if (update.selectionSet || update.docChanged || update.focusChanged)
              onSelection(update.transactions.every(isLocal));
          }),
          specialCharacters,
          typedOver,
          placeholder('Nothing here yet. Type something.'),
          peers(isLocal),
          look,
        ],
      }),
      dispatchTransactions: (transactions, view) => this.#dispatch(transactions, view),
    });
    this.#off = doc.on('patch', (patch) => this.#patch(patch));
    this.#watchPrograms();
  }

  /** A local edit comes with no patch: whoever makes one in the page's console sees it here all the same. */
  #watchPrograms() {
    const doc = this.#doc, { replace } = doc;
    doc.replace = (position, count, text) => {
      replace.call(doc, position, count, text);
      if (!this.#sending) this.#patch({ position, deleted: count, inserted: String(text) });
    };
  }

  close() {
    this.#off();
    delete this.#doc.replace;
    clearTimeout(this.#check);
    this.#view.destroy();
  }

  /** Where this person's caret is. */
  get cursor() {
    const { anchor, head } = this.#view.state.selection.main;
    return { anchor, head };
  }

  get hasFocus() { return this.#view.hasFocus; }
  focus() { this.#view.focus(); }

  showPeers(list) {
    this.#view.dispatch({ effects: setPeers.of(list), annotations: remote.of(true) });
  }

  /** An edit that the document does not take is not made in the editor either, and neither is what was to follow it. */
  #dispatch(transactions, view) {
    let accepted = transactions;
    for (const [index, transaction] of transactions.entries()) {
      if (!transaction.docChanged || !isLocal(transaction)) continue;
      try {
        this.#send(transaction.changes);
      } catch (error) {
        accepted = transactions.slice(0, index);
        this.#restore(transaction.startState.doc.toString());
        this.#onTrouble(error instanceof RangeError ? 'This edit is too large: the document, or what waits to be sent, has reached its limit.' : error.message);
        break;
      }
    }
    view.update(accepted);
    if (accepted !== transactions && view.state.doc.length !== this.#doc.length) this.#reload();
    if (transactions.some((transaction) => transaction.docChanged)) this.#checkLater();
  }

  /** Part of a large edit was taken: the document gets what it had before. */
  #restore(text) {
    const { from, to, insert } = difference(this.#doc.text, text);
    if (from === to && insert === '') return;
    this.#sending = true;
    try {
      this.#doc.replace(from, to - from, insert);
    } catch (error) {
      console.warn(error); // then the editor shows what the document has
    } finally {
      this.#sending = false;
    }
  }

  /** The changes are in the order of the text: each is applied to what those before it left. */
  #send(changes) {
    if (this.#waiting !== null) { // the document is ahead of the editor by what waits
      const mine = changes.map(this.#waiting.changes, true);
      this.#waiting.changes = this.#waiting.changes.map(changes);
      changes = mine;
    }
    this.#sending = true;
    try {
      changes.iterChanges((from, to, fromAfter, _toAfter, inserted) => {
        let deleted = to - from, at = fromAfter;
        for (const part of parts(inserted.toString())) {
          this.#doc.replace(at, deleted, part);
          at += part.length;
          deleted = 0;
        }
      });
    } finally {
      this.#sending = false;
    }
  }

  /** Undo from a menu, a gesture or a phone's keyboard is the document's undo, too. */
  #history(event) {
    const undo = event.inputType === 'historyUndo';
    if (!undo && event.inputType !== 'historyRedo') return false;
    event.preventDefault();
    if (undo) this.#doc.undo();
    else this.#doc.redo();
    return true;
  }

  // ---- from the document ---------------------------------------------------------------------------------------------------

  /** Patches of one turn become one transaction: a catch-up of a thousand steps is drawn once. */
  #patch({ position, deleted, inserted, origin }) {
    if (this.#waiting === null) {
      this.#waiting = { changes: ChangeSet.empty(this.#view.state.doc.length), caret: undefined, since: performance.now() };
      queueMicrotask(() => this.#flush());
    }
    const { changes } = this.#waiting;
    if (position + deleted > changes.newLength) { // the two differ: mended below
      console.warn('OpStream: a patch reaches past the end of the editor');
      this.#waiting.differs = true;
      return;
    }
    const step = ChangeSet.of({ from: position, to: position + deleted, insert: linesOf(inserted) }, changes.newLength);
    this.#waiting.changes = changes.compose(step);
    if (origin === 'undo') this.#waiting.caret = position + inserted.length;
  }

  /** What others type at a word that is being composed waits for it: CodeMirror would draw it anew, and the input method begin again. */
  #holds() {
    const { head } = this.#view.state.selection.main;
    return this.#view.composing && this.#waiting.changes.touchesRange(Math.min(this.#composedFrom, head), head) !== false;
  }

  #flush() {
    if (this.#waiting === null) return;
    if (this.#holds() && performance.now() - this.#waiting.since < HELD_MOST_MS) return this.#checkLater();
    const { changes, caret, differs } = this.#waiting;
    this.#waiting = null;
    this.#composedFrom = changes.mapPos(Math.min(this.#composedFrom, changes.length));
    this.#view.dispatch({
      changes,
      selection: caret === undefined ? undefined : { anchor: Math.min(caret, changes.newLength) },
      scrollIntoView: caret !== undefined,
      annotations: remote.of(true),
    });
    if (differs || this.#view.state.doc.length !== this.#doc.length) this.#differ();
  }

  // ---- do the two agree? ---------------------------------------------------------------------------------------------------

  #checkLater() {
    clearTimeout(this.#check);
    this.#check = setTimeout(() => {
      this.#flush();
      if (this.#waiting !== null) return this.#checkLater();
      if (this.#view.state.doc.length !== this.#doc.length || this.#view.state.doc.toString() !== this.#doc.text) this.#differ();
    }, IDLE_MS);
  }

  #differ() {
    console.error('OpStream: the editor shows another text than the document has; it is loaded from the document');
    this.#reload();
  }

  /** Only what differs is replaced: carets before and behind it stay where they are. */
  #reload() {
    this.#waiting = null;
    const { from, to, insert } = difference(this.#view.state.doc.toString(), this.#doc.text);
    this.#view.dispatch({ changes: { from, to, insert: linesOf(insert) }, annotations: remote.of(true) });
  }
}

/** The one replacement that makes `after` of `before`; it keeps pairs of surrogates whole. */
function difference(before, after) {
  const most = Math.min(before.length, after.length), middle = /[\udc00-\udfff]/;
  let start = 0, end = 0;
  while (start < most && before[start] === after[start]) start++;
  if (start > 0 && (middle.test(before[start] ?? '') || middle.test(after[start] ?? ''))) start--;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  if (end > 0 && middle.test(before[before.length - end])) end--;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

/** A book that is pasted is several edits: one op has a limit of 1 MiB. */
function parts(text) {
  const list = [];
  let start = 0;
  do {
    let end = Math.min(start + PART_UNITS, text.length);
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1])) end--;
    list.push(text.slice(start, end));
    start = end;
  } while (start < text.length);
  return list;
}

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' }, // the paper around it shows the focus
  '.cm-scroller': { fontFamily: 'var(--text)', fontSize: 'var(--text-size)', lineHeight: '1.7' },
  '.cm-content': { padding: '28px 0 96px', caretColor: 'var(--mark)' },
  '.cm-line': { padding: '0 var(--paper-side)' },
  '.cm-content ::selection, .cm-line::selection': { backgroundColor: 'var(--selected)' },
  '.cm-placeholder': { color: 'var(--soft)' },
});
