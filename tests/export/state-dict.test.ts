import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categorical, createAgent, expected, mlp, quantile } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import type { LayerSpec, NamedTensor, NetworkSpec, ValueHead } from '../../src/index.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  fromStateDict,
  policyOf,
  toStateDict,
  type PolicyNetwork,
  type StateDictLayout,
} from '../../src/export/index.ts';
import { expectClose } from '../support/closeness.ts';
import { ownValues, policyWith } from '../support/policies.ts';
import { wordsOf } from '../support/words.ts';

const folder = join(import.meta.dirname, '../reference/torch');

interface Fixture {
  readonly shape: readonly number[];
  readonly inputs: readonly number[];
  readonly outputs: readonly (readonly number[])[];
}

const dense = (...units: number[]): LayerSpec[] =>
  units.map((each, i) => ({ kind: 'dense', units: each, ...(i < units.length - 1 && { activation: 'relu' }) }));
const convolutions: LayerSpec[] = [
  { kind: 'conv2d', filters: 4, kernelSize: 8, strides: 4, activation: 'relu' },
  { kind: 'conv2d', filters: 6, kernelSize: 4, strides: 2, activation: 'relu' },
  { kind: 'conv2d', filters: 5, kernelSize: 3, activation: 'relu' },
];
const vector = (...units: number[]): NetworkSpec => ({ inputShape: [4], layers: dense(...units) });
const image = (...units: number[]): NetworkSpec => ({
  inputShape: [44, 52, 2],
  inputScale: 1 / 255,
  layers: [...convolutions, ...dense(...units)],
});
const c51 = categorical({ atoms: 6, vMin: -5, vMax: 10 });

/** The networks that make_fixtures.py made, as they are here. */
const cases: readonly (readonly [name: string, layout: StateDictLayout, spec: NetworkSpec, head: ValueHead, actions: number])[] = [
  ['sb3-mlp', 'stable-baselines3', vector(9, 8, 3), expected(), 3],
  ['sb3-cnn', 'stable-baselines3', image(7, 3), expected(), 3],
  ['sb3-qrdqn-mlp', 'stable-baselines3', vector(9, 15), quantile({ quantiles: 5 }), 3],
  ['cleanrl-dqn', 'cleanrl', vector(12, 8, 2), expected(), 2],
  ['cleanrl-dqn-atari', 'cleanrl', image(7, 3), expected(), 3],
  ['cleanrl-c51', 'cleanrl', vector(12, 8, 12), c51, 2],
  ['cleanrl-c51-atari', 'cleanrl', image(7, 18), c51, 3],
];

/** Images of PyTorch `[N, C, H, W]` with their channels last. */
function channelsLast({ shape, inputs }: Fixture): Float32Array {
  if (shape.length === 2) return Float32Array.from(inputs);
  const [count, channels, height, width] = shape;
  const result = new Float32Array(inputs.length);
  let at = 0;
  for (let n = 0; n < count; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++) result[at++] = inputs[((n * channels + c) * height + y) * width + x];
  return result;
}

describe.each(cases)('a network of PyTorch: %s', (name, layout, spec, head, actions) => {
  const state = decodeSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  const fixture = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Fixture;

  it('gives here what it gives there', () => {
    const policy = fromStateDict(policyWith(spec, head, actions), state, { layout });
    const { q } = ownValues(policy, channelsLast(fixture), fixture.shape[0]);
    expectClose(q, fixture.outputs.flat(), { relative: 1e-5, floor: 1, name });
  });

  it('goes back tensor for tensor', () => {
    const back = toStateDict(fromStateDict(policyWith(spec, head, actions), state, { layout }), { layout });
    const online = ({ name: each }: NamedTensor) => !/_target\./.test(each);
    const sorted = (tensors: readonly NamedTensor[]) =>
      tensors
        .filter(online)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name: each, shape, values }) => [each, shape, values.map(Math.fround)]);
    expect(back.map((tensor) => tensor.name).sort()).toEqual(state.map((tensor) => tensor.name).sort());
    const [ours, theirs] = [sorted(back), sorted(state)];
    for (const [i, [each, shape, values]] of ours.entries()) {
      expect([each, shape]).toEqual(theirs[i].slice(0, 2));
      expectClose(values as Float32Array, theirs[i][2] as Float32Array, { relative: 1e-6, name: each as string });
    }
    for (const { name: each, values } of back.filter((tensor) => !online(tensor))) {
      expect(values).toEqual(back.find((tensor) => tensor.name === each.replace('_target', ''))?.values);
    }
  });
});

describe('a state_dict', () => {
  const spec = vector(5, 2);
  const policy = policyWith(spec, expected(), 2);
  const state = toStateDict(policy, { layout: 'cleanrl' });
  const from = (tensors: readonly NamedTensor[], template: PolicyNetwork = policy) =>
    wordsOf(() => fromStateDict(template, tensors, { layout: 'cleanrl' }));
  const change = (name: string, by: (tensor: NamedTensor) => Partial<NamedTensor>) =>
    state.map((tensor) => (tensor.name === name ? { ...tensor, ...by(tensor) } : tensor));

  it('goes into an agent, which then acts by it', async () => {
    const agent = await createAgent(new CartPole(), { network: mlp({ hidden: [12, 8] }), seed: 1 });
    const tensors = decodeSafetensors(readFileSync(join(folder, 'cleanrl-dqn.safetensors')));
    const { weights } = fromStateDict(await policyOf(agent), tensors, { layout: 'cleanrl' });
    agent.online.setWeights(weights);
    const { inputs, outputs } = JSON.parse(readFileSync(join(folder, 'cleanrl-dqn.json'), 'utf8')) as Fixture;
    expectClose(agent.qValues(Float32Array.from(inputs.slice(0, 4))), outputs[0], { relative: 1e-5, floor: 1 });
  });

  it('is refused where a tensor is missing, of another shape, unknown or not finite', () => {
    expect(from(state.slice(1))).toMatch(
      /^incompatible-checkpoint: fromStateDict\(tensors\): expected a tensor network\.0\.weight of shape \[5, 4\] but received none of that name among network\.0\.bias/,
    );
    expect(from([])).toMatch(/network\.0\.weight of shape \[5, 4\] but received none of that name among none/);
    expect(from(change('network.2.weight', () => ({ shape: [5, 2] })))).toMatch(
      /^incompatible-checkpoint: .*network\.2\.weight of shape \[2, 5\] but received one of shape \[5, 2\]/,
    );
    expect(from(change('network.2.bias', () => ({ values: new Float32Array(3) })))).toMatch(/2 numbers in network\.2\.bias/);
    expect(from([...state, { name: 'network.4.weight', shape: [1], values: new Float32Array(1) }])).toMatch(
      /^incompatible-checkpoint: .*no tensor but those of this network but received network\.4\.weight/,
    );
    expect(from(change('network.0.bias', ({ values }) => ({ values: values.with(3, NaN) })))).toMatch(
      /^diverged: .*finite numbers in network\.0\.bias but received NaN at index 3/,
    );
    expect(wordsOf(() => fromStateDict(policy, state, { layout: 'stable-baselines3' }))).toMatch(/q_net\.q_net\.0\.weight/);
  });

  it('is refused where its atoms are others', () => {
    const template = policyWith(vector(12), c51, 2);
    const tensors = toStateDict(template, { layout: 'cleanrl' });
    const moved = policyWith(vector(12), categorical({ atoms: 6, vMin: -5, vMax: 11 }), 2);
    expect(from(tensors, moved)).toMatch(
      /^incompatible-checkpoint: .*expected -1\.\d* at index 1 of atoms, as of the policy's head but received -2/,
    );
  });

  it.each<[string, NetworkSpec, ValueHead, number, StateDictLayout, RegExp]>([
    [
      'dueling',
      { inputShape: [4], layers: [{ kind: 'dueling', actions: 2, value: dense(1), advantage: dense(2) }] },
      expected(),
      2,
      'cleanrl',
      /dueling in layers\.0/,
    ],
    [
      'normalisation',
      { inputShape: [4], layers: [{ kind: 'layerNorm' }, ...dense(2)] },
      expected(),
      2,
      'cleanrl',
      /layerNorm in layers\.0/,
    ],
    ['noise', { inputShape: [4], layers: [{ kind: 'noisyDense', units: 2 }] }, expected(), 2, 'cleanrl', /noisyDense in layers\.0/],
    [
      'padding',
      {
        inputShape: [5, 5, 1],
        layers: [{ kind: 'conv2d', filters: 1, kernelSize: 3, padding: 'same', activation: 'relu' }, ...dense(2)],
      },
      expected(),
      2,
      'cleanrl',
      /padding in layers\.0/,
    ],
    [
      'a linear hidden layer',
      { inputShape: [4], layers: [{ kind: 'dense', units: 3 }, ...dense(2)] },
      expected(),
      2,
      'cleanrl',
      /layers\.0 without an activation/,
    ],
    [
      'an activation at the end',
      { inputShape: [4], layers: [{ kind: 'dense', units: 2, activation: 'relu' }] },
      expected(),
      2,
      'cleanrl',
      /layers\.0 with an activation/,
    ],
    [
      'a convolution at the end',
      { inputShape: [2, 2, 1], layers: [{ kind: 'conv2d', filters: 2, kernelSize: 2 }] },
      expected(),
      2,
      'cleanrl',
      /a convolution at the end/,
    ],
    [
      'one dense layer behind convolutions',
      { inputShape: [2, 2, 1], layers: [{ kind: 'conv2d', filters: 2, kernelSize: 2, activation: 'relu' }, ...dense(2)] },
      expected(),
      2,
      'stable-baselines3',
      /two dense layers behind the convolutions/,
    ],
    ['quantiles', vector(4), quantile({ quantiles: 2 }), 2, 'cleanrl', /expected or categorical but received quantile/],
    ['categories', vector(12), c51, 2, 'stable-baselines3', /expected or quantile but received categorical/],
    ['rescaled values', vector(2), expected({ rescale: true }), 2, 'cleanrl', /rescaled values/],
    [
      'another layout',
      vector(2),
      expected(),
      2,
      'rllib' as StateDictLayout,
      /toStateDict\(\{ layout \}\): expected 'stable-baselines3' or 'cleanrl' but received "rllib"/,
    ],
  ])('is refused for what the other library does not have: %s', (_, network, head, actions, layout, words) => {
    expect(wordsOf(() => toStateDict(policyWith(network, head, actions), { layout }))).toMatch(words);
    expect(wordsOf(() => toStateDict(policyWith(network, head, actions), { layout }))).toMatch(/^invalid-option/);
  });

  it('is refused for several estimates', () => {
    expect(wordsOf(() => toStateDict(policyWith(vector(4), expected(), 2, 2), { layout: 'cleanrl' }))).toMatch(/2 estimates/);
  });
});

describe('safetensors', () => {
  const shapeArb = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  const tensorArb: fc.Arbitrary<NamedTensor> = shapeArb.chain((shape) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = fc.float32Array({ minLength: length, maxLength: length });
    return fc.record({
      name: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `t${text}`),
      shape: fc.constant(shape),
      values,
    });
  });

  it('give back what was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(tensorArb, { selector: ({ name }) => name, maxLength: 5 }), (tensors) => {
        const bytes = encodeSafetensors(tensors);
        expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
        expect(decodeSafetensors(bytes)).toEqual(tensors);
      }),
    );
  });

  /** A file with one tensor. */
  const file = (dtype: string, numbers: ArrayBufferView, change: object = {}, length = 2, metadata = {}) => {
    const size = numbers.byteLength;
    const header = JSON.stringify({ __metadata__: metadata, x: { dtype, shape: [length], data_offsets: [0, size], ...change } });
    const bytes = new Uint8Array(8 + header.length + size);
    new DataView(bytes.buffer).setUint32(0, header.length, true);
    bytes.set(new TextEncoder().encode(header), 8);
    bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, size), 8 + header.length);
    return bytes;
  };

  it('are read in every width', () => {
    expect(decodeSafetensors(file('F64', Float64Array.of(0.1, -2)))[0].values).toEqual(Float32Array.of(0.1, -2));
    // IEEE 754 binary16: 1, the smallest number, the largest, infinities, −0.1 and zero.
    const half = Uint16Array.of(0x3c00, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0xae66, 0x8000);
    expect([...decodeSafetensors(file('F16', half, {}, 7))[0].values]).toEqual([
      1,
      2 ** -24,
      65504,
      Infinity,
      -Infinity,
      -0.0999755859375,
      -0,
    ]);
    expect(decodeSafetensors(file('F16', Uint16Array.of(0x7e00), {}, 1))[0].values).toEqual(Float32Array.of(NaN));
    expect([...decodeSafetensors(file('BF16', Uint16Array.of(0x3f80, 0xc049)))[0].values]).toEqual([1, -3.140625]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no bytes', 'x', /^invalid-checkpoint: .*a Uint8Array but received "x"/],
    ['too few', new Uint8Array(5), /only 5 bytes/],
    ['a header beyond the end', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 1), /a header of 1844\d+ bytes/],
    ['a header that is not JSON', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7b), /a header in JSON/],
    ['a list as header', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x5b, 0x5d), /a header but received an array/],
    [
      'whole numbers',
      file('I64', BigInt64Array.of(1n, 2n)),
      /^incompatible-checkpoint: .*F64, F32, F16, BF16 in "x" but received "I64"/,
    ],
    ['a type by another name', file('toString', Float32Array.of(1, 2)), /received "toString"/],
    ['no shape', file('F32', Float32Array.of(1, 2), { shape: -1 }), /a shape of "x"/],
    ['a negative size', file('F32', Float32Array.of(1, 2), { shape: [-1, -2] }), /a shape of "x"/],
    ['no offsets', file('F32', Float32Array.of(1, 2), { data_offsets: [0] }), /two offsets of "x"/],
    ['a shape too large', file('F32', Float32Array.of(1, 2), { shape: [3] }), /12 bytes of "x" but received 8/],
    ['numbers beyond the end', file('F32', Float32Array.of(1, 2), { data_offsets: [4, 12] }), /up to byte 12 but received 8 bytes/],
    ['a gap', file('F32', Float32Array.of(1, 2), { shape: [1], data_offsets: [4, 8] }), /"x" from byte 0 but received from byte 4/],
    [
      'bytes that belong to nothing',
      file('F32', Float32Array.of(1, 2), { shape: [1], data_offsets: [0, 4] }),
      /4 bytes of numbers but received 8/,
    ],
    ['a tensor that is none', file('F32', new Float32Array(0), { dtype: undefined, shape: [0] }), /received undefined/],
  ])('are refused in words: %s', (_, bytes, words) => {
    expect(wordsOf(() => decodeSafetensors(bytes as Uint8Array))).toMatch(words);
  });

  it('survive any damage: either it is refused in words, or the same names and shapes come out', () => {
    const sound = encodeSafetensors([{ name: 'a', shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }]);
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? sound.slice(0, at) : sound.with(at, value);
        try {
          expect(decodeSafetensors(bytes).every(({ shape, values }) => values.length === shape.reduce((x, y) => x * y, 1))).toBe(
            true,
          );
        } catch (error) {
          expect(error).toMatchObject({ name: 'DqnError' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses two tensors of one name, and numbers that do not fit a shape', () => {
    const tensor = { name: 'a', shape: [2], values: new Float32Array(2) };
    expect(wordsOf(() => encodeSafetensors([tensor, tensor]))).toMatch(
      /^invalid-option: .*a name of its own for each tensor but received "a"/,
    );
    expect(wordsOf(() => encodeSafetensors([{ ...tensor, name: '__metadata__' }]))).toMatch(/__metadata__/);
    expect(wordsOf(() => encodeSafetensors([{ ...tensor, shape: [3] }]))).toMatch(
      /3 numbers in "a" but received Float32Array\(2\)/,
    );
  });
});
