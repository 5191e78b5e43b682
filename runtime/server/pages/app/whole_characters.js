/**
 * No half of a surrogate pair leaves the editor: a document of UTF-8 cannot hold one.
 *
 * An edit that begins or ends inside a pair is widened to the whole of it; that happens when the browser replaces one emoji by another
 * that shares its first half. A half that then still has no partner is dropped where it was left over from the document, and becomes
 * U+FFFD where it was typed or pasted.
 */
import { EditorState, Transaction } from '@codemirror/state';

const high = (unit) => unit >= 0xd800 && unit < 0xdc00;
const low = (unit) => unit >= 0xdc00 && unit < 0xe000;
const alone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const unitAt = (text, at) => at < 0 || at >= text.length ? 0 : text.sliceString(at, at + 1).charCodeAt(0);
const insidePair = (text, at) => low(unitAt(text, at)) && high(unitAt(text, at - 1));

/** The edit of `text` that means the same and keeps every pair whole; undefined: this one does. */
export function mended(text, changes) {
  const edits = [];
  let differs = false;
  changes.iterChanges((from, to, _fromAfter, _toAfter, inserted) => {
    let insert = inserted.toString();
    const before = insidePair(text, from) ? text.sliceString(from - 1, from) : '';
    const after = insidePair(text, to) ? text.sliceString(to, to + 1) : '';
    const whole = (before + insert + after).replace(alone, (_half, at) =>
      (before !== '' && at === 0) || (after !== '' && at === before.length + insert.length) ? '' : '\ufffd');
    if (before !== '' || after !== '' || whole !== insert) differs = true;
    edits.push({ from: from - before.length, to: to + after.length, insert: whole });
  });
  return differs ? edits : undefined;
}

/** @param isLocal whether a transaction is an edit of the person here */
export const wholeCharacters = (isLocal) => EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || !isLocal(transaction)) return transaction;
  const edits = mended(transaction.startState.doc, transaction.changes);
  if (edits === undefined) return transaction;
  const changes = transaction.startState.changes(edits);
  return {
    changes,
    selection: { anchor: Math.min(transaction.newSelection.main.head, changes.newLength) },
    effects: transaction.effects,
    userEvent: transaction.annotation(Transaction.userEvent),
    scrollIntoView: transaction.scrollIntoView,
  };
});
