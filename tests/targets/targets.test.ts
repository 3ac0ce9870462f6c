import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QNetwork } from '../../src/networks/q-network.ts';
import { hard } from '../../src/targets/hard.ts';
import { polyak } from '../../src/targets/polyak.ts';
import type { TargetUpdater } from '../../src/targets/target-updater.ts';

/** A network of one weight that can only be copied and blended, at once or later. */
class OneWeight {
  weight: number;
  readonly later: boolean;

  constructor(weight: number, later = false) {
    this.weight = weight;
    this.later = later;
  }

  copyFrom(source: OneWeight): void | Promise<void> {
    return this.blendFrom(source, 1);
  }

  blendFrom(source: OneWeight, tau: number): void | Promise<void> {
    const move = () => {
      this.weight += tau * (source.weight - this.weight);
    };
    return this.later ? Promise.resolve().then(move) : move();
  }
}

const context = (online: OneWeight, target: OneWeight, step: number, updates: number) => ({
  online: online as unknown as QNetwork,
  target: target as unknown as QNetwork,
  step,
  updates,
});

describe('hard', () => {
  it('copies in the steps that its period divides, and only then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), (period, steps) => {
        const updater: TargetUpdater = hard({ period });
        expect(updater.afterUpdate).toBeUndefined();
        const online = new OneWeight(0);
        const target = new OneWeight(0);
        for (let step = 1; step <= steps; step++) {
          online.weight = step;
          expect(updater.afterStep?.(context(online, target, step, 0))).toBeUndefined();
          expect(target.weight).toBe(step - (step % period));
        }
      }),
    );
  });

  it('passes the promise of a slow engine on', async () => {
    const target = new OneWeight(0, true);
    const answer = hard({ period: 2 }).afterStep(context(new OneWeight(3), target, 4, 0));
    expect(answer).toBeInstanceOf(Promise);
    await answer;
    expect(target.weight).toBe(3);
  });

  it('refuses periods that are no whole number of at least 1', () => {
    expect(hard({ period: 7 })).toMatchObject({ kind: 'hard', period: 7 });
    for (const period of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => hard({ period })).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'hard(period)' }));
    }
  });
});

describe('polyak', () => {
  it('leaves (1 − tau)ᵏ of the distance after k updates', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.integer({ min: 1, max: 50 }), (tau, updates) => {
        const updater: TargetUpdater = polyak({ tau });
        expect(updater.afterStep).toBeUndefined();
        const target = new OneWeight(1);
        const online = new OneWeight(0);
        for (let k = 1; k <= updates; k++) void updater.afterUpdate?.(context(online, target, k, k));
        expect(Math.abs(target.weight - (1 - tau) ** updates)).toBeLessThan(1e-9);
        expect(online.weight).toBe(0);
      }),
    );
  });

  it('passes the promise of a slow engine on', async () => {
    const target = new OneWeight(0, true);
    const answer = polyak({ tau: 0.5 }).afterUpdate(context(new OneWeight(3), target, 4, 1));
    expect(answer).toBeInstanceOf(Promise);
    await answer;
    expect(target.weight).toBe(1.5);
  });

  it('refuses a tau outside (0, 1]', () => {
    expect(polyak({ tau: 1 })).toMatchObject({ kind: 'polyak', tau: 1 });
    for (const tau of [0, -0.1, 1.1, NaN]) {
      expect(() => polyak({ tau })).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'polyak(tau)' }));
    }
  });
});
