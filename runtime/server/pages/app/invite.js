/** A second person: the link, to copy, to share or to point a phone at. */
import { generate } from 'lean-qr';
import { h, newId, say } from './dom.js';
import { openDialog } from './dialog.js';

const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/;

export function invite(link) {
  const id = newId('link');
  const field = h('input', { id, readonly: true, value: link, onfocus: () => field.select() });
  const said = h('p', { class: 'soft', role: 'status' });
  const copy = h('button', { class: 'button primary', type: 'button', onclick: async () => {
    say(said, await copied(field) ? 'Copied.' : 'Copying is not allowed here: the link is selected.');
  } }, 'Copy link');
  const share = navigator.share === undefined ? undefined
    : h('button', { class: 'button', type: 'button', onclick: () => navigator.share({ url: link, title: document.title }).catch(() => {}) }, 'Share…');
  openDialog('Invite somebody', h('div', { class: 'stack' },
    h('p', {}, 'Whoever opens this address edits this document with you. No account, nothing to install.'),
    h('label', { for: id }, 'Link'), h('div', { class: 'row' }, field, copy, share), said,
    code(link),
    LOCAL.test(location.hostname) && h('p', { class: 'note' }, 'This address works on this machine only. For another device, open this page by the '
      + 'machine’s name or address in your network instead of ', h('code', {}, location.hostname), '; the server has to listen there (OPSTREAM__URLS).')));
  copy.focus();
}

/** The clipboard is there for pages of https and localhost alone; the older way works elsewhere. */
async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    try { return document.execCommand('copy'); } catch { return false; }
  }
}

/** A QR code: dark on white in the dark, too; not every camera reads it the other way round. */
function code(text) {
  const bits = generate(text), QUIET = 4, size = bits.size + 2 * QUIET;
  let path = '';
  for (let y = 0; y < bits.size; y++)
    for (let x = 0; x < bits.size; x++)
      if (bits.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': 'The link as a QR code', 'shape-rendering': 'crispEdges' }))
    svg.setAttribute(name, value);
  const dark = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  dark.setAttribute('d', path);
  svg.append(dark);
  return svg;
}
