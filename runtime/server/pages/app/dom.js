/**
 * Elements without a framework: `h('button', { class: 'x', onclick: f }, 'text')`. The page's policy allows no style attribute: colours
 * and places are set through `style.setProperty`.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = 'http://www.w3.org/2000/svg';

/** A line drawing of 24 × 24; it says nothing that text beside it, or a label, does not say. */
export function icon(path, className = 'icon') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

export const icons = {
  undo: 'M8 5 4 9l4 4M4 9h10.5a5 5 0 0 1 0 10H10',
  redo: 'm16 5 4 4-4 4M20 9H9.5a5 5 0 0 0 0 10H14',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  offline: 'M4 4l16 16M8.5 16a5 5 0 0 1 7 0M5 12.5a10 10 0 0 1 4-2.3M19 12.5a10 10 0 0 0-6-2.9M2 9a15 15 0 0 1 4-2.6M22 9a15 15 0 0 0-11-3.9M12 20h.01',
  wait: 'M12 3v4M12 17v4M3 12h4M17 12h4M5.6 5.6l2.9 2.9M15.5 15.5l2.9 2.9',
  stop: 'M12 8v5M12 16.5h.01M12 3l9.5 17h-19z',
  plus: 'M12 5v14M5 12h14',
  close: 'm6 6 12 12M18 6 6 18',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  sent: 'M12 19V5M6 11l6-6 6 6',
  received: 'M12 5v14M6 13l6 6 6-6',
};

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== 'string') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Sets the text only where it differs: a live region does not speak twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function plural(count, one, many = one + 's') {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

let ids = 0;
export const newId = (name) => `${name}-${++ids}`;
