import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpw, cvar, neutral, power, wang, type RiskMeasure } from '../../src/heads/risk.ts';

const fractionArb = fc.integer({ min: 0, max: 4096 }).map((x) => x / 4096); // so that 1 − τ is exact
const etaArb = fc.double({ min: -3, max: 3, noNaN: true });
const measureArb: fc.Arbitrary<RiskMeasure> = fc.oneof(
  fc.constant(neutral()),
  fc.double({ min: 0.01, max: 1, noNaN: true }).map((eta) => cvar({ eta })),
  etaArb.map((eta) => wang({ eta })),
  fc.double({ min: 0.3, max: 1, noNaN: true }).map((eta) => cpw({ eta })),
  etaArb.map((eta) => power({ eta })),
);

describe('measures of risk', () => {
  it('are known by their names', () => {
    const all = [neutral(), cvar({ eta: 1 }), wang({ eta: 1 }), cpw({ eta: 1 }), power({ eta: 1 })];
    expect(all.map(({ kind }) => kind)).toEqual(['neutral', 'cvar', 'wang', 'cpw', 'power']);
  });

  it('agree with a hand-computed table', () => {
    expect(cvar({ eta: 0.25 }).distort(0.5)).toBe(0.125);
    expect(wang({ eta: 1 }).distort(0.5)).toBeCloseTo(0.8413447460685429, 12);
    expect(wang({ eta: -0.75 }).distort(0.975)).toBeCloseTo(0.8868536434737417, 12);
    // τ = ½: 2^−η / (2 · 2^−η)^(1/η) = 2^(1 − η − 1/η)
    expect(cpw({ eta: 0.71 }).distort(0.5)).toBeCloseTo(2 ** (1 - 0.71 - 1 / 0.71), 12);
    expect(cpw({ eta: 0.5 }).distort(0.36)).toBeCloseTo(0.6 / 1.96, 12);
    expect(power({ eta: 1 }).distort(0.25)).toBe(0.5);
    expect(power({ eta: -1 }).distort(0.75)).toBe(0.5);
  });

  it('map [0, 1] into [0, 1], increasing, from 0', () => {
    fc.assert(
      fc.property(measureArb, fractionArb, fractionArb, (measure, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => measure.distort(x));
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1 + 1e-15);
        expect(low).toBeLessThanOrEqual(high + 1e-12);
        expect(measure.distort(0)).toBeCloseTo(0, 15);
        if (measure.kind !== 'cvar') expect(measure.distort(1)).toBeCloseTo(1, 15);
      }),
    );
  });

  it('are neutral at the η that stands for it', () => {
    fc.assert(
      fc.property(fractionArb, (tau) => {
        expect(neutral().distort(tau)).toBe(tau);
        expect(cvar({ eta: 1 }).distort(tau)).toBe(tau);
        expect(power({ eta: 0 }).distort(tau / 3)).toBe(tau / 3);
        for (const measure of [wang({ eta: 0 }), cpw({ eta: 1 }), power({ eta: 0 })]) {
          expect(measure.distort(tau)).toBeCloseTo(tau, 12);
        }
      }),
    );
  });

  it('stress bad returns for η below neutral and good ones above', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.double({ min: 0.01, max: 3, noNaN: true }), (tau, eta) => {
        for (const measure of [wang, power]) {
          expect(measure({ eta: -eta }).distort(tau)).toBeLessThan(tau);
          expect(measure({ eta }).distort(tau)).toBeGreaterThan(tau);
        }
        expect(cvar({ eta: Math.min(eta, 0.99) }).distort(tau)).toBeLessThan(tau);
      }),
    );
  });

  it('of power mirror each other', () => {
    fc.assert(
      fc.property(fractionArb, etaArb, (tau, eta) => {
        expect(power({ eta: -eta }).distort(tau) + power({ eta }).distort(1 - tau)).toBeCloseTo(1, 12);
      }),
    );
  });

  it('refuse an η outside their range', () => {
    const bad: [string, () => unknown][] = [
      ['cvar', () => cvar({ eta: 0 })],
      ['cvar', () => cvar({ eta: 1.1 })],
      ['wang', () => wang({ eta: NaN })],
      ['cpw', () => cpw({ eta: 0.2 })],
      ['cpw', () => cpw({ eta: 1.5 })],
      ['power', () => power({ eta: Infinity })],
    ];
    for (const [name, make] of bad) {
      expect(make).toThrow(expect.objectContaining({ code: 'invalid-option', where: `${name}(eta)` }));
    }
  });
});
