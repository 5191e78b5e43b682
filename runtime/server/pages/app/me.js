/**
 * Who sits here: a name and a colour.
 *
 * A name that was chosen is kept in localStorage: the next visit is the same person. One that was made up is the tab's
 * (sessionStorage), so that two tabs of one browser are two people.
 */

/** Each has at least 4.5:1 under white text, and 3:1 on the light and on the dark page. */
export const colours = [
  ['Blue', '#0073c6'], ['Red', '#c74140'], ['Green', '#048322'], ['Violet', '#7f5bcd'],
  ['Amber', '#a95d01'], ['Teal', '#077d7e'], ['Pink', '#b8448d'], ['Olive', '#856f07'],
];

const FIRST = ['Calm', 'Quick', 'Bright', 'Quiet', 'Bold', 'Kind', 'Merry', 'Keen', 'Gentle', 'Lucky', 'Brave', 'Witty'];
const SECOND = ['Otter', 'Heron', 'Fox', 'Lynx', 'Wren', 'Badger', 'Robin', 'Hare', 'Falcon', 'Marten', 'Seal', 'Finch', 'Crane', 'Beaver', 'Owl', 'Stoat'];
const NAME_UNITS = 32;

const pick = (list) => list[Math.floor(Math.random() * list.length)];
export const randomName = () => `${pick(FIRST)} ${pick(SECOND)}`;

/** Storage may be switched off altogether: then a name lasts as long as the page. */
function read(storage, key) {
  try { return JSON.parse(window[storage].getItem(key)); } catch { return null; }
}
function write(storage, key, value) {
  try { window[storage].setItem(key, JSON.stringify(value)); } catch { /* as said */ }
}

/** @param seat 0 for the first person in this window, 1 for the second; @param taken colours that others here have */
export function meOf(seat, taken = []) {
  const key = `opstream.me.${seat}`;
  const chosen = personOf(read('localStorage', key));
  if (chosen !== undefined) return chosen;
  const made = personOf(read('sessionStorage', key));
  if (made !== undefined && !taken.includes(made.color)) return { ...made, made: true };
  return anotherColour(seat, made ?? { name: randomName() }, taken);
}

/** A person with a made-up colour gets one that nobody has, as long as there is one. */
export function anotherColour(seat, { name }, taken) {
  const free = colours.filter(([, colour]) => !taken.includes(colour));
  const made = { name, color: pick(free.length > 0 ? free : colours)[1] };
  write('sessionStorage', `opstream.me.${seat}`, made);
  return { ...made, made: true };
}

export function keepMe(seat, me) {
  write('localStorage', `opstream.me.${seat}`, me);
}

/** One line, not too long, no half of a surrogate pair. */
export function tidyName(name) {
  return name.replace(/\s+/g, ' ').trim().slice(0, NAME_UNITS).replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '').trim();
}

/** What an awareness state says of a person; any client may have sent anything. Undefined: nothing of use. */
export function personOf(state) {
  if (typeof state !== 'object' || state === null) return undefined;
  const name = typeof state.name === 'string' ? tidyName(state.name) : '';
  const color = typeof state.color === 'string' && /^#[0-9a-f]{6}$/i.test(state.color) ? state.color : colours[0][1];
  return name === '' ? undefined : { name, color };
}

export const stranger = { name: 'Somebody', color: '#6b7480' };

/** Text on this colour: white or black, whichever has more contrast. */
export function inkOn(color) {
  const channel = (at) => {
    const c = parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.18 ? '#000000' : '#ffffff';
}

/** Sets the two custom properties that a person's things are painted with. */
export function paint(element, color) {
  element.style.setProperty('--person', color);
  element.style.setProperty('--on-person', inkOn(color));
}

export const initials = (name) => name.split(' ').slice(0, 2).map((word) => [...word][0] ?? '').join('').toUpperCase();
