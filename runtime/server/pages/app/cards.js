/**
 * A board of cards in a json document: the registers `cards.ID.title`, `.column`, `.order` and `.color`.
 *
 * One register a field: of two people who edit one card at once, one moves it and one names it, and both stay. A card is there while its
 * title is. Deleting `cards.ID` takes all that was written before; what somebody writes at the same moment stays.
 */
import { inOrder, keyBetween } from './order.js';

export const columns = [['todo', 'To do'], ['doing', 'Doing'], ['done', 'Done']];
const FIRST_COLUMN = columns[0][0];
const known = new Set(columns.map(([id]) => id));
const text = (value) => typeof value === 'string' ? value : '';

export class Cards {
  #doc;

  constructor(doc) {
    this.#doc = doc;
  }

  /** By column, in order: { todo: [{ id, title, column, order, color }], … } */
  read() {
    const cards = new Map();
    for (const [path, value] of this.#doc.entries()) {
      const [kind, id, field, ...rest] = path.split('.');
      if (kind !== 'cards' || field === undefined || rest.length > 0) continue; // somebody else's
      if (!cards.has(id)) cards.set(id, { id });
      cards.get(id)[field] = value;
    }
    const board = Object.fromEntries(columns.map(([id]) => [id, []]));
    for (const { id, title, column, order, color } of cards.values()) {
      if (typeof title !== 'string') continue;
      const place = known.has(column) ? column : FIRST_COLUMN;
      board[place].push({ id, title, column: place, order: /^[0-9A-Za-z]*[1-9A-Za-z]$/.test(text(order)) ? order : 'V', color: text(color) });
    }
    for (const list of Object.values(board)) list.sort(inOrder);
    return board;
  }

  /** @returns the new card's id; it stands last */
  add(column, title = '') {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const last = this.read()[column].at(-1);
    this.#set(id, { title, column, order: keyBetween(last?.order ?? '', '') });
    return id;
  }

  rename(id, title) { this.#set(id, { title }); }
  paint(id, color) { this.#set(id, { color }); }
  remove(id) { this.#doc.delete(`cards.${id}`); }

  /** @param index among the cards of the column without this one */
  move(id, column, index) {
    const others = this.read()[column].filter((card) => card.id !== id);
    const before = others[index - 1]?.order ?? '', after = others[index]?.order ?? '';
    // Two that were put at one place at once have equal keys, or keys the other way round of ids: then behind both.
    this.#set(id, { column, order: keyBetween(before, after > before ? after : '') });
  }

  #set(id, fields) {
    for (const [field, value] of Object.entries(fields)) this.#doc.set(`cards.${id}.${field}`, value);
  }
}
