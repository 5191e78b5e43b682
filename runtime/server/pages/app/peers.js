/**
 * Carets and selections of the others, with their names.
 *
 * They are drawn in layers of CodeMirror's, over and under the text: the text itself stays as it is, for input methods and screen
 * readers. A place that somebody reported is carried along by every edit until the next report.
 */
import { EditorSelection, StateEffect, StateField } from '@codemirror/state';
import { EditorView, RectangleMarker, layer } from '@codemirror/view';
import { paint } from './me.js';

/** { id, name, color, cursor: { anchor, head } | null }[]: everybody else who is here. */
export const setPeers = StateEffect.define();

/** @param isLocal whether a transaction is an edit of the person here */
export function peers(isLocal) {
  const field = StateField.define({
    create: () => [],
    update(known, transaction) {
      let now = known;
      if (transaction.docChanged) {
        // Somebody types: their caret goes along. I type at somebody's caret: theirs stays before it.
        const side = isLocal(transaction) ? -1 : 1;
        const carry = (place) => transaction.changes.mapPos(place, side);
        now = now.map((peer) => peer.cursor === null ? peer
          : { ...peer, cursor: { anchor: carry(peer.cursor.anchor), head: carry(peer.cursor.head) } });
      }
      for (const effect of transaction.effects) {
        if (!effect.is(setPeers)) continue;
        const inside = (place) => Math.min(place, transaction.newDoc.length);
        const before = new Map(now.map((peer) => [peer.id, peer]));
        now = effect.value.map(({ reported, ...peer }) => {
          const old = before.get(peer.id);
          if (old !== undefined && old.report === reported) return { ...old, ...peer, report: reported };
          const cursor = reported === null ? null : { anchor: inside(reported.anchor), head: inside(reported.head) };
          return { ...peer, report: reported, cursor };
        });
      }
      return now;
    },
  });
  const changed = (update) => update.docChanged || update.startState.field(field) !== update.state.field(field);
  const markers = (make) => (view) => view.state.field(field).filter((peer) => peer.cursor !== null).flatMap((peer) => make(view, peer));
  return [
    field,
    layer({ above: false, class: 'cm-peer-selections', update: changed, markers: markers(selectionOf) }),
    layer({ above: true, class: 'cm-peer-carets', update: changed, markers: markers(caretOf) }),
    look,
  ];
}

function selectionOf(view, { color, cursor }) {
  if (cursor.anchor === cursor.head) return [];
  return RectangleMarker.forRange(view, 'cm-peer-selection', EditorSelection.range(cursor.anchor, cursor.head))
    .map((rectangle) => new Marker(rectangle, { color }));
}

function caretOf(view, { name, color, cursor, report }) {
  return RectangleMarker.forRange(view, 'cm-peer-caret', EditorSelection.cursor(cursor.head, cursor.anchor < cursor.head ? -1 : 1))
    .map((rectangle) => new Marker(rectangle, { name, color, report, leftwards: rectangle.left > view.scrollDOM.clientWidth * 0.6 }));
}

/** A rectangle in somebody's colour; one with a name is a caret. */
class Marker {
  constructor(rectangle, { name, color, report, leftwards = false }) {
    Object.assign(this, { rectangle, name, color, report, leftwards });
  }

  eq(other) {
    return this.rectangle.eq(other.rectangle) && this.name === other.name && this.color === other.color && this.report === other.report
      && this.leftwards === other.leftwards;
  }

  draw() {
    const element = this.rectangle.draw();
    this.#dress(element);
    return element;
  }

  update(element, previous) {
    if (!this.rectangle.update(element, previous.rectangle)) return false;
    this.#dress(element, this.report === previous.report && this.name === previous.name);
    return true;
  }

  /** Whoever moves the caret has its name shown anew (a new element begins the animation again); text that moves it along does not. */
  #dress(element, same = false) {
    paint(element, this.color);
    if (this.name === undefined) return;
    const flag = same ? element.firstElementChild : document.createElement('span');
    flag.className = this.leftwards ? 'cm-peer-flag cm-leftwards' : 'cm-peer-flag';
    flag.textContent = this.name;
    if (!same) element.replaceChildren(flag);
  }
}

const look = EditorView.theme({
  '.cm-peer-selection': { backgroundColor: 'var(--person)', opacity: '0.25' },
  '.cm-peer-carets': { pointerEvents: 'none' },
  '.cm-peer-caret': { borderLeft: '2px solid var(--person)', marginLeft: '-1px', pointerEvents: 'auto' },
  '.cm-peer-caret::before': { content: '""', position: 'absolute', top: '-4px', left: '-4px', width: '6px', height: '6px', borderRadius: '50%', backgroundColor: 'var(--person)' },
  '.cm-peer-flag': {
    position: 'absolute', bottom: '100%', left: '-2px', padding: '0 6px', borderRadius: '4px 4px 4px 0', whiteSpace: 'nowrap',
    font: '600 12px/18px var(--ui)', color: 'var(--on-person)', backgroundColor: 'var(--person)', pointerEvents: 'none',
    animation: 'cm-peer-flag-goes 4s forwards',
  },
  '.cm-leftwards': { left: 'auto', right: '0', borderRadius: '4px 4px 0 4px' },
  '.cm-peer-caret:hover .cm-peer-flag': { animation: 'none' },
  '@keyframes cm-peer-flag-goes': { '0%, 85%': { opacity: 1 }, '100%': { opacity: 0 } },
  '@media (prefers-reduced-motion: reduce)': { '.cm-peer-flag': { animationTimingFunction: 'step-end' } },
});
