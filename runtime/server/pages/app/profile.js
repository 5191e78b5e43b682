/** Asks a person for a name and a colour. */
import { h, newId } from './dom.js';
import { openDialog } from './dialog.js';
import { colours, paint, randomName, tidyName } from './me.js';

/** @returns { name, color }, or undefined when nothing was chosen */
export function askWho(me) {
  return new Promise((resolve) => {
    let chosen;
    const id = newId('name');
    const name = h('input', { id, name: 'name', maxlength: '32', autocomplete: 'nickname', value: me.name, required: true });
    const form = h('form', { method: 'dialog', class: 'stack', onsubmit: () => {
      const color = new FormData(form).get('color');
      const typed = tidyName(name.value);
      chosen = { name: typed === '' ? me.name : typed, color: String(color) };
    } },
    h('label', { for: id }, 'Name'),
    h('div', { class: 'row' }, name, h('button', { class: 'button', type: 'button', onclick: () => { name.value = randomName(); } }, 'Another')),
    colourField(me.color),
    h('div', { class: 'row end' }, h('button', { class: 'button primary', type: 'submit' }, 'Save')));
    openDialog('You', form).addEventListener('close', () => resolve(chosen));
    name.select();
  });
}

/** A radio button a colour. */
export function colourField(chosen, onchange, others = []) {
  return h('fieldset', { class: 'colours' }, h('legend', {}, 'Colour'), ...[...others, ...colours].map(([label, color]) => {
    const input = h('input', { type: 'radio', name: 'color', value: color, checked: color === chosen, onchange: () => onchange?.(color), 'aria-label': label });
    const swatch = h('label', { class: color === '' ? 'swatch none' : 'swatch', title: label }, input, h('span', {}));
    if (color !== '') paint(swatch, color);
    return swatch;
  }));
}
