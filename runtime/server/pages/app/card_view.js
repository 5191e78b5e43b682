/** One card on the screen: its title, who is at it, its grip and its menu. */
import { h, icon, icons, newId, say } from './dom.js';
import { openDialog } from './dialog.js';
import { columns } from './cards.js';
import { paint } from './me.js';
import { colourField } from './profile.js';

export class CardView {
  #title = h('button', { class: 'title', type: 'button', tabindex: '-1', onclick: () => this.edit() });
  #people = h('p', { class: 'at' });
  #field; // while the title is being written
  #moving = false;
  #actions;
  #card;

  /** @param actions { rename(title), menu(), hint } `hint`: id of the text that says what the keys do */
  constructor(id, actions) {
    this.id = id;
    this.#actions = actions;
    this.element = h('li', { class: 'card', 'data-card': id, tabindex: '0', 'aria-describedby': actions.hint, 'aria-keyshortcuts': 'Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown Enter Delete' },
      h('span', { class: 'grip', 'aria-hidden': 'true' }, icon(icons.grip)), this.#title,
      h('button', { class: 'tool', type: 'button', onclick: () => actions.menu() }, icon(icons.more), h('span', { class: 'visually-hidden' }, 'Move, colour, delete')),
      this.#people);
  }

  focus() { this.element.focus(); }

  show(card) {
    this.#card = card;
    say(this.#title, card.title === '' ? 'Untitled' : card.title);
    this.#title.classList.toggle('soft', card.title === '');
    if (this.#field !== undefined && this.#field.value !== card.title) this.#take(card.title);
    this.element.classList.toggle('coloured', /^#[0-9a-f]{6}$/i.test(card.color));
    if (this.element.classList.contains('coloured')) paint(this.element, card.color);
  }

  /** Somebody else wrote the title, too: theirs is the later one. The caret stays where it was, as far as that goes. */
  #take(title) {
    const { selectionStart, selectionEnd } = this.#field;
    this.#field.value = title;
    this.#field.setSelectionRange(selectionStart, selectionEnd);
    this.#fit();
  }

  showPeople(people) {
    this.element.classList.toggle('theirs', people.length > 0);
    if (people.length > 0) this.element.style.setProperty('--theirs', people[0].color);
    this.#people.replaceChildren(...people.map((person) => {
      const name = h('span', {}, person.name);
      paint(name, person.color);
      return name;
    }));
  }

  /** The title becomes a field; every key is written at once. Enter and Esc end it, then `onend` is called with the title. */
  edit(onend = () => {}) {
    if (this.#field !== undefined) return this.#field.focus();
    this.#field = h('textarea', { class: 'title', rows: '1', 'aria-label': 'Title', maxlength: '500', placeholder: 'What is to be done?',
      oninput: () => {
        this.#fit();
        this.#actions.rename(this.#field.value.toWellFormed?.() ?? this.#field.value);
      },
      onkeydown: (event) => {
        if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape') || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        this.element.focus(); // and the field is left
      },
      onblur: () => { if (!this.#moving) this.#end(onend); } });
    this.#field.value = this.#card.title;
    this.#title.replaceWith(this.#field);
    this.#fit();
    this.#field.focus();
    this.#field.select();
  }

  #fit() {
    this.#field.style.setProperty('height', 'auto');
    this.#field.style.setProperty('height', `${this.#field.scrollHeight}px`);
  }

  /** An element that goes elsewhere in the page loses the focus; who writes the title while somebody moves the card writes on. */
  moved(move) {
    const field = document.activeElement === this.#field ? this.#field : undefined;
    const { selectionStart, selectionEnd } = field ?? {};
    this.#moving = true;
    move();
    this.#moving = false;
    if (field === undefined) return;
    field.focus({ preventScroll: true });
    field.setSelectionRange(selectionStart, selectionEnd);
  }

  #end(onend) {
    const field = this.#field;
    if (field === undefined) return;
    this.#field = undefined;
    field.replaceWith(this.#title);
    onend(field.value);
  }

  /** @param actions { edit(), move(column), step(down), paint(color), remove() } */
  openMenu({ column, index, board, card }, actions) {
    const id = newId('move');
    const select = h('select', { id, onchange: () => actions.move(select.value) },
      ...columns.map(([value, title]) => h('option', { value, selected: value === column }, title)));
    const close = (then) => () => { dialog.close(); then(); };
    const dialog = openDialog(card.title === '' ? 'Untitled' : card.title, h('form', { method: 'dialog', class: 'stack' },
      h('label', { for: id }, 'Column'), select,
      h('div', { class: 'row' },
        h('button', { class: 'button', type: 'button', disabled: index === 0, onclick: close(() => actions.step(-1)) }, 'Up'),
        h('button', { class: 'button', type: 'button', disabled: index === board[column].length - 1, onclick: close(() => actions.step(1)) }, 'Down'),
        h('button', { class: 'button', type: 'button', onclick: close(actions.edit) }, 'Rename')),
      colourField(card.color, actions.paint, [['No colour', '']]),
      h('div', { class: 'row end' },
        h('button', { class: 'button danger', type: 'button', onclick: close(actions.remove) }, 'Delete'),
        h('button', { class: 'button primary' }, 'Done'))));
  }
}
