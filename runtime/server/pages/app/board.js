/**
 * A board of cards that several people move, write on and colour at once.
 *
 * An element stays the same for as long as its card is there: the focus, and a title that is being written, survive what others do.
 */
import { CardView } from './card_view.js';
import { Cards, columns } from './cards.js';
import { h, icon, icons, newId, say } from './dom.js';
import { Drag } from './drag.js';

export class Board {
  card = null; // the one this person is at
  #doc;
  #cards;
  #views = new Map();
  #lists = new Map();
  #counts = new Map();
  #hint = newId('hint');
  #spoken = h('p', { class: 'visually-hidden', role: 'status' });
  #onWork;
  #offs; // listeners to end
  #due = false;

  /** @param onWork called when this person is at another card */
  constructor({ host, doc, onWork }) {
    this.#doc = doc;
    this.#cards = new Cards(doc);
    this.#onWork = onWork;
    host.replaceChildren(h('div', { class: 'columns', onkeydown: (event) => this.#keys(event), onfocusin: (event) => this.#at(event.target),
      onfocusout: (event) => this.#at(event.relatedTarget) },
      ...columns.map(([id, title]) => this.#column(id, title))),
      h('p', { class: 'soft hint', id: this.#hint }, 'Drag a card, or focus it: Enter renames, Alt with an arrow key moves, Delete deletes.'), this.#spoken);
    this.#offs = [doc.on('change', () => this.#later()), doc.on('status', () => this.#later())]; // a program's own write has no `change`
    this.#draw();
  }

  close() { for (const off of this.#offs) off(); }

  focus() { (this.#views.values().next().value ?? this.#lists.get(columns[0][0]).nextElementSibling)?.focus?.(); }

  /** Who is at which card. */
  showPeers(others) {
    for (const view of this.#views.values()) view.showPeople(others.filter(({ card }) => card === view.id));
    this.#others = others;
  }
  #others = [];

  // ---- drawing ---------------------------------------------------------------------------------------------------------------

  #column(id, title) {
    const heading = newId('column'), count = h('span', { class: 'soft count' });
    const list = h('ol', { class: 'cards', 'aria-labelledby': heading, 'data-column': id });
    this.#lists.set(id, list);
    this.#counts.set(id, count);
    return h('section', { class: 'column' }, h('h2', { id: heading }, title, ' ', count), list,
      h('button', { class: 'button add', type: 'button', onclick: () => this.#add(id) }, icon(icons.plus), 'Add a card', h('span', { class: 'visually-hidden' }, ` to ${title}`)));
  }

  /** Once for all that happens in one turn. */
  #later() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    const board = this.#cards.read(), there = new Set(), focused = document.activeElement;
    for (const [column, list] of this.#lists) {
      say(this.#counts.get(column), String(board[column].length));
      let place = list.firstElementChild;
      for (const card of board[column]) {
        there.add(card.id);
        const view = this.#view(card);
        view.show(card);
        if (view.element !== place) view.moved(() => list.insertBefore(view.element, place));
        else place = place.nextElementSibling;
      }
    }
    for (const [id, view] of this.#views) {
      if (there.has(id)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    if (focused !== document.activeElement && focused?.isConnected) focused.focus(); // it was moved
  }

  #view({ id }) {
    let view = this.#views.get(id);
    if (view === undefined) {
      view = new CardView(id, {
        hint: this.#hint,
        rename: (title) => {
          this.#cards.rename(id, title);
          this.#draw();
        },
        menu: () => this.#menu(id),
      });
      view.showPeople(this.#others.filter(({ card }) => card === id));
      new Drag(view.element, [...this.#lists.values()], (column, index) => this.#move(id, column, index));
      this.#views.set(id, view);
    }
    return view;
  }

  // ---- what this person does ---------------------------------------------------------------------------------------------------

  #at(target) {
    const card = target?.closest('.card')?.dataset.card ?? null;
    if (card === this.card) return;
    this.card = card;
    this.#onWork();
  }

  #add(column) {
    const id = this.#cards.add(column);
    this.#draw();
    this.#views.get(id).edit((title) => { if (title === '') this.#remove(id); });
  }

  #move(id, column, index) {
    this.#cards.move(id, column, index);
    this.#draw();
    this.#views.get(id)?.element.scrollIntoView({ block: 'nearest' });
    say(this.#spoken, `Moved to ${columns.find(([name]) => name === column)[1]}, place ${index + 1}`);
  }

  #remove(id) {
    const { element } = this.#views.get(id);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    this.#cards.remove(id);
    this.#draw();
    if (next === null) this.focus();
    else next.focus();
    say(this.#spoken, 'Card deleted');
  }

  /** Where a card stands: { column, index, count }. */
  #place(id) {
    const board = this.#cards.read();
    for (const [at, [column]] of columns.entries()) {
      const index = board[column].findIndex((card) => card.id === id);
      if (index >= 0) return { at, column, index, board, card: board[column][index] };
    }
    return undefined;
  }

  /** By one place up or down, or to the neighbouring column at the same height. */
  #step(id, across, down) {
    const place = this.#place(id);
    const column = columns[place.at + across]?.[0];
    if (column === undefined) return;
    const others = place.board[column].filter((card) => card.id !== id).length;
    const index = Math.min(place.index + down, others);
    if (index >= 0 && (across !== 0 || index !== place.index)) this.#move(id, column, index);
  }

  #menu(id) {
    const place = this.#place(id);
    if (place === undefined) return;
    this.#views.get(id).openMenu(place, {
      edit: () => this.#views.get(id)?.edit(),
      move: (column) => this.#move(id, column, this.#cards.read()[column].length),
      step: (down) => this.#step(id, 0, down),
      paint: (color) => { this.#cards.paint(id, color); this.#draw(); },
      remove: () => this.#remove(id),
    });
  }

  #keys(event) {
    const mod = event.ctrlKey || event.metaKey;
    if (mod && ['z', 'y'].includes(event.key.toLowerCase())) {
      event.preventDefault(); // a browser's undo would know of one field alone
      if (event.key.toLowerCase() === 'y' || event.shiftKey) this.#doc.redo();
      else this.#doc.undo();
      return;
    }
    const card = event.target.closest('.card');
    if (card === null || event.target !== card) return;
    const { card: id } = card.dataset;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.altKey && event.key in steps) this.#step(id, ...steps[event.key]);
    else if (event.key === 'ArrowDown') card.nextElementSibling?.focus();
    else if (event.key === 'ArrowUp') card.previousElementSibling?.focus();
    else if (event.key === 'Enter' || event.key === 'F2') this.#views.get(id).edit();
    else if (event.key === 'Delete') this.#remove(id);
    else return;
    event.preventDefault();
  }
}
