// Node's JSON.parse and JSON.stringify agree with our JSON, in every message and style.
//
//   node run.mjs PEER     PEER: the program made from peer.c
//
// What we write, Node reads; what Node writes of it, we read, and write with the same meaning; in styles that escape as JSON.stringify
// does, every string is written as JSON.stringify writes it.
import { spawnSync } from "node:child_process";

const peer = process.argv[2];
const seed = process.env.OPS_SEED ?? "20261121";
const count = process.env.OPS_VALUES ?? "12";
const run = (args, input) => {
  const done = spawnSync(peer, args, { input, maxBuffer: 1 << 30 });
  if (done.status !== 0) throw new Error(`peer ${args[0]} ended with ${done.status} ${done.signal ?? ""}: ${done.stderr}`);
  return done.stdout.toString("utf8").split("\0").slice(0, -1);
};

const failures = {};
const totals = {};
const check = (claim, good, detail) => {
  totals[claim] = (totals[claim] ?? 0) + 1;
  if (!good) (failures[claim] ??= []).push(detail());
};

// Strings of a text outside opaque values cannot be told from those inside by the text alone: all are compared, and of styles that keep
// opaque values verbatim only names and values that have no escape in them or the escape JSON.stringify gives.
const strings = /"(?:[^"\\]|\\.)*"/g;
const own = new Set(["\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t"]);
const spelledLikeStringify = (token) =>
  (token.match(/\\u....|\\./g) ?? []).every((e) => own.has(e) || /^\\u00[01][0-9a-f]$/.test(e));

const written = run(["write", seed, count]).map((record) => {
  const [message, style, ...rest] = record.split("\t");
  return { message, style, text: rest.join("\t") };
});
const agreed = written.map(({ message, style, text }) => {
  let parsed;
  let readable = true;
  try {
    parsed = JSON.parse(text);
  } catch {
    readable = false;
  }
  check("what we write, JSON.parse reads", readable, () => `${message} in ${style}: ${text}`);
  if (style === "v1") {
    for (const token of text.match(strings) ?? []) {
      if (spelledLikeStringify(token))
        check("strings are escaped as JSON.stringify escapes them", JSON.stringify(JSON.parse(token)) === token, () => token);
    }
  }
  return JSON.stringify(parsed);
});
const answers = run(["read"], written.map(({ message, style }, i) => `${message}\t${style}\t${agreed[i]}\0`).join(""));
answers.forEach((answer, i) => {
  const { message, style } = written[i];
  let same = false;
  try {
    same = JSON.stringify(JSON.parse(answer)) === agreed[i];
  } catch {
    same = false;
  }
  // Members named like integers change their place in JavaScript's objects; a discriminator that no longer comes first is refused.
  const reordered = answer.startsWith("!") && /"\d+":/.test(agreed[i]);
  // Integers of int64's ends are rounded out of its range by JavaScript.
  const rounded = answer.startsWith("!") && /922337203685477\d{4}/.test(agreed[i]);
  if (!reordered && !rounded) check("what JSON.stringify writes, we read and mean the same", same, () => `${message} in ${style}: ${agreed[i]} became ${answer}`);
});

for (const claim of Object.keys(totals)) {
  const wrong = failures[claim] ?? [];
  console.log(`${wrong.length === 0 ? "ok" : "not ok"} - ${claim} (${totals[claim]} cases, seed ${seed})`);
  for (const detail of wrong.slice(0, 5)) console.log(detail);
}
process.exit(Object.keys(failures).length === 0 ? 0 : 1);
