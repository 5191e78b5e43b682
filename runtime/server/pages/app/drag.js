/**
 * A card follows the pointer, and a line shows where it would go.
 *
 * With a mouse the whole card is the handle, with a finger its grip (elsewhere a finger scrolls). Near the top and the bottom of the window the
 * page scrolls along. Esc puts the card back.
 */
import { h } from './dom.js';

const FAR_ENOUGH = 6; // px; less is a click
const EDGE = 56, STEP = 10; // px of the window, and px a frame

export class Drag {
  #card;
  #lists;
  #onDrop;
  #from; // { x, y } where the pointer went down, on the page
  #at; // the same, where it is now, in the window
  #line; // there is one while the card is on its way
  #stop;

  /** @param onDrop called with the column, and the index among its other cards */
  constructor(card, lists, onDrop) {
    this.#card = card;
    this.#lists = lists;
    this.#onDrop = onDrop;
    card.addEventListener('pointerdown', (event) => this.#down(event));
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest('textarea, .tool')) return;
    if (event.pointerType !== 'mouse' && !event.target.closest('.grip')) return;
    this.#from = { x: event.clientX + scrollX, y: event.clientY + scrollY };
    this.#stop = new AbortController();
    const on = (name, listener) => addEventListener(name, listener, { signal: this.#stop.signal, capture: true });
    on('pointermove', (move) => this.#move(move));
    on('pointerup', (up) => this.#end(up, true));
    on('pointercancel', (cancel) => this.#end(cancel, false));
    on('keydown', (key) => { if (key.key === 'Escape') this.#end(key, false); });
  }

  #move({ clientX, clientY }) {
    this.#at = { x: clientX, y: clientY };
    if (this.#line === undefined) {
      if (Math.hypot(clientX + scrollX - this.#from.x, clientY + scrollY - this.#from.y) < FAR_ENOUGH) return;
      this.#line = h('li', { class: 'drop', role: 'presentation' });
      this.#card.classList.add('dragged');
      this.#scroll();
    }
    this.#show();
  }

  #scroll() {
    if (this.#line === undefined) return;
    const { y } = this.#at, step = y < EDGE ? -STEP : y > innerHeight - EDGE ? STEP : 0, before = scrollY;
    if (step !== 0) scrollBy(0, step);
    if (scrollY !== before) this.#show();
    requestAnimationFrame(() => this.#scroll());
  }

  #show() {
    const { x: clientX, y: clientY } = this.#at;
    this.#card.style.setProperty('transform', `translate(${clientX + scrollX - this.#from.x}px, ${clientY + scrollY - this.#from.y}px)`);
    const list = this.#listAt(clientX, clientY);
    const next = [...list.querySelectorAll('.card:not(.dragged)')].find((card) => {
      const { top, height } = card.getBoundingClientRect();
      return clientY < top + height / 2;
    });
    list.insertBefore(this.#line, next ?? null);
  }

  /** The nearest one: a drop beside a column, or under it, means that column. */
  #listAt(x, y) {
    const distance = (list) => {
      const { left, right, top, bottom } = list.parentElement.getBoundingClientRect();
      return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    };
    return this.#lists.reduce((best, list) => distance(list) < distance(best) ? list : best);
  }

  #end(event, drop) {
    this.#stop.abort();
    const line = this.#line;
    if (line === undefined) return;
    event.preventDefault();
    const dropped = new AbortController(); // the click that ends the way is none
    addEventListener('click', (click) => click.stopPropagation(), { capture: true, signal: dropped.signal });
    setTimeout(() => dropped.abort(), 0);
    const list = line.parentElement;
    const index = [...list.querySelectorAll('.card:not(.dragged), .drop')].indexOf(line);
    line.remove();
    this.#line = undefined;
    this.#card.classList.remove('dragged');
    this.#card.style.removeProperty('transform');
    if (drop) this.#onDrop(list.dataset.column, index);
  }
}
