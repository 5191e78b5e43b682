// Node: JSON.parse and JSON.stringify, bytes in and bytes out, Buffer for base64; its own objects instead of structs.
//
// Reads "MESSAGE ACTION TIMES" lines, answers each with the nanoseconds it took. With the folder of the samples as argument.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { strict as assert } from "node:assert";

const folder = process.argv[2];
const samples = new Map();
let sink = 0;

function load(name) {
  let sample = samples.get(name);
  if (sample === undefined) {
    sample = { text: readFileSync(`${folder}/${name}`) };
    sample.value = decode(sample.text);
    samples.set(name, sample);
    assert.deepEqual(encode(sample.value), sample.text);
  }
  return sample;
}

// A WebSocket library hands over bytes; what JSON.parse wants is a string.
function decode(bytes) {
  const value = JSON.parse(bytes.toString());
  if (typeof value.payload === "string")
    value.op = JSON.parse(Buffer.from(value.payload, "base64").toString());
  return value;
}

function encode(value) {
  if (value.op === undefined)
    return Buffer.from(JSON.stringify(value));
  const payload = Buffer.from(JSON.stringify(value.op)).toString("base64");
  return Buffer.from(JSON.stringify(value.revision === undefined
    ? { type: value.type, documentId: value.documentId, payload, baseRevision: value.baseRevision }
    : { type: value.type, documentId: value.documentId, payload, revision: value.revision }));
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, action, times] = line.split(" ");
  const sample = load(name);
  const begin = process.hrtime.bigint();
  for (let i = 0; i < Number(times); i++) {
    if (action === "decode")
      sink += decode(sample.text).type === undefined ? 0 : 1;
    else
      sink += encode(sample.value).length;
  }
  process.stdout.write(`${process.hrtime.bigint() - begin}\n`);
}
if (sink < 0)
  process.exit(1);
