import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectCategorical, projectCertain, type Support } from '../../src/bellman/categorical-projection.ts';
import { guarded } from '../support/guarded.ts';
import { sum } from '../support/head-inputs.ts';

const supportArb = fc
  .record({
    atoms: fc.integer({ min: 2, max: 13 }),
    vMin: fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double({ min: -20, max: 20, noNaN: true })),
    range: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.5, max: 40, noNaN: true })),
  })
  .map(({ atoms, vMin, range }): Support => ({ atoms, vMin, vMax: vMin + range }));

const caseArb = supportArb.chain((support) =>
  fc.record({
    support: fc.constant(support),
    probabilities: fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: support.atoms, maxLength: support.atoms })
      .filter((p) => sum(p) > 0.01)
      .map((p) => Float64Array.from(p, (x) => x / sum(p))),
    reward: fc.oneof(fc.integer({ min: -30, max: 30 }), fc.double({ min: -30, max: 30, noNaN: true })),
    discount: fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  }),
);
type Case = typeof caseArb extends fc.Arbitrary<infer T> ? T : never;

function project({ support, probabilities, reward, discount }: Case, scale = 1) {
  const out = new Float64Array(support.atoms);
  const clipped = projectCategorical(support, guarded(probabilities), scale, reward, discount, guarded(out));
  return { out, clipped };
}

const atomsOf = ({ atoms, vMin, vMax }: Support): number[] =>
  Array.from({ length: atoms }, (_, i) => vMin + (i * (vMax - vMin)) / (atoms - 1));

/** Eq. 7 as it stands in the paper: every atom takes from every other by the triangle around it. */
function bruteForce({ support, probabilities, reward, discount }: Case): number[] {
  const z = atomsOf(support);
  const spacing = (support.vMax - support.vMin) / (support.atoms - 1);
  return z.map((zi) =>
    sum(
      z.map((zj, j) => {
        const landed = Math.min(support.vMax, Math.max(support.vMin, reward + discount * zj));
        return probabilities[j] * Math.min(1, Math.max(0, 1 - Math.abs(landed - zi) / spacing));
      }),
    ),
  );
}

const meanOf = (support: Support, p: ArrayLike<number>): number => sum(atomsOf(support).map((z, i) => z * p[i]));

describe('projectCategorical', () => {
  it('agrees with a hand-computed table', () => {
    const support = { atoms: 3, vMin: 0, vMax: 2 };
    const of = (reward: number, discount: number) =>
      project({ support, probabilities: Float64Array.of(0.25, 0.25, 0.5), reward, discount });
    expect([...of(0, 1).out]).toEqual([0.25, 0.25, 0.5]);
    expect([...of(1, 1).out]).toEqual([0, 0.25, 0.75]); // 1, 2, and 3 clipped
    expect(of(1, 1).clipped).toBe(0.5);
    expect([...of(0.5, 1).out]).toEqual([0.125, 0.25, 0.625]); // ½, 3/2, and 5/2 clipped
    expect([...of(0, 0.5).out]).toEqual([0.375, 0.625, 0]); // 0, ½, 1
    expect([...of(2, 0).out]).toEqual([0, 0, 1]);
    expect([of(2, 0).clipped, of(-1, 0).clipped, of(-1, 1).clipped]).toEqual([0, 1, 0.25]);
  });

  it('takes for clipped what leaves by more than a millionth of the spacing', () => {
    const support = { atoms: 3, vMin: 0, vMax: 2 };
    const clipped = (reward: number) =>
      project({ support, probabilities: Float64Array.of(0.25, 0.25, 0.5), reward, discount: 1 }).clipped;
    const certain = (value: number) => projectCertain(support, value, new Float64Array(3));
    expect([-1e-6, -1.001e-6, 1e-6, 1.001e-6].map(clipped)).toEqual([0, 0.25, 0, 0.5]);
    expect([-1e-6, -1.001e-6, 2 + 1e-6, 2 + 1.001e-6].map(certain)).toEqual([0, 1, 0, 1]);
  });

  it('agrees with the triangle of the paper', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const naive = bruteForce(given);
        project(given).out.forEach((p, i) => expect(Math.abs(p - naive[i])).toBeLessThan(1e-9));
      }),
    );
  });

  it('keeps the mass, and the mean where nothing is clipped', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const { out, clipped } = project(given);
        expect(Math.abs(sum(out) - 1)).toBeLessThan(1e-9);
        out.forEach((p) => expect(p).toBeGreaterThanOrEqual(-1e-15));
        const { support, probabilities, reward, discount } = given;
        const landed = atomsOf(support).map((z) => reward + discount * z);
        const outside = sum(landed.map((y, j) => (y < support.vMin || y > support.vMax ? probabilities[j] : 0)));
        expect(clipped).toBeLessThanOrEqual(outside + 1e-9);
        const well = sum(landed.map((y, j) => (y < support.vMin - 1e-3 || y > support.vMax + 1e-3 ? probabilities[j] : 0)));
        expect(clipped).toBeGreaterThanOrEqual(well - 1e-9);
        if (clipped === 0) {
          expect(Math.abs(meanOf(support, out) - (reward + discount * meanOf(support, probabilities)))).toBeLessThan(1e-3);
        }
      }),
    );
  });

  it('loses nothing where targets fall exactly on atoms: moving by whole atoms moves the mass', () => {
    fc.assert(
      fc.property(caseArb, fc.integer({ min: -14, max: 14 }), ({ support: { atoms }, probabilities }, moved) => {
        const support = { atoms, vMin: -3, vMax: -3 + 2 * (atoms - 1) };
        const { out } = project({ support, probabilities, reward: 2 * moved, discount: 1 });
        const expected = new Float64Array(atoms);
        probabilities.forEach((p, j) => {
          expected[Math.min(atoms - 1, Math.max(0, j + moved))] += p;
        });
        out.forEach((p, i) => expect(Math.abs(p - expected[i])).toBeLessThan(1e-12));
        expect(Math.abs(sum(out) - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it('changes nothing with reward 0 and discount 1, and clips nothing', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const { out, clipped } = project({ ...given, reward: 0, discount: 1 });
        expect(clipped).toBe(0);
        out.forEach((p, i) => expect(Math.abs(p - given.probabilities[i])).toBeLessThan(1e-12));
      }),
    );
  });

  it('is monotone: a larger reward moves no mass down', () => {
    fc.assert(
      fc.property(caseArb, fc.double({ min: 0, max: 10, noNaN: true }), (given, more) => {
        const low = project(given).out;
        const high = project({ ...given, reward: given.reward + more }).out;
        let lowMass = 0;
        let highMass = 0;
        low.forEach((p, i) => {
          lowMass += p;
          highMass += high[i];
          expect(highMass).toBeLessThanOrEqual(lowMass + 1e-9);
        });
      }),
    );
  });

  it('adds what it is given, scaled, to what is there: mixtures are sums', () => {
    fc.assert(
      fc.property(caseArb, fc.double({ min: 0, max: 3, noNaN: true }), (given, scale) => {
        const out = new Float64Array(given.support.atoms).fill(2);
        const clipped = projectCategorical(given.support, given.probabilities, scale, given.reward, given.discount, out);
        const alone = project(given);
        out.forEach((p, i) => expect(Math.abs(p - 2 - scale * alone.out[i])).toBeLessThan(1e-9));
        expect(Math.abs(clipped - scale * alone.clipped)).toBeLessThan(1e-9);
      }),
    );
  });

  it('passes NaN on', () => {
    const out = new Float64Array(3);
    projectCategorical({ atoms: 3, vMin: 0, vMax: 1 }, Float64Array.of(1, 0, 0), 1, NaN, 1, out);
    expect(sum(out)).toBe(NaN);
  });
});

describe('projectCertain', () => {
  it('is the projection with discount 0', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const out = new Float64Array(given.support.atoms);
        const clipped = projectCertain(given.support, given.reward, guarded(out));
        const general = project({ ...given, discount: 0 });
        out.forEach((p, i) => expect(Math.abs(p - general.out[i])).toBeLessThan(1e-9));
        expect(Math.abs(clipped - general.clipped)).toBeLessThan(1e-9);
      }),
    );
  });
});
