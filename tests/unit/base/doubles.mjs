// Doubles as Node writes and reads them, for test_num.c. Usage: node doubles.mjs COUNT SEED
//
// Lines: `w BITS TEXT`  String(double of these bits) is TEXT
//        `r BITS TEXT`  Number(TEXT) has these bits
const count = Number(process.argv[2]);
let state = BigInt(process.argv[3]) * 0x9e3779b97f4a7c15n + 1n;
const view = new DataView(new ArrayBuffer(8));
const lines = [];

function random() { // xorshift64
  state ^= (state << 13n) & 0xffffffffffffffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffffffffffffffffn;
  return state;
}
const below = (n) => Number(random() % BigInt(n));
const ofBits = (bits) => (view.setBigUint64(0, bits), view.getFloat64(0));
const bitsOf = (number) => (view.setFloat64(0, number), view.getBigUint64(0).toString(16));
const digits = (n) => Array.from({ length: n }, () => below(10)).join("");

const wrote = (number) => Number.isFinite(number) && lines.push(`w ${bitsOf(number)} ${String(number)}`);
const read = (text) => lines.push(`r ${bitsOf(Number(text))} ${text}`);

// The decimal halfway between a double and the next one, exactly, and its neighbours in the last of `more` further digits.
function halfway(bits) {
  const exponent = Number(bits >> 52n & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const odd = (exponent === 0 ? fraction : fraction | 0x10000000000000n) * 2n + 1n;
  const e2 = Math.max(exponent, 1) - 1076;
  const [integer, e10] = e2 >= 0 ? [odd << BigInt(e2), 0] : [odd * 5n ** BigInt(-e2), e2];
  read(`${integer}e${e10}`);
  const more = below(60);
  const long = integer * 10n ** BigInt(more);
  read(`${long + 1n}e${e10 - more}`);
  read(`${long - 1n}E${e10 - more}`);
  const text = String(long + 1n);
  read(`${text[0]}.${text.slice(1)}e+${Math.max(0, e10 - more + text.length - 1)}`);
}

const writers = [
  () => ofBits(random()),
  () => ofBits(random() & 0x800fffffffffffffn), // subnormal
  () => ofBits(random() & 0xfff0000000000000n), // a power of two: its lower neighbour is nearer
  () => ofBits((random() & 0xfff0000000000000n) - 1n & 0xffffffffffffffffn),
  () => (below(2) ? -1 : 1) * below(1e9) / 10 ** below(25),
  () => Math.fround(ofBits(random() & 0x3fffffffffffffffn) * below(1e6)),
  () => Number(random()) / 2 ** below(70), // integers and dyadic fractions
  () => Number(`1e${below(640) - 325}`),
  () => 2 ** 53 + below(1e6) - 5e5,
  () => below(1e15) * 10 ** below(9),
];
const readers = [
  () => `${below(10)}.${digits(1 + below(20))}`,
  () => `${1 + below(9)}${digits(below(25))}e${below(660) - 345}`,
  () => `-${1 + below(9)}.${digits(1 + below(40))}E-${below(340)}`,
  () => `0.${"0".repeat(below(340))}${digits(1 + below(30))}`,
  () => `${1 + below(9)}${digits(below(330))}`,
  () => `${1 + below(9)}${"0".repeat(below(330))}.${digits(1 + below(10))}e-${below(300)}`,
  () => `${Number(random())}${below(2) ? "e-" + below(30) : ""}`,
];

for (const text of ["0", "-0", "0.0", "0e5", "-0.0E-999999999999999999999", "1e400", "-1e999999999999999999999", "1e-400",
  "1e-99999999999999999999", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "5e-324",
  "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "9007199254740993", "9007199254740992.5",
  `1${"0".repeat(2000)}e-2000`, `0.${"0".repeat(2000)}1e2001`, `${"9".repeat(2000)}e-1990`, `1e${"0".repeat(500)}3`])
  read(text);
for (const number of [0, -0, 1, 0.1, 1e21, 1e20, 123456789012345680000, 1e-6, 1e-7, 1.5e-7, 5e-324, 2 ** -1022, 2 ** -1074,
  Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63, 2 ** 64, 9.5367431640625e-7, 1e23, 5e-7])
  wrote(number);
for (let i = 0; i < 2046; i++) {
  for (const fraction of [0n, 1n, 0xfffffffffffffn])
    wrote(ofBits(BigInt(i) << 52n | fraction));
  if (i % 8 === 0)
    halfway(BigInt(i) << 52n | (below(2) ? 0xfffffffffffffn : random() & 0xfffffffffffffn));
}
for (let i = 0; i < count; i++) {
  wrote(writers[i % writers.length]());
  read(readers[i % readers.length]());
  if (i % 200 === 0)
    halfway(BigInt(below(2046)) << 52n | random() & 0xfffffffffffffn);
}
process.stdout.write(lines.join("\n") + "\n");
