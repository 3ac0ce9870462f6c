import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DqnError } from '../../../src/index.ts';
import { CartPole, box, dict, discrete } from '../../../src/environments/index.ts';
import { BridgedVector } from '../../../src/node/bridge/bridged-vector.ts';
import type { Channel } from '../../../src/node/bridge/connection.ts';
import { FrameReader, KIND, LIMITS, PROTOCOL, encodeFrame, type Fields, type Frame } from '../../../src/node/bridge/frames.ts';
import { serveEnvironments } from '../../../src/node/bridge/serve-environments.ts';
import { describeSpace, readSpace } from '../../../src/node/bridge/space-description.ts';
import { spaceArb } from '../../../src/testing/index.ts';
import { Walk } from '../../environment/toys.ts';
import { damagesArb } from '../../support/damaged-bytes.ts';
import { failure } from '../../support/failure.ts';
import { channelTo, connectTo, cut } from './in-memory.ts';

const cutsArb = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 4 });
const fieldsArb = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Fields>;
const frameArb = fc.record({
  kind: fc.oneof(fc.nat(255), fc.constantFrom(...Object.values(KIND))),
  id: fc.nat(2 ** 32 - 1),
  fields: fieldsArb,
  raw: fc.uint8Array({ maxLength: 60 }),
});

const bytesOf = ({ kind, id, fields, raw }: { kind: number; id: number; fields: Fields; raw: Uint8Array }) =>
  encodeFrame(kind, id, fields, raw);

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test('messages come whole out of any chunks', () => {
  fc.assert(
    fc.property(fc.array(frameArb, { maxLength: 5 }), cutsArb, (frames, cuts) => {
      const reader = new FrameReader();
      const told = [...cut(join(frames.map(bytesOf)), cuts)].flatMap((chunk) => reader.push(chunk));
      const expected = frames.map(({ fields, ...frame }) => ({ ...frame, fields: JSON.parse(JSON.stringify(fields)) as Fields }));
      expect(told.map((frame) => ({ ...frame, raw: frame.raw.slice() }))).toEqual(expected);
      expect(reader.partial).toBe(false);
    }),
  );
});

test('damaged messages are messages or refused, in any chunks alike', () => {
  const outcome = (bytes: Uint8Array, cuts: readonly number[]) => {
    const reader = new FrameReader();
    const told: string[] = [];
    try {
      for (const chunk of cut(bytes, cuts))
        for (const { kind, id, fields, raw } of reader.push(chunk)) told.push(JSON.stringify([kind, id, fields, [...raw]]));
    } catch (error) {
      expect(error).toMatchObject({ name: 'DqnError', code: 'worker-failed' });
      told.push('refused');
    }
    return told;
  };
  fc.assert(
    fc.property(fc.array(frameArb, { minLength: 1, maxLength: 3 }), damagesArb, cutsArb, (frames, damage, cuts) => {
      const bytes = damage(join(frames.map(bytesOf)));
      const [whole, inParts] = [outcome(bytes, [1]), outcome(bytes, cuts)];
      // What comes in one chunk with nonsense is refused with it.
      if (inParts.at(-1) !== 'refused') expect(inParts).toEqual(whole);
      else expect(whole.at(-1)).toBe('refused');
    }),
    { numRuns: 500 },
  );
});

test('a message that is too large is refused by its header alone', () => {
  for (const at of [12, 16]) {
    const header = encodeFrame(KIND.step, 1);
    new DataView(header.buffer).setUint32(at, (at === 12 ? LIMITS.json : LIMITS.raw) + 1, true);
    expect(() => new FrameReader().push(header)).toThrow(/at most/);
    new DataView(header.buffer).setUint32(at, at === 12 ? LIMITS.json : LIMITS.raw, true);
    const reader = new FrameReader();
    expect(reader.push(header)).toEqual([]);
    expect(reader.partial).toBe(true);
  }
  expect(() => encodeFrame(KIND.step, 1, {}, new Uint8Array(LIMITS.raw + 1))).toThrow(/at most/);
});

test('descriptions of spaces are read back, and damaged ones refused', () => {
  fc.assert(
    fc.property(spaceArb(), (space) => {
      const told: unknown = JSON.parse(JSON.stringify(describeSpace(space)));
      expect(readSpace(told).space).toEqual(space);
    }),
  );
  const refused = (description: unknown) => {
    try {
      readSpace(description);
    } catch (error) {
      expect(error).toBeInstanceOf(DqnError);
    }
  };
  const valueArb = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0, 0.5, 2 ** 31, 2 ** 40, 1e300, 'Infinity', [], {}, null));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.record({
          kind: fc.constantFrom('box', 'discrete', 'multiDiscrete', 'multiBinary', 'tuple', 'dict'),
          dtype: fc.constantFrom('float32', 'uint8', 'float64'),
          shape: fc.oneof(valueArb, fc.array(valueArb, { maxLength: 3 })),
          low: fc.oneof(valueArb, fc.array(valueArb, { maxLength: 3 })),
          high: fc.oneof(valueArb, fc.array(valueArb, { maxLength: 3 })),
          n: valueArb,
          start: valueArb,
          nvec: fc.oneof(valueArb, fc.array(valueArb, { maxLength: 3 })),
          spaces: fc.oneof(valueArb, fc.array(fc.oneof(valueArb, fc.tuple(fc.string(), valueArb)), { maxLength: 3 })),
        }),
      ),
      refused,
    ),
    { numRuns: 1_000 },
  );
});

test.each([
  ['a box of 2³⁰ numbers', { kind: 'box', dtype: 'uint8', shape: [2 ** 15, 2 ** 15], low: 0, high: 1 }],
  ['a box of more numbers than a number can tell', { kind: 'box', dtype: 'uint8', shape: [1e9, 1e9, 1e9], low: 0, high: 1 }],
  ['2³⁰ switches', { kind: 'multiBinary', n: 2 ** 30 }],
  ['parts of 2²⁴ numbers each', { kind: 'tuple', spaces: [1, 2].map(() => ({ kind: 'multiBinary', n: 2 ** 24 - 1 })) }],
  ['a name twice', { kind: 'dict', spaces: ['a', 'a'].map((name) => [name, { kind: 'discrete', n: 2, start: 0 }]) }],
  [
    'ten thousand nested tuples',
    Array.from({ length: 10_000 }).reduce((inner) => ({ kind: 'tuple', spaces: [inner] }), { kind: 'discrete' }),
  ],
])('%s is refused at once', (_, description) => {
  expect(() => readSpace(description)).toThrow(DqnError);
});

const bounded = { code: 'worker-failed' };

test('a server survives any requests: it answers them or ends with a reason', async () => {
  const valid = join([
    encodeFrame(KIND.hello, 1, { protocols: [1] }),
    encodeFrame(KIND.make, 2, { id: 'x', size: 2, autoreset: 'same-step', kwargs: {} }),
    encodeFrame(KIND.reset, 3, { seed: 1 }),
    encodeFrame(KIND.step, 4, {}, new Uint8Array(16)),
    encodeFrame(KIND.render, 5, { index: 1 }),
    encodeFrame(KIND.reset, 6, { options: { a: 1 } }),
    encodeFrame(KIND.close, 7),
  ]);
  const serve = async (bytes: Uint8Array, cuts: readonly number[]) => {
    const reader = new FrameReader();
    let answers = 0;
    async function* input() {
      yield* cut(bytes, cuts);
    }
    const told = await serveEnvironments(
      input(),
      (answer) => void (answers += reader.push(answer).length),
      async () => () => new Walk(),
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (told !== undefined) {
      expect(told).toBeInstanceOf(DqnError);
      expect(told).toMatchObject(bounded);
    }
    expect(reader.partial).toBe(false);
    return answers;
  };
  expect(await serve(valid, [50])).toBe(7);
  await fc.assert(
    fc.asyncProperty(damagesArb, cutsArb, async (damage, cuts) => void (await serve(damage(valid), cuts))),
    { numRuns: 400 },
  );
  const requestArb = fc.record({
    kind: fc.constantFrom(KIND.hello, KIND.make, KIND.reset, KIND.step, KIND.render, KIND.close),
    id: fc.nat(9),
    fields: fc.record(
      {
        id: fc.oneof(fc.constant('x'), fc.jsonValue()),
        size: fc.oneof(fc.constantFrom(1, 2, 2 ** 40), fc.jsonValue()),
        autoreset: fc.oneof(fc.constantFrom('same-step', 'disabled'), fc.jsonValue()),
        kwargs: fc.oneof(fc.constant({}), fc.jsonValue()),
        seed: fc.oneof(fc.nat(), fc.jsonValue()),
        options: fc.oneof(fc.constant({}), fc.jsonValue()),
        index: fc.jsonValue(),
        mode: fc.jsonValue(),
        protocols: fc.oneof(fc.constant([1]), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
    raw: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  });
  const begun = valid.slice(0, valid.length - encodeFrame(KIND.close, 7).length);
  await fc.assert(
    fc.asyncProperty(fc.array(requestArb, { maxLength: 4 }), fc.boolean(), async (requests, after) => {
      await serve(join([after ? begun : new Uint8Array(0), ...requests.map(bytesOf)]), [Infinity]);
    }),
    { numRuns: 400 },
  );
});

test.each([
  ['too short', Uint8Array.of(1)],
  ['of other numbers', Uint8Array.of(0, 2)],
])('a server ends at a mask %s', async (_, mask) => {
  const answers: Frame[] = [];
  const reader = new FrameReader();
  async function* input() {
    yield encodeFrame(KIND.hello, 1, { protocols: [1] });
    yield encodeFrame(KIND.make, 2, { id: 'x', size: 2, autoreset: 'disabled', kwargs: {} });
    yield encodeFrame(KIND.reset, 3, { seed: 1 });
    yield encodeFrame(KIND.reset, 4, {}, Uint8Array.of(0, 1));
    yield encodeFrame(KIND.reset, 5, {}, mask);
  }
  const serving = serveEnvironments(
    input(),
    (bytes) => void answers.push(...reader.push(bytes)),
    async () => () => new CartPole(),
  );
  expect(await failure(serving)).toMatchObject({ expected: 'a mask of 2 zeros and ones' });
  expect(answers.slice(2, 4).map(({ kind }) => kind)).toEqual([KIND.reset | KIND.answer, KIND.reset | KIND.answer]);
  // Infos that are empty are not told.
  expect(answers[2].fields.infos).toBeUndefined();
});

test.each([
  ['terminated', 16],
  ['truncated', 18],
])('a client refuses a step whose flag %s is neither 0 nor 1', async (_, at) => {
  const channel = channelTo(async () => () => new Walk());
  const damaged: Channel = {
    ...channel,
    listen: (onBytes, onEnd) =>
      channel.listen((chunk) => {
        const [frame] = new FrameReader().push(chunk);
        if (frame.kind !== (KIND.step | KIND.answer)) return onBytes(chunk);
        const raw = frame.raw.slice();
        raw[at] = 2;
        onBytes(encodeFrame(frame.kind, frame.id, frame.fields, raw));
      }, onEnd),
  };
  const make = { id: 'x', size: 2, autoreset: 'disabled', kwargs: {} };
  const vector = await BridgedVector.open<Float32Array, number>({ name: 'x', connect: async () => connectTo(damaged), make });
  await vector.reset({ seed: 1 });
  expect(await failure(vector.step([1, 1]))).toMatchObject({ code: 'worker-failed', expected: 'flags of 0 and 1' });
});

test('bounds are told one by one only where they differ', () => {
  const told = (low: number | number[]) => describeSpace(box({ shape: [3], low, high: 9 }));
  expect(told(-1)).toMatchObject({ low: -1, high: 9 });
  for (const low of [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, -1],
  ]) {
    expect(told(low)).toMatchObject({ low, high: 9 });
    expect(readSpace(told(low)).space).toEqual(box({ shape: [3], low, high: 9 }));
  }
});

test('a space of as many numbers as are allowed is read, and one more is refused', () => {
  const bits = (n: number) => ({
    kind: 'tuple',
    spaces: [
      { kind: 'multiBinary', n },
      { kind: 'discrete', n: 2, start: 0 },
    ],
  });
  expect(readSpace(bits(LIMITS.numbers - 1)).space).toMatchObject({ kind: 'tuple' });
  expect(() => readSpace(bits(LIMITS.numbers))).toThrow(/at most/);
});

test('the server in Python has the same numbers', () => {
  const python = readFileSync(new URL('../../../src/node/bridge/python/dqn_gymnasium.py', import.meta.url), 'utf8');
  const { hello, make, reset, step, render, close, answer, note, error } = KIND;
  const hexadecimal = (kind: number) => `0x${kind.toString(16).toUpperCase()}`;
  expect(python.split(/\n|  #/)).toEqual(
    expect.arrayContaining([
      `PROTOCOL = ${PROTOCOL}`,
      `MAGIC = b"${new TextDecoder().decode(encodeFrame(hello, 1).subarray(0, 4))}"`,
      `HELLO, MAKE, RESET, STEP, RENDER, CLOSE = ${[hello, make, reset, step, render, close].join(', ')}`,
      `ANSWER = ${hexadecimal(answer)}`,
      `NOTE, ERROR = ${hexadecimal(note)}, ${hexadecimal(error)}`,
      `MAX_JSON = ${LIMITS.json / 2 ** 20} * 2**20`,
      `MAX_RAW = ${LIMITS.raw / 2 ** 20} * 2**20`,
      `MAX_ENVIRONMENTS = ${LIMITS.environments}`,
      `MAX_NUMBERS = 2**${Math.log2(LIMITS.numbers)}`,
      `MAX_DEPTH = ${LIMITS.depth}`,
    ]),
  );
});

/** Damages what comes from the other side from the `first` message on, and ends after it: a stream that only stops is a matter of the time limit. */
function damagedChannel(damage: (bytes: Uint8Array) => Uint8Array, first: number): Channel {
  const channel = channelTo(async () => () => new Walk());
  let count = 0;
  return {
    ...channel,
    listen: (onBytes, onEnd) =>
      channel.listen((chunk) => {
        if (count++ < first) return onBytes(chunk);
        onBytes(damage(chunk));
        onEnd('the end');
      }, onEnd),
  };
}

test('a client survives any answers: they are in the spaces, or it tells that they make no sense', async () => {
  const make = { id: 'x', size: 2, autoreset: 'same-step', kwargs: {} };
  await fc.assert(
    fc.asyncProperty(damagesArb, fc.nat(4), async (damage, first) => {
      const connect = async () => connectTo(damagedChannel(damage, first));
      const work = async () => {
        const vector = await BridgedVector.open<Float32Array, number>({ name: 'x', connect, make });
        expect((await vector.reset({ seed: 1 })).observations.map(({ length }) => length)).toEqual([2, 2]);
        for (let i = 0; i < 3; i++) {
          const result = await vector.step([1, 1]);
          expect(result.observations.map(({ length }) => length)).toEqual([2, 2]);
          expect(result.infos).toHaveLength(2);
          for (const flags of [result.terminated, result.truncated]) expect(flags.every((flag) => flag <= 1)).toBe(true);
        }
      };
      expect(await failure(work())).toBeInstanceOf(DqnError);
    }),
    { numRuns: 400 },
  );
});

test('answers with any fields are taken or refused', async () => {
  const spaces = {
    observationSpace: describeSpace(dict({ a: box({ low: 0, high: 1, shape: [2] }) })),
    actionSpace: describeSpace(discrete(2)),
  };
  const listArb = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.oneof(fc.jsonValue(), fc.constant([1, 0]), fc.constant({})), { minLength: 2, maxLength: 2 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record({ infos: listArb, masks: listArb, finalInfos: listArb, finalMasks: listArb }, { requiredKeys: [] }),
      fc.record({ width: fc.jsonValue(), height: fc.jsonValue() }, { requiredKeys: [] }),
      async (fields, picture) => {
        let tell: (chunk: Uint8Array) => void = () => {};
        const answers: Readonly<Record<number, readonly [Fields, Uint8Array]>> = {
          [KIND.hello]: [{ protocol: 1 }, new Uint8Array(0)],
          [KIND.make]: [{ size: 2, autoreset: 'same-step', ...spaces }, new Uint8Array(0)],
          [KIND.reset]: [fields, new Uint8Array(16)],
          [KIND.step]: [fields, Uint8Array.from({ length: 52 }, (_, i) => (i === 16 || i === 19 ? 1 : 0))],
          [KIND.render]: [picture, new Uint8Array(12)],
        };
        const channel: Channel = {
          name: 'x',
          hold: () => {},
          kill: () => {},
          listen: (onBytes) => void (tell = onBytes),
          send: (bytes) => {
            const [{ kind, id }] = new FrameReader().push(bytes);
            tell(encodeFrame(kind | KIND.answer, id, ...(answers[kind] ?? [{}, new Uint8Array(0)])));
          },
        };
        const recipe = { name: 'x', connect: async () => connectTo(channel), make: { size: 2, autoreset: 'same-step' } };
        for (const call of ['reset', 'step', 'frame'] as const) {
          const vector = await BridgedVector.open<object, number>(recipe);
          try {
            const told =
              call === 'reset' ? await vector.reset() : call === 'step' ? await vector.step([0, 1]) : await vector.frame();
            if ('infos' in told) for (const info of told.infos) expect(info).toBeTypeOf('object');
            if ('pixels' in told) expect(told.pixels).toHaveLength(told.width * told.height * 3);
            if ('actionMasks' in told) for (const mask of told.actionMasks ?? []) expect([undefined, 2]).toContain(mask?.length);
          } catch (error) {
            expect(error).toMatchObject({ name: 'DqnError', ...bounded });
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
