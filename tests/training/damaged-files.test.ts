import { expect, test } from 'vitest';
import { crc32 } from '../../src/common/crc32.ts';
import { Random } from '../../src/common/random.ts';
import { Chain } from '../../src/environments/index.ts';
import { createAgent, DqnError, duelingDqn, loadPolicy, memoryStore, mlp, prioritized, train } from '../../src/index.ts';

/** Files of each kind; more by `npm run test:robust`. */
const FILES = Number(process.env.DAMAGED ?? 1_500);
/** Where the checksum stands, in hexadecimal digits. */
const CHECKSUM = 8 + '{"__metadata__":{"checksum":"'.length;

const random = new Random(6);
const place = (bytes: Uint8Array): number => random.integer(bytes.length);
const part = (bytes: Uint8Array): Uint8Array => bytes.subarray(place(bytes)).subarray(0, 1 + random.integer(300));
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const written = (bytes: Uint8Array, at: number, values: Uint8Array): Uint8Array => {
  const copy = bytes.slice();
  copy.set(values.subarray(0, copy.length - at), at);
  return copy;
};
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.integer(256));

/** With a header of whole words again. */
function padded(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(0, true);
  const missing = -length & 7;
  const copy = joined(bytes.subarray(0, 8 + length), new Uint8Array(missing).fill(0x20), bytes.subarray(8 + length));
  new DataView(copy.buffer).setUint32(0, length + missing, true);
  return copy;
}

/** What may happen to a file; `other` is a sound one of another kind. */
const DAMAGES: readonly ((bytes: Uint8Array, other: Uint8Array) => Uint8Array)[] = [
  (bytes) => bytes.subarray(0, place(bytes)),
  (bytes) => joined(bytes, noise(1 + random.integer(40))),
  (bytes) => {
    const copy = bytes.slice();
    for (let flips = 1 + random.integer(8); flips > 0; flips--) copy[place(copy)] ^= 1 << random.integer(8);
    return copy;
  },
  (bytes) => written(bytes, place(bytes), noise(1 + random.integer(64))),
  (bytes) => written(bytes, place(bytes), new Uint8Array(1 + random.integer(512))),
  // A page that was never written, or not in its place.
  (bytes) => written(bytes, 512 * random.integer(Math.ceil(bytes.length / 512)), new Uint8Array(512)),
  (bytes) => written(bytes, place(bytes), part(bytes)),
  (bytes) => joined(bytes.subarray(0, place(bytes)), bytes.subarray(place(bytes))),
  (bytes, other) => joined(bytes.subarray(0, place(bytes)), other.subarray(place(other))),
  // Another length of the header, up to what nobody can allocate.
  (bytes) => written(bytes, 0, noise(1 + random.integer(8))),
  // Another digit in the header: a length, an offset, a number of the state.
  (bytes) => {
    const copy = bytes.slice();
    const digits = [...copy.subarray(0, 4_000).keys()].filter((i) => i >= CHECKSUM + 8 && copy[i] >= 0x30 && copy[i] <= 0x39);
    copy[digits[random.integer(digits.length)]] = 0x30 + random.integer(10);
    return copy;
  },
  // A larger number there: what it counts must not be believed.
  (bytes) => {
    const digits = [...bytes.subarray(0, 4_000).keys()].filter((i) => i >= CHECKSUM + 8 && bytes[i] >= 0x30 && bytes[i] <= 0x39);
    const at = digits[random.integer(digits.length)];
    const copy = joined(bytes.subarray(0, at), new TextEncoder().encode('9'.repeat(1 + random.integer(9))), bytes.subarray(at));
    const view = new DataView(copy.buffer);
    view.setUint32(0, view.getUint32(0, true) + copy.length - bytes.length, true);
    return random.float() < 0.5 ? copy : padded(copy);
  },
];

/** The same with the checksum that it ought to have, as a malicious file has. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length < CHECKSUM + 8) return copy;
  copy.fill(0x30, CHECKSUM, CHECKSUM + 8);
  copy.set(new TextEncoder().encode(crc32(copy).toString(16).padStart(8, '0')), CHECKSUM);
  return copy;
}

const CODES = ['invalid-checkpoint', 'incompatible-checkpoint'];

async function refusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof DqnError && CODES.includes(error.code)) return error.code;
    throw error;
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const makeAgent = () =>
  createAgent(new Chain(), {
    ...duelingDqn(),
    network: mlp({ hidden: [4], dueling: true }),
    replay: prioritized({ capacity: 40 }),
    nStep: 2,
    batchSize: 4,
    learningStarts: 10,
    seed: 1,
  });

async function soundFiles() {
  const agent = await makeAgent();
  const run = train(agent, new Chain(), { steps: 60 });
  for await (const _ of run);
  return { agent: await agent.save(), policy: await agent.savePolicy(), run: await run.checkpoint() };
}

test(`${FILES} damaged files of each kind are refused in words, and change nothing`, { timeout: 3_600_000 }, async () => {
  const files = await soundFiles();
  const agent = await makeAgent();
  const untouched = await agent.save();
  const store = memoryStore();
  let [refused, forged, taken] = [0, 0, 0];
  const before = process.memoryUsage.rss();
  for (let i = 0; i < FILES; i++) {
    const damage = DAMAGES[i % DAMAGES.length];
    for (const [kind, sound] of Object.entries(files)) {
      const other = kind === 'agent' ? files.policy : files.agent;
      const damaged = damage(sound, other);
      if (same(damaged, sound) || same(damaged, other)) continue;
      const load = async (bytes: Uint8Array) => {
        if (kind === 'agent') await agent.load(bytes);
        else if (kind === 'policy') (await loadPolicy(bytes, new Chain())).dispose();
        else await train(agent, new Chain(), { steps: 1, resume: bytes }).next();
      };
      expect(await refusal(() => load(damaged))).toBeDefined();
      expect(await refusal(() => store.save('a', damaged))).toBe('invalid-checkpoint');
      refused++;
      // With the right checksum numbers alone may differ; then it is a sound file, of another agent.
      const seal = sealed(damaged);
      if (same(seal, sound) || same(seal, other)) continue;
      forged++;
      if ((await refusal(() => load(seal))) !== undefined) continue;
      taken++;
      if (kind === 'agent') expect(same(await agent.save(), seal)).toBe(true);
      if (kind !== 'policy') await agent.load(untouched);
    }
    if (i % 100 === 0) expect(same(await agent.save(), untouched)).toBe(true);
  }
  expect(same(await agent.save(), untouched)).toBe(true);
  expect(process.memoryUsage.rss() - before).toBeLessThan(300e6);
  // Most of them are what they are called.
  expect(refused).toBeGreaterThan(2.8 * FILES);
  expect(forged - taken).toBeGreaterThan(FILES);
});
