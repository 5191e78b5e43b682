/**
 * Characters without a shape are shown as a dot, so that nobody wonders what Backspace took.
 *
 * CodeMirror's highlightSpecialChars would do, but keeps what it once found outside the lines in view, and falls over it when others
 * delete there (found by the soak). Here what is in view is looked through anew with every change.
 */
import { Decoration, EditorView, MatchDecorator, ViewPlugin, WidgetType } from '@codemirror/view';

class Dot extends WidgetType {
  constructor(code) {
    super();
    this.code = code;
  }

  eq(other) { return other.code === this.code; }

  toDOM() {
    const dot = document.createElement('span'), name = `Character U+${this.code.toString(16).toUpperCase().padStart(4, '0')}`;
    dot.className = 'cm-special';
    dot.textContent = '\u2022';
    dot.title = name;
    dot.setAttribute('role', 'img');
    dot.setAttribute('aria-label', name);
    return dot;
  }

  ignoreEvent() { return false; }
}

const finder = new MatchDecorator({
  regexp: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202d\u202e\u2066\u2067\u2069\ufeff\ufff9-\ufffc]/gu,
  decoration: ([character]) => Decoration.replace({ widget: new Dot(character.codePointAt(0)) }),
});

export const specialCharacters = [
  ViewPlugin.fromClass(class {
    constructor(view) { this.decorations = finder.createDeco(view); }
    update({ docChanged, viewportChanged, view }) {
      if (docChanged || viewportChanged) this.decorations = finder.createDeco(view);
    }
  }, { decorations: (plugin) => plugin.decorations }),
  EditorView.theme({ '.cm-special': { color: 'var(--bad)' } }),
];
