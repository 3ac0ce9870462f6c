import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseRescale } from '../../src/bellman/value-rescaling.ts';
import { categorical } from '../../src/heads/categorical.ts';
import { conservative } from '../../src/heads/conservative.ts';
import { expected } from '../../src/heads/expected.ts';
import { implicitQuantile } from '../../src/heads/implicit-quantile.ts';
import { quantile } from '../../src/heads/quantile.ts';
import type { ValueHead } from '../../src/heads/value-head.ts';
import { checkValueHead } from '../../src/testing/index.ts';
import { headBatchArb, lossOf, slopesOf, sum, targetsOf } from '../support/head-inputs.ts';

const heads: readonly [string, ValueHead][] = [
  ['expected', expected()],
  ['expected, squared', expected({ loss: 'squared' })],
  ['expected, rescaled', expected({ rescale: true })],
  ['categorical', categorical({ atoms: 5, vMin: -3, vMax: 2 })],
  ['quantile', quantile({ quantiles: 3 })],
];

/** Q(s, ·) of one row in double precision. */
function naiveValues(head: ValueHead, row: readonly number[], actions: number): number[] {
  return Array.from({ length: actions }, (_, a) => {
    const own = row.slice(a * head.width, (a + 1) * head.width);
    if (head.kind === 'expected') return head.settings?.rescale ? inverseRescale(own[0]) : own[0];
    if (head.kind === 'quantile') return sum(own) / own.length;
    const masses = own.map(Math.exp);
    return sum(masses.map((mass, i) => mass * (-3 + (5 * i) / 4))) / sum(masses);
  });
}

describe.each(heads)('pullBack of %s', (_, head) => {
  it('is the slope of any function of the Q-values', () => {
    fc.assert(
      fc.property(
        headBatchArb((actions) => actions * head.width),
        fc.integer({ min: -3, max: 3 }),
        ({ batch, actions, outputs }, c) => {
          const weights = Float32Array.from({ length: batch * actions }, (_unused, i) => c + (i % 3) / 2);
          const gradient = new Float32Array(outputs.length).fill(1);
          head.pullBack?.(outputs, batch, actions, weights, gradient);
          const size = actions * head.width;
          for (let b = 0; b < batch; b++) {
            const f = (row: number[]) => sum(naiveValues(head, row, actions).map((q, a) => q * weights[b * actions + a]));
            const slopes = slopesOf(f, outputs.subarray(b * size, (b + 1) * size));
            slopes.forEach((slope, i) => {
              // h⁻¹ has a kink at 0.
              if (head.settings?.rescale && outputs[b * size + i] === 0) return;
              expect(gradient[b * size + i] - 1).toBeCloseTo(slope, 3);
            });
          }
        },
      ),
    );
  });
});

describe.each(heads)('conservative around %s', (_, head) => {
  const batchArb = headBatchArb((actions) => actions * head.width);

  it('keeps the contract of heads, but that other actions learn too', () => {
    // Rescaled values are steep, and their TD errors are those of the outputs.
    const options = head.settings?.rescale ? { outputs: { min: -0.5, max: 0.5 } } : {};
    const allowed = ['untaken-actions', 'fixed-point', ...(head.settings?.rescale ? ['td-errors'] : [])];
    for (const alpha of [0.5, 2]) {
      const { problems } = checkValueHead(conservative(head, { alpha }), { ...options, targetValue: false });
      expect(problems.filter(({ rule }) => !allowed.includes(rule))).toEqual([]);
    }
  });

  it('is the head itself for α = 0', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const own = conservative(head, { alpha: 0 });
        const targets = targetsOf(head, input);
        expect(targetsOf(own, input)).toEqual(targets);
        expect(lossOf(own, { ...input, targets })).toEqual(lossOf(head, { ...input, targets }));
        expect(own.readsTakenAlone).toBe(head.readsTakenAlone);
      }),
    );
  });

  it('adds α (log Σ exp Q − Q(s, a)), each row by its weight', () => {
    fc.assert(
      fc.property(batchArb, fc.constantFrom(0.25, 1, 3), (input, alpha) => {
        const targets = targetsOf(head, input);
        const [plain, whole] = [head, conservative(head, { alpha })].map((each) => lossOf(each, { ...input, targets }));
        const { batch, actions, outputs, taken, weights } = input;
        const size = actions * head.width;
        for (let b = 0; b < batch; b++) {
          const penalty = (row: number[]) => {
            const q = naiveValues(head, row, actions);
            return alpha * (Math.log(sum(q.map(Math.exp))) - q[taken[b]]);
          };
          const row = outputs.slice(b * size, (b + 1) * size);
          expect(whole.losses[b] - plain.losses[b]).toBeCloseTo(penalty([...row]), 3);
          slopesOf(penalty, row).forEach((slope, i) => {
            if (head.settings?.rescale && row[i] === 0) return;
            const added = whole.gradient[b * size + i] - plain.gradient[b * size + i];
            expect(added).toBeCloseTo((slope * weights[b]) / batch, 3);
          });
        }
        expect(whole.tdErrors).toEqual(plain.tdErrors);
        expect(whole.estimates).toEqual(plain.estimates);
      }),
    );
  });
});

describe('conservative', () => {
  it.each<[string, ValueHead]>([heads[0] as [string, ValueHead], heads[4] as [string, ValueHead]])(
    'pushes down as much as it pushes up: %s',
    (_, head) => {
      fc.assert(
        fc.property(
          headBatchArb((actions) => actions * head.width),
          (input) => {
            const targets = targetsOf(head, input);
            const [plain, whole] = [head, conservative(head, { alpha: 2 })].map((each) => lossOf(each, { ...input, targets }));
            const size = input.actions * head.width;
            for (let b = 0; b < input.batch; b++) {
              const added = Array.from(
                { length: size },
                (_unused, i) => whole.gradient[b * size + i] - plain.gradient[b * size + i],
              );
              expect(Math.abs(sum(added))).toBeLessThan(1e-5);
            }
          },
        ),
      );
    },
  );

  it('means by its outputs what the head within means', () => {
    const head = quantile({ quantiles: 7 });
    expect(conservative(head)).toMatchObject({
      kind: 'quantile',
      width: 7,
      targetWidth: 7,
      settings: head.settings,
      alpha: 1,
      inner: head,
    });
    expect(conservative(head).readsTakenAlone).toBe(false);
  });

  it('goes around itself', () => {
    fc.assert(
      fc.property(
        headBatchArb((actions) => actions),
        (input) => {
          const targets = targetsOf(expected(), input);
          const [twice, once] = [conservative(conservative(expected()), { alpha: 2 }), conservative(expected(), { alpha: 3 })];
          const [a, b] = [twice, once].map((each) => lossOf(each, { ...input, targets }));
          a.gradient.forEach((x, i) => expect(x).toBeCloseTo(b.gradient[i], 5));
        },
      ),
    );
  });

  it('refuses heads that do not tell how values depend on outputs, and an α that is none', () => {
    expect(() => conservative(implicitQuantile())).toThrow(
      expect.objectContaining({ code: 'invalid-option', where: 'conservative(head)' }),
    );
    for (const alpha of [-1, NaN, Infinity]) {
      expect(() => conservative(expected(), { alpha })).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: 'conservative(alpha)' }),
      );
    }
  });
});
