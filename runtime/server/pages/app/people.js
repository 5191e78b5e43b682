/** Who is here: this person first (a button: change name and colour), then the others in the order they came. */
import { h, plural } from './dom.js';
import { initials, paint } from './me.js';

const SHOWN = 6;

export class People {
  element = h('ul', { class: 'people', 'aria-label': 'Who is here' });
  #onSelf;

  constructor(onSelf) {
    this.#onSelf = onSelf;
  }

  /** @param others { id, name, color }[] */
  show(me, others) {
    const more = others.length > SHOWN ? others.length - SHOWN + 1 : 0;
    const shown = others.slice(0, others.length - more);
    const hadFocus = this.element.contains(document.activeElement);
    const self = h('button', { class: 'me', type: 'button', onclick: this.#onSelf, title: 'Change your name and colour' },
      face(me), h('span', { class: 'name' }, me.name), h('span', { class: 'soft' }, 'you'));
    this.element.replaceChildren(h('li', {}, self),
      ...shown.map((person) => h('li', { class: 'other', title: person.name }, face(person), h('span', { class: 'name' }, person.name))),
      ...more > 0 ? [h('li', { class: 'more soft' }, `and ${plural(more, 'other')}`)] : []);
    if (hadFocus) self.focus();
  }
}

export function face({ name, color }) {
  const element = h('span', { class: 'face', 'aria-hidden': 'true' }, initials(name));
  paint(element, color);
  return element;
}
