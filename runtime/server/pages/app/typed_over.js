/**
 * What is typed over a selection replaces it here, not in the browser.
 *
 * Left alone, a browser changes the page and CodeMirror reads what it did. Where that joins two lines, the browser keeps their look with
 * style attributes, which the page's policy forbids (it says so on the console each time). An input method's text is left alone: it
 * cannot be taken from it.
 */
import { EditorView } from '@codemirror/view';

export const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const text = event.inputType === 'insertText' ? event.data : event.inputType.startsWith('delete') ? '' : null;
    const { empty } = view.state.selection.main;
    if (text === null || event.isComposing || (empty && !text.includes('\n')) || view.state.readOnly) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(text), { userEvent: text === '' ? 'delete' : 'input.type', scrollIntoView: true });
    return true;
  },
});
