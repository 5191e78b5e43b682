// Plays many cases: as many at once as asked for, the slow ones first, those that want the server for themselves at the end.

import { Conversation } from './conversation.mjs';
import { reasonToSkip } from './select.mjs';

const TRIES = 5; // of a case that is marked `retry`

// One case: its result, after the tries that it may have.
export async function playCase(theCase, where, options)
{
    let result;
    for (let left = theCase.retry ? TRIES : 1; left > 0; left--) {
        result = await new Conversation(theCase, where, { ...options, fileProfile: theCase.profile }).play();
        if (result.passed) break;
    }
    return result;
}

// All of `cases` that `options` select. Results go to the report in the order of the cases, whatever order they were played in.
export async function playAll(cases, where, options, report)
{
    const entries = cases.map((theCase) => ({ theCase, skip: reasonToSkip(theCase, options) }));
    const order = (list) => [...list.filter((e) => e.theCase.slow), ...list.filter((e) => !e.theCase.slow)];
    const played = entries.filter((e) => !e.skip);
    let told = 0;
    const tell = () => {
        for (; told < entries.length && (entries[told].skip || entries[told].result); told++) {
            const { theCase, skip, result } = entries[told];
            if (skip) report.skipped(theCase, skip);
            else report.played(theCase, result);
        }
    };
    const crew = async (list, jobs) => {
        const queue = order(list);
        const worker = async () => {
            for (let e = queue.shift(); e; e = queue.shift()) {
                e.result = await playCase(e.theCase, where, options);
                tell();
            }
        };
        await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, worker));
    };
    tell();
    await crew(played.filter((e) => !e.theCase.alone), options.jobs);
    await crew(played.filter((e) => e.theCase.alone), 1);
    tell();
}
