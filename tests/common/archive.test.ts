import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkArchive, decodeArchive, encodeArchive, encodeArchiveParts, joinParts } from '../../src/common/archive.ts';
import { crc32 } from '../../src/common/crc32.ts';
import { DqnError, type ErrorCode } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { State, StateArray } from '../../src/common/state.ts';

const label = { kind: 'test', version: 1 };
const encode = (state: State) => encodeArchive({ ...label, state });
const decode = (bytes: Uint8Array) => decodeArchive(bytes, label);

const arrayArb: fc.Arbitrary<StateArray> = fc.oneof(
  fc.float32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.int16Array({ maxLength: 9 }),
  fc.uint16Array({ maxLength: 9 }),
  fc.int8Array({ maxLength: 9 }),
  fc.uint8Array({ maxLength: 9 }),
);
const keyArb = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('$', '$$', '$a', '', '/', '~', '~1', 'a/b', '0', '7', 'constructor', 'toString', '\ud800', '\udfff~'),
  )
  .filter((key) => key !== '__proto__');
const leafArb = fc.oneof(
  fc.constantFrom<State>(null, true, false, NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, 2 ** 53),
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'binary' }),
  arrayArb,
);
const { stateArb } = fc.letrec<{ stateArb: State }>((tie) => ({
  stateArb: fc.oneof(
    { depthSize: 'small' },
    leafArb,
    fc.array(tie('stateArb'), { maxLength: 5 }),
    fc.dictionary(keyArb, tie('stateArb'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

/** The bits of the numbers in a state, so that the signs of zeros count (and the payloads of NaNs in arrays). */
function exact(state: State): unknown {
  if (typeof state === 'number') return Object.is(state, -0) ? 'minus zero' : state;
  if (state === null || typeof state !== 'object') return state;
  if (ArrayBuffer.isView(state)) {
    return [state.constructor.name, ...new Uint8Array(state.buffer, state.byteOffset, state.byteLength)];
  }
  if (Array.isArray(state)) return state.map(exact);
  return Object.entries(state).map(([key, value]) => [key, exact(value)]);
}

function refusal(bytes: Uint8Array, as = label): DqnError {
  try {
    decodeArchive(bytes, as);
  } catch (error) {
    if (error instanceof DqnError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const refusedCodes: readonly ErrorCode[] = ['invalid-checkpoint', 'incompatible-checkpoint'];

/** Gives forged bytes a right checksum, so that what lies behind it is tried. */
function sign(bytes: Uint8Array): Uint8Array {
  const at = new TextDecoder().decode(bytes.subarray(0, 60)).indexOf('"checksum":"') + 12;
  bytes.fill(0x30, at, at + 8);
  bytes.set(new TextEncoder().encode(crc32(bytes).toString(16).padStart(8, '0')), at);
  return bytes;
}

/** A file with the given header, signed. */
function forge(header: string, data: readonly number[] = [], align = 8): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = Math.ceil(text.length / align) * align;
  const bytes = new Uint8Array(8 + length + data.length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + length);
  return sign(bytes);
}

const metadataOf = (state: string, changes: object = {}) =>
  JSON.stringify({ checksum: '00000000', format: '@scope/dqn', kind: 'test', version: '1', state, ...changes });
const forgeState = (state: string, tensors = '', data: readonly number[] = []) =>
  forge(`{"__metadata__":${metadataOf(state)}${tensors}}`, data);

const sample: State = {
  weights: [new Float32Array([1, -2.5, NaN]), new Float64Array([Math.PI])],
  step: 17,
  rate: -0,
  bytes: new Uint8Array([1, 2, 3]),
  name: 'Größe',
};

describe('encodeArchive and decodeArchive', () => {
  it('give back every state, bit for bit', () => {
    fc.assert(
      fc.property(stateArb, fc.nat(7), (state, shift) => {
        const bytes = encode(state);
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
        shifted.set(bytes);
        expect(exact(decode(shifted))).toEqual(exact(state));
        expect(encode(decode(bytes))).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('copy views and take buffers for what they are', () => {
    const values = new Float32Array([1, 2, 3, 4]);
    const bytes = encode({ part: values.subarray(1, 3), buffer: Buffer.from([7]) });
    values.fill(0);
    const back = decode(Buffer.from(bytes)) as { part: Float32Array };
    expect(back).toEqual({ part: new Float32Array([2, 3]), buffer: new Uint8Array([7]) });
    bytes.fill(0);
    expect(back.part[0]).toBe(2);
  });

  it('refuse to pack what is not a state', () => {
    const cycle: State[] = [];
    cycle.push([cycle, cycle]);
    const bad: unknown[] = [
      undefined,
      () => 1,
      1n,
      Symbol('s'),
      new Map(),
      new Date(0),
      new Random(1),
      new BigInt64Array(1),
      cycle,
    ];
    bad.push(
      new DataView(new ArrayBuffer(1)),
      new Uint8ClampedArray(1),
      JSON.parse('{"__proto__":1}'),
      Object.assign([], { 1: 1 }),
    );
    for (const value of bad) {
      expect(() => encode({ a: [value as State] })).toThrowError(expect.objectContaining({ code: 'invalid-option' }) as Error);
    }
    expect(() => encode({ a: [undefined as unknown as State] })).toThrowError('at "/a/0"');
  });

  it('hold 64 levels and refuse more', () => {
    const nest = (levels: number) => {
      let state: State = new Int8Array([1]);
      for (let i = 0; i < levels; i++) state = [state];
      return state;
    };
    expect(decode(encode(nest(64)))).toEqual(nest(64));
    expect(() => encode(nest(65))).toThrowError(expect.objectContaining({ code: 'invalid-option' }) as Error);
  });
});

describe('the file', () => {
  // The checks of the reference implementation of safetensors, written anew without a line of the code under test.
  function readSafetensors(bytes: Uint8Array): {
    metadata: Record<string, string>;
    tensors: Record<string, [string, number[], number[]]>;
  } {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = Buffer.from(bytes.subarray(8, 8 + length)).toString('utf8');
    if (!text.startsWith('{') || (8 + length) % 8 !== 0) throw new Error('header');
    const { __metadata__, ...entries } = JSON.parse(text) as Record<string, never>;
    const widths: Record<string, number> = { F64: 8, F32: 4, I32: 4, U32: 4, I16: 2, U16: 2, I8: 1, U8: 1 };
    const sorted = Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(entries);
    sorted.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
    const tensors: Record<string, [string, number[], number[]]> = {};
    let at = 0;
    for (const [name, { dtype, shape, data_offsets }] of sorted) {
      const [start, end] = data_offsets;
      if (start !== at || end - start !== shape.reduce((a, b) => a * b, 1) * widths[dtype]) throw new Error('offsets');
      if (start % widths[dtype] !== 0) throw new Error('alignment');
      tensors[name] = [dtype, shape, [...bytes.subarray(8 + length + start, 8 + length + end)]];
      at = end;
    }
    if (8 + length + at !== bytes.length) throw new Error('not covered');
    return { metadata: __metadata__, tensors };
  }

  function arraysOf(state: State, path = ''): [string, StateArray][] {
    if (state === null || typeof state !== 'object') return [];
    if (ArrayBuffer.isView(state)) return [[path, state]];
    return Object.entries(state).flatMap(([key, value]: [string, State]) => arraysOf(value, `${path}/${key}`));
  }

  it('is what any reader of safetensors takes, with one tensor for each array', () => {
    expect(readSafetensors(encode(sample)).tensors).toEqual({
      '/weights/1': ['F64', [1], [24, 45, 68, 84, 251, 33, 9, 64]],
      '/weights/0': ['F32', [3], [0, 0, 128, 63, 0, 0, 32, 192, 0, 0, 192, 127]],
      '/bytes': ['U8', [3], [1, 2, 3]],
    });
    const plainKeyArb = fc.stringMatching(/^[a-z]{1,5}$/).filter((key) => key !== '__proto__');
    const treeArb = fc.dictionary(plainKeyArb, fc.oneof(arrayArb, fc.array(arrayArb, { maxLength: 3 })), { noNullPrototype: true });
    fc.assert(
      fc.property(treeArb, (state) => {
        const { tensors, metadata } = readSafetensors(encode(state));
        expect(metadata).toMatchObject({ format: '@scope/dqn', kind: 'test', version: '1' });
        const expected = arraysOf(state).map(([name, a]) => [name, [...new Uint8Array(a.buffer, a.byteOffset, a.byteLength)]]);
        expect(Object.fromEntries(Object.entries(tensors).map(([name, [, , data]]) => [name, data]))).toEqual(
          Object.fromEntries(expected),
        );
      }),
    );
  });

  it('is the same for the same state, byte for byte', () => {
    const text = Buffer.from(encode({ a: [NaN, -0], $: new Int16Array([1, -1]) })).toString('latin1');
    expect(text.slice(8)).toBe(
      '{"__metadata__":{"checksum":"10ad05bf","format":"@scope/dqn","kind":"test","version":"1",' +
        String.raw`"state":"{\"a\":[{\"$\":\"NaN\"},{\"$\":\"-0\"}],\"$$\":{\"$\":\"tensor\"}}"},` +
        '"/$":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}   \x01\x00\xff\xff',
    );
  });
});

describe('decodeArchive refuses', () => {
  it('every single flipped bit', () => {
    for (const state of [sample, null, new Uint8Array(0)]) {
      const bytes = encode(state);
      for (let i = 0; i < bytes.length * 8; i++) {
        bytes[i >> 3] ^= 1 << (i & 7);
        expect(refusal(bytes).code).toBe('invalid-checkpoint');
        bytes[i >> 3] ^= 1 << (i & 7);
      }
      decode(bytes);
    }
  });

  it('every truncation, and says so', () => {
    const bytes = encode(sample);
    for (let length = 0; length < bytes.length; length++) {
      const { code, remedy } = refusal(bytes.subarray(0, length));
      expect(code).toBe('invalid-checkpoint');
      expect(remedy).toContain('The end is missing');
    }
  });

  it('anything appended, and says so', () => {
    const { code, message } = refusal(new Uint8Array([...encode(sample), 0, 0]));
    expect(code).toBe('invalid-checkpoint');
    expect(message).toContain('2 more after them');
  });

  it('20,000 random mutations', () => {
    const random = new Random(1);
    const originals = [encode(sample), encode({ a: { b: [1, 2, { c: 'x' }] }, d: new Int16Array(3) }), encode(['$', { $: -0 }])];
    for (let round = 0; round < 20_000; round++) {
      const original = originals[round % originals.length];
      let bytes = original.slice();
      for (let changes = random.integer(4); changes >= 0; changes--) {
        const at = random.integer(bytes.length);
        const length = random.integer(8);
        const kind = random.integer(4);
        if (kind === 0) bytes[at] = random.integer(256);
        if (kind === 1) bytes.copyWithin(at, random.integer(bytes.length), random.integer(bytes.length));
        if (kind === 2)
          bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(Math.min(at + length, bytes.length - 1))]);
        if (kind === 3) bytes = new Uint8Array([...bytes.subarray(0, at + length), ...bytes.subarray(at)]);
      }
      if (Buffer.compare(bytes, original) === 0) continue;
      expect(refusal(bytes).code).toBe('invalid-checkpoint');
    }
  });

  it('or reads 20,000 mutations that carry a right checksum, and never fails otherwise', () => {
    const random = new Random(2);
    const original = encode({ weights: [new Float32Array(2), new Uint8Array(3)], rate: NaN, nested: { $x: [1, -0] } });
    for (let round = 0; round < 20_000; round++) {
      const bytes = original.slice();
      // Digits, brackets and letters that occur in the header: far more of these get past the first checks than random bytes.
      for (let changes = random.integer(3); changes >= 0; changes--) {
        bytes[37 + random.integer(bytes.length - 37)] = original[8 + random.integer(bytes.length - 8)];
      }
      try {
        decode(sign(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(DqnError);
        expect(refusedCodes).toContain((error as DqnError).code);
      }
    }
  });

  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, ...new Uint8Array(100)];
  const foreignHeader = '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const foreign = new Uint8Array([
    foreignHeader.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...new TextEncoder().encode(foreignHeader),
    0,
    0,
    0,
    0,
  ]);

  it.each([
    ['a PNG', new Uint8Array(png), 'another kind of file'],
    ['JSON', new TextEncoder().encode('{"weights":[1,2,3]}'), 'another kind of file'],
    ["someone else's safetensors", foreign, 'another kind of file'],
    ['nothing', new Uint8Array(0), 'none at all'],
    ['zeros', new Uint8Array(1000), 'another kind of file'],
    ['a string', '{"weights":1}', 'Uint8Array'],
    ['a buffer', new ArrayBuffer(8), 'an instance of ArrayBuffer'],
    ['null', null, 'null'],
  ])('%s', (_, bytes, words) => {
    const error = refusal(bytes as Uint8Array);
    expect(error.code).toBe('invalid-checkpoint');
    expect(error.message).toContain(words);
  });

  it('other kinds and versions, and says which', () => {
    const bytes = encodeArchive({ kind: 'replay', version: 2, state: null });
    expect(decodeArchive(bytes, { kind: 'replay', version: 2 })).toBe(null);
    for (const [as, words] of [
      [{ kind: 'agent', version: 2 }, 'expected a checkpoint of the kind "agent" but received "replay"'],
      [{ kind: 'replay', version: 1 }, 'a newer release'],
      [{ kind: 'replay', version: 3 }, 'an older release'],
    ] as const) {
      const error = refusal(bytes, as);
      expect(error.code).toBe('incompatible-checkpoint');
      expect(error.message).toContain(words);
    }
  });

  it('a huge header length', () => {
    for (const length of [0xffff_ffff_ffff_ffffn, 0x7fff_ffffn, 0x1_0000_0000n, 1n << 53n]) {
      const bytes = encode(sample);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      expect(refusal(bytes).code).toBe('invalid-checkpoint');
    }
  });

  const tensor = (name: string, length: number, start: number, end: number, dtype = 'F32') =>
    `,${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${length}],"data_offsets":[${start},${end}]}`;
  const two = String.raw`{"a":{"$":"tensor"},"b":{"$":"tensor"}}`;
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];

  it('takes the forged file that the next cases spoil', () => {
    expect(decode(forgeState('[1]'))).toEqual([1]);
    const good = forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 4, 4, 8, 'U8'), eight);
    expect(decode(good)).toEqual({ a: new Float32Array(new Uint8Array([1, 2, 3, 4]).buffer), b: new Uint8Array([5, 6, 7, 8]) });
  });

  it.each<[string, Uint8Array]>([
    ['overlapping tensors', forgeState(two, tensor('/a', 2, 0, 8) + tensor('/b', 1, 4, 8), eight)],
    ['a gap between tensors', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 2, 6, 8, 'U8'), eight)],
    ['tensors out of order', forgeState(two, tensor('/a', 1, 4, 8) + tensor('/b', 1, 0, 4), eight)],
    ['a tensor that ends after the file', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 2 ** 40, 4, 4 + 2 ** 42), eight)],
    ['a tensor that ends before it starts', forgeState(two, tensor('/a', 2, 0, 8) + tensor('/b', -1, 8, 4), eight)],
    ['a tensor that starts too early', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 1, 0, 8), eight)],
    ['a shape other than the bytes', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 2, 4, 8), eight)],
    ['an overflowing shape', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 2 ** 62, 4, 8), eight)],
    ['an unknown type', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 1, 4, 8, 'F31'), eight)],
    ['an inherited name as the type', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 1, 4, 8, 'constructor'), eight)],
    ['a tensor that is no object', forgeState(two, `${tensor('/a', 1, 0, 4)},"/b":null`, [1, 2, 3, 4])],
    ['a missing tensor', forgeState(two, tensor('/a', 1, 0, 4), [1, 2, 3, 4])],
    ['a tensor too many', forgeState('{"a":1}', tensor('/a', 1, 0, 4), [1, 2, 3, 4])],
    ['a nameless tensor too many', forgeState('{"$":"NaN"}', tensor('', 1, 0, 4), [1, 2, 3, 4])],
    ['a tensor named twice', forgeState(two, tensor('/a', 1, 0, 4) + tensor('/b', 1, 4, 8) + tensor('/b', 0, 8, 8), eight)],
    ['a tensor named __proto__', forgeState('{"a":{"$":"tensor"}}', tensor('__proto__', 1, 0, 4), [1, 2, 3, 4])],
    ['a state with a key twice', forgeState('{"a":1,"a":2}')],
    ['a state with __proto__', forgeState('{"__proto__":{"polluted":1}}')],
    ['a state with __proto__ inside', forgeState('[{"a":{"__proto__":null}}]')],
    ['a state with blanks', forgeState('[1, 2]')],
    ['a number too large', forgeState('[1e999]')],
    ['a number too precise', forgeState('[0.10000000000000000001]')],
    ['an unknown placeholder', forgeState('{"$":"function"}')],
    ['a placeholder with more in it', forgeState('{"$":"NaN","a":1}')],
    ['an inherited name as the placeholder', forgeState('{"$":"constructor"}')],
    ['an object as the placeholder', forgeState('{"$":{"$":"NaN"}}')],
    ['an unknown special key', forgeState('{"$a":1}')],
    ['a state that is not JSON', forgeState('{')],
    ['no state', forgeState('')],
    ['65 levels', forgeState('['.repeat(66) + ']'.repeat(66))],
    ['a bomb of arrays', forgeState('['.repeat(1_000_000))],
    ['a closed bomb of arrays', forgeState('['.repeat(1_000_000) + ']'.repeat(1_000_000))],
    ['a closed bomb of objects', forgeState('{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000))],
    ['a bomb in the header', forge(`{"__metadata__":${metadataOf('1')},"/a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`)],
    ['metadata with more in it', forge(`{"__metadata__":${metadataOf('1', { more: '' })}}`)],
    ['metadata with __proto__', forge(`{"__metadata__":${metadataOf('1').replace('"format"', '"__proto__"')}}`)],
    ['metadata of another format', forge(`{"__metadata__":${metadataOf('1', { format: 'pt' })}}`)],
    ['metadata that is not text', forge(`{"__metadata__":${metadataOf('1', { kind: ['test'] })}}`)],
    ['a version that is no number', forge(`{"__metadata__":${metadataOf('1', { version: '1.0' })}}`)],
    ['metadata twice', forge(`{"__metadata__":${metadataOf('1')},"__metadata__":${metadataOf('1')}}`)],
    ['a header that ends early', forge(`{"__metadata__":${metadataOf('1')}`)],
    ['a header with a tail', forge(`{"__metadata__":${metadataOf('1')}}x`)],
    ['a header without padding', forge(`{"__metadata__":${metadataOf('"abc"')}}`, [], 1)],
    ['a header with too much padding', forge(`{"__metadata__":${metadataOf('1')}}         `)],
    ['a header that is not UTF-8', sign(forgeState('"aaaa"').map((byte) => (byte === 0x61 ? 0xff : byte)))],
  ])('%s', (_, bytes) => {
    expect(refusal(bytes).code).toBe('invalid-checkpoint');
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
  });
});

describe('parts', () => {
  it('are the bytes, and all but the first are the arrays themselves', () => {
    fc.assert(
      fc.property(stateArb, (state) => {
        const parts = encodeArchiveParts({ ...label, state });
        expect(joinParts(parts)).toEqual(encode(state));
        checkArchive(parts);
      }),
    );
    const values = new Float64Array([1, 2, 3]).subarray(1);
    const [, part, ...more] = encodeArchiveParts({ ...label, state: { values } });
    expect(more).toEqual([]);
    expect([part.buffer, part.byteOffset, part.byteLength]).toEqual([values.buffer, 8, 16]);
  });

  it('are checked wherever they are cut behind the header', () => {
    const bytes = encode({ a: new Uint8Array(40).fill(7), b: 'text' });
    const start = 8 + new DataView(bytes.buffer).getUint32(0, true);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), fc.nat({ max: bytes.length - 1 }), (cuts, broken) => {
        const ends = [...cuts.map((cut) => start + cut).sort((a, b) => a - b), bytes.length];
        const cutUp = (from: Uint8Array) => ends.map((end, i) => from.slice(i === 0 ? 0 : ends[i - 1], end));
        checkArchive(cutUp(bytes));
        const damaged = bytes.slice();
        damaged[broken] ^= 4;
        expect(() => checkArchive(cutUp(damaged))).toThrow(DqnError);
        expect(() => checkArchive(cutUp(bytes).slice(0, -1).concat(new Uint8Array(broken)))).toThrow(DqnError);
      }),
    );
    expect(() => checkArchive([])).toThrow('none at all');
    expect(() => checkArchive([bytes, 'more'] as never)).toThrow('as a Uint8Array');
  });
});
