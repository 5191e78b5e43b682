/** Where the collaboration WebSocket is. */
export function socketUrl(url, page) {
  let given;
  try {
    given = new URL(url ?? page, page);
  } catch {
    throw new TypeError(`OpStream: ${url === undefined ? 'the URL of the server is missing' : `${url} is not a URL`}`);
  }
  given.protocol = given.protocol.replace(/^http/, 'ws');
  if (given.protocol !== 'ws:' && given.protocol !== 'wss:') throw new TypeError(`OpStream: ${given.href} is not an address of a WebSocket`);
  if (url === undefined || given.pathname === '/') given.pathname = '/collab-ws';
  if (url === undefined) given.search = '';
  given.hash = '';
  return given.href;
}
