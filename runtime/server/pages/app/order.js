/**
 * Order keys: strings that sort as the cards stand, with room for another between any two. A card that moves writes its own key alone,
 * so that two people who move two cards do not meet.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length;

/**
 * A key between `before` and `after` ('': no neighbour on that side), which is not always the same: two people who put a card at one
 * place at once get two keys.
 */
export function keyBetween(before, after) {
  let key = '';
  for (let at = 0, bounded = after !== ''; ; at++) {
    const low = at < before.length ? DIGITS.indexOf(before[at]) : 0;
    const high = bounded && at < after.length ? DIGITS.indexOf(after[at]) : BASE;
    if (high - low > 1) {
      const room = high - low - 1;
      const end = after === '' && low > 0; // behind the last one, where most are put: small steps, and keys stay short
      return key + DIGITS[low + 1 + Math.floor(end ? Math.random() * Math.min(room, 3) : room * (0.25 + Math.random() * 0.5))];
    }
    key += DIGITS[low];
    if (low < high) bounded = false; // smaller than `after` from here on
  }
}

/** By key, then by id: the same on every page. */
export const inOrder = (a, b) => compare(a.order, b.order) || compare(a.id, b.id);
const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
