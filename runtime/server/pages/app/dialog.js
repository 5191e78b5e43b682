/** A modal dialog of the platform's: it keeps the focus inside, Esc closes it, and the focus goes back to where it was. */
import { h, icon, icons, newId } from './dom.js';

/** @returns { dialog, close }; the dialog goes when it is closed, whichever way. */
export function openDialog(title, ...content) {
  const id = newId('dialog');
  const back = document.activeElement;
  const dialog = h('dialog', { 'aria-labelledby': id },
    h('header', {}, h('h2', { id }, title),
      h('button', { class: 'tool', type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, icon(icons.close))),
    ...content);
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); }); // on the backdrop
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (back?.isConnected) back.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
