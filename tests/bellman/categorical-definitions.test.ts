import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainCategoricalRows } from '../../src/bellman/categorical-plain.ts';
import type { Support } from '../../src/bellman/categorical-projection.ts';
import { categoricalRows, type CategoricalLossInput, type CategoricalTargetInput } from '../../src/bellman/categorical-rows.ts';
import { CategoricalKernels, instantiateKernels, SimdCategoricalRows } from '../../src/bellman/categorical-simd.ts';
import { KERNELS } from '../../src/bellman/kernels.generated.ts';
import { Random } from '../../src/common/random.ts';
import { guarded, guardedFields, guardingArrays } from '../support/guarded.ts';
import { headBatchArb } from '../support/head-inputs.ts';

const implementations = [
  ['plain', (support: Support) => guardingArrays(() => new PlainCategoricalRows(support))],
  ['SIMD', (support: Support) => new SimdCategoricalRows(support, instantiateKernels()!)],
] as const;

const row = (values: Float32Array, i: number, width: number) => Array.from(values.subarray(i * width, (i + 1) * width));

function softmax(logits: readonly number[]): number[] {
  const shift = Math.max(...logits);
  const exps = logits.map((x) => Math.exp(x - shift));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / sum);
}

/** The support's values. */
const values = ({ atoms, vMin, vMax }: Support) =>
  Array.from({ length: atoms }, (_, i) => vMin + (i * (vMax - vMin)) / (atoms - 1));

const mean = (support: Support, p: readonly number[]) => values(support).reduce((sum, z, i) => sum + z * p[i], 0);

/** Each atom's mass to its neighbours by the triangle of eq. 7 of Bellemare et al. 2017; and what falls outside. */
function naiveTargets(support: Support, { batch, actions, rewards, discounts, nextOutputs, nextPolicy }: CategoricalTargetInput) {
  const { atoms, vMin, vMax } = support;
  const spacing = (vMax - vMin) / (atoms - 1);
  let clipped = 0;
  const targets = Array.from({ length: batch }, (_, b) => {
    const masses: [place: number, mass: number][] = [];
    for (let a = 0; a < actions; a++) {
      const p = softmax(row(nextOutputs, b * actions + a, atoms));
      const share = nextPolicy[b * actions + a];
      if (discounts[b] !== 0 && share !== 0)
        values(support).forEach((z, i) => masses.push([rewards[b] + discounts[b] * z, share * p[i]]));
    }
    if (masses.length === 0) masses.push([rewards[b], 1]);
    for (const [place, mass] of masses) if (place < vMin - 1e-6 * spacing || place > vMax + 1e-6 * spacing) clipped += mass;
    return values(support).map((z) =>
      masses.reduce((sum, [place, mass]) => {
        const held = Math.min(vMax, Math.max(vMin, place));
        return sum + mass * Math.max(0, 1 - Math.abs(held - z) / spacing);
      }, 0),
    );
  });
  return { targets: targets.flat(), clipped: clipped / batch };
}

function naiveLoss(support: Support, { batch, actions, outputs, taken, targets, weights }: CategoricalLossInput) {
  const { atoms } = support;
  const gradient = Array.from(outputs, () => 0);
  const losses: number[] = [];
  const tdErrors: number[] = [];
  const estimates: number[] = [];
  for (let b = 0; b < batch; b++) {
    const at = b * actions + taken[b];
    const p = softmax(row(outputs, at, atoms));
    const m = row(targets, b, atoms);
    m.forEach((mass, i) => (gradient[at * atoms + i] = ((p[i] - mass) * weights[b]) / batch));
    losses.push(-m.reduce((sum, mass, i) => sum + mass * Math.log(p[i]), 0));
    tdErrors.push(m.reduce((sum, mass, i) => sum + (mass === 0 ? 0 : mass * Math.log(mass / p[i])), 0));
    estimates.push(mean(support, p));
  }
  return { gradient, losses, tdErrors, estimates };
}

function expectNear(received: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(received.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(received[i] - expected[i]);
    if (!(off <= 2e-5 * Math.max(1, Math.abs(expected[i])))) expect(received[i], `${what}[${i}]`).toBe(expected[i]);
  }
}

const caseArb = fc
  .tuple(fc.constantFrom(2, 3, 4, 5, 8, 11), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 20 }))
  .chain(([atoms, vMin, width]) =>
    fc.tuple(
      fc.constant({ atoms, vMin, vMax: vMin + width }),
      headBatchArb((actions) => actions * atoms, 8),
    ),
  );

describe.each(implementations)('categorical rows, %s', (_name, make) => {
  const check = (support: Support, batch: CategoricalTargetInput & Omit<CategoricalLossInput, 'targets'>) => {
    const rows = make(support);
    const count = batch.batch * batch.actions;
    const means = new Float32Array(count);
    rows.means(guarded(batch.outputs), count, guarded(means));
    expectNear(
      means,
      Array.from(means, (_, i) => mean(support, softmax(row(batch.outputs, i, support.atoms)))),
      'means',
    );
    const targets = new Float32Array(batch.batch * support.atoms).fill(7);
    const clipped = rows.targets(guardedFields(batch), guarded(targets));
    const wanted = naiveTargets(support, batch);
    expectNear(targets, wanted.targets, 'targets');
    expectNear([clipped], [wanted.clipped], 'clipped');
    const out = {
      gradient: new Float32Array(batch.outputs.length),
      losses: new Float32Array(batch.batch),
      tdErrors: new Float32Array(batch.batch),
      estimates: new Float32Array(batch.batch),
    };
    rows.loss(guardedFields({ ...batch, targets }), guardedFields(out));
    for (const [name, expected] of Object.entries(naiveLoss(support, { ...batch, targets })))
      expectNear(out[name as keyof typeof out], expected, name);
    expect(out.tdErrors.every((error) => error >= 0)).toBe(true);
  };

  it('agree with the definitions in float64', () => {
    fc.assert(fc.property(caseArb, ([support, batch]) => check(support, batch)));
  });

  it('agree with them on batches of any size, one after another', () => {
    const random = new Random(1);
    const floats = (length: number) => Float32Array.from({ length }, () => random.normal());
    for (const [batch, actions, atoms] of [
      [3, 2, 51],
      [40, 6, 51],
      [1, 1, 2],
      [128, 9, 51],
      [2, 3, 21],
    ]) {
      const nextPolicy = new Float32Array(batch * actions);
      for (let b = 0; b < batch; b++) if (b % 5 !== 4) nextPolicy[b * actions + (b % actions)] = 1;
      check(
        { atoms, vMin: -2, vMax: 3 },
        {
          batch,
          actions,
          rewards: floats(batch),
          discounts: Float32Array.from({ length: batch }, (_, b) => (b % 3 === 1 ? 0 : 0.9)),
          nextOutputs: floats(batch * actions * atoms),
          nextPolicy,
          outputs: floats(batch * actions * atoms),
          taken: Int32Array.from({ length: batch }, (_, b) => (b * 7) % actions),
          weights: Float32Array.from({ length: batch }, (_, b) => 1 / (1 + (b % 4))),
        },
      );
    }
  });

  it('take for clipped what leaves by more than a millionth of the spacing', () => {
    const rows = make({ atoms: 2, vMin: 0, vMax: 1e6 });
    const clipped = (reward: number) =>
      rows.targets(
        {
          batch: 1,
          actions: 1,
          rewards: Float32Array.of(reward),
          discounts: Float32Array.of(1),
          nextOutputs: new Float32Array(2),
          nextPolicy: Float32Array.of(1),
        },
        new Float32Array(2),
      );
    expect([-1, -1.001, 1, 1.001].map(clipped)).toEqual([0, 0.5, 0, 0.5]);
  });

  it('let a terminated transition be its reward whatever the network says, and NaN through elsewhere', () => {
    const support = { atoms: 3, vMin: 0, vMax: 2 };
    const targets = new Float32Array(6);
    const input = { batch: 2, actions: 1, rewards: Float32Array.of(0.5, 0.5), nextPolicy: Float32Array.of(1, 1) };
    const nextOutputs = new Float32Array(6).fill(NaN);
    make(support).targets({ ...input, discounts: Float32Array.of(0, 1), nextOutputs }, targets);
    expect([...targets.subarray(0, 3)]).toEqual([0.5, 0.5, 0]);
    expect(targets.subarray(3).some(Number.isNaN)).toBe(true);
  });
});

/** Kernels of their own that tell what was written since memory was last reserved. */
class WatchedKernels extends CategoricalKernels {
  #end = 0;

  constructor() {
    const bytes = Uint8Array.from(KERNELS.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    super(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as CategoricalKernels['run']);
  }

  override reserve(end: number): void {
    super.reserve(end);
    this.#end = end;
    new Uint8Array(this.f32.buffer, this.base).fill(0xa5);
  }

  /** Whether the last word that was reserved was written, and nothing behind it. */
  get used(): { readonly last: boolean; readonly behind: boolean } {
    const bytes = new Uint8Array(this.f32.buffer);
    return {
      last: bytes.subarray(this.#end - 4, this.#end).some((byte) => byte !== 0xa5),
      behind: bytes.subarray(this.#end).some((byte) => byte !== 0xa5),
    };
  }
}

describe('the kernels of categorical rows', () => {
  it('are given all the memory that they write to, and no more', () => {
    const kernels = new WatchedKernels();
    fc.assert(
      fc.property(caseArb, ([support, batch]) => {
        const rows = new SimdCategoricalRows(support, kernels);
        const count = batch.batch * batch.actions;
        rows.means(batch.outputs, count, new Float32Array(count));
        expect(kernels.used).toEqual({ last: true, behind: false });
        const targets = new Float32Array(batch.batch * support.atoms);
        rows.targets(batch, targets);
        const bootstraps = [...batch.discounts, ...batch.nextPolicy].every((x) => x !== 0);
        expect(kernels.used).toEqual({ last: bootstraps, behind: false });
        const [losses, tdErrors, estimates] = [0, 1, 2].map(() => new Float32Array(batch.batch));
        rows.loss({ ...batch, targets }, { gradient: new Float32Array(batch.outputs.length), losses, tdErrors, estimates });
        expect(kernels.used).toEqual({ last: true, behind: false });
      }),
    );
  });

  it('are there, once, and are what is used', () => {
    const kernels = instantiateKernels();
    expect(kernels).toBeDefined();
    expect(instantiateKernels()).toBe(kernels);
    expect(categoricalRows({ atoms: 3, vMin: 0, vMax: 1 })).toBeInstanceOf(SimdCategoricalRows);
  });

  it('give the same view of their memory again where the same is asked for, and make no room that they have', () => {
    const kernels = instantiateKernels()!;
    const view = kernels.view(64, 5);
    expect([view.byteOffset, view.length]).toEqual([64, 5]);
    expect(kernels.view(64, 5)).toBe(view);
    expect(kernels.view(64, 6).length).toBe(6);
    expect(kernels.view(80, 6).byteOffset).toBe(80);
    const before = kernels.f32;
    const bytes = before.byteLength;
    const room = bytes - 64;
    kernels.reserve(room);
    expect(kernels.f32).toBe(before);
    kernels.reserve(room + 1);
    expect(kernels.f32.byteLength).toBe(bytes + 65536);
    kernels.reserve(room + 65536 + 65536);
    expect(kernels.f32.byteLength).toBe(bytes + 2 * 65536);
    kernels.reserve(room + 2 * 65536 + 65537);
    expect(kernels.f32.byteLength).toBe(bytes + 4 * 65536);
    expect([kernels.f64.byteLength, kernels.i32.byteLength]).toEqual([kernels.f32.byteLength, kernels.f32.byteLength]);
    expect(kernels.view(80, 6).buffer).toBe(kernels.f32.buffer);
  });
});
