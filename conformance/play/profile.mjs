// Which profile a connection speaks. On /collab-ws the first message decides (spec/v1.md 4.1), so a recorded `reference` conversation selects it
// by itself, unless its first message is the very thing that is tested: garbage, a binary message, a Close. Then, and on the other endpoints,
// `?profile=reference` says it.

// Does the first thing that this peer sends decide for `reference`? Only an ordinary text is trusted to.
export function firstMessageDecides(theCase, peer, from = 0)
{
    const first = theCase.steps.slice(from).find((s) => s.peer === peer && (s.do === 'send' || s.do === 'close' || s.do === 'drop'));
    if (first?.text === undefined) return false;
    try {
        return typeof JSON.parse(first.text).messageType === 'number' && first.text.split('"messageType"').length === 2;
    } catch {
        return false;
    }
}

const CHOOSES = /^\/(collab-ws|manage-ws|comments-ws|versioning-ws|collab|manage|versioning)(\/negotiate)?\/?(\?|$)/i;

// The path with `?profile=` where it is needed. Modes: auto; none; reference or v1: on every connection.
export function profileQuery(theCase, step, path, { profileMode, fileProfile })
{
    if (profileMode === 'none' || /[?&]profile=/.test(path) || !CHOOSES.test(path)) return path;
    const webSocket = /^\/collab-ws\/?(\?|$)/i.test(path);
    const saysReference = webSocket && step.do === 'connect' && firstMessageDecides(theCase, step.peer, theCase.steps.indexOf(step));
    if (profileMode === 'auto' && (fileProfile !== 'reference' || saysReference)) return path;
    if (profileMode === 'v1' && saysReference) return path; // a peer of the other profile in a case of v1
    if (step.do === 'http' && webSocket) return path; // no upgrade: no profile
    return `${path}${path.includes('?') ? '&' : '?'}profile=${profileMode === 'auto' ? fileProfile : profileMode}`;
}
