/** The page at `/`: opens the document that the address names. */
import { connect } from './opstream.js';
import { h } from './dom.js';

const address = new URLSearchParams(location.search);
const client = connect(new URL(document.documentElement.dataset.websocket, location.href));
const seat = h('section', { class: 'seat' });
document.getElementById('seats').append(seat);
client.on('status', (status) => { seat.dataset.status = status; });
window.opstream = { seats: [{ client, doc: await client.open(address.get('doc') || 'welcome', 'text') }] };
