import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { SumTree } from '../../src/replay/sum-tree.ts';
import { guarded } from '../support/guarded.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function find(tree: SumTree, masses: readonly number[]): number[] {
  const leaves = new Float64Array(masses.length);
  tree.find(guarded(Float64Array.from(masses)), guarded(leaves));
  return [...leaves];
}

type Operation =
  { readonly set: readonly [leaf: number, value: number] } | { readonly find: readonly number[] } | { readonly total: true };

const runArb = (valueArb: fc.Arbitrary<number>) =>
  fc.constantFrom(1, 2, 15, 16, 17, 31, 255, 256, 257, 600).chain((size) =>
    fc.tuple(
      fc.constant(size),
      fc.array(
        fc.oneof(
          { weight: 6, arbitrary: fc.tuple(fc.nat(size - 1), valueArb).map((set): Operation => ({ set })) },
          {
            weight: 2,
            arbitrary: fc
              .array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 9 })
              .map((find): Operation => ({ find })),
          },
          { weight: 1, arbitrary: fc.constant<Operation>({ total: true }) },
        ),
        { maxLength: 80 },
      ),
    ),
  );

describe('SumTree', () => {
  it('equals a linear scan under any operations, exactly where the sums are', () => {
    fc.assert(
      fc.property(runArb(fc.oneof(fc.constant(0), fc.nat(9))), ([size, operations]) => {
        const tree = new SumTree(size);
        const values = Array.from({ length: size }, () => 0);
        for (const operation of operations) {
          if ('set' in operation) {
            tree.set(...operation.set);
            values[operation.set[0]] = operation.set[1];
          } else if ('total' in operation) {
            expect(tree.total).toBe(sum(values));
          } else if (sum(values) > 0) {
            const masses = operation.find.map((part) => part * sum(values));
            const scanned = masses.map((mass) => {
              let below = 0;
              return values.findIndex((value) => (below += value) > mass);
            });
            expect(find(tree, masses)).toEqual(scanned);
          }
        }
        values.forEach((value, leaf) => expect(tree.get(leaf)).toBe(value));
        expect(tree.total).toBe(sum(values));
      }),
      { numRuns: 300 },
    );
  });

  it('is a function of its leaves alone, finds by rounded sums, and never a leaf of 0', () => {
    const rounding = 1e-322; // of the smallest numbers there are
    const valueArb = fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      fc.constantFrom(5e-324, 1e-300, 1e-9, 1e9, 1e260),
    );
    fc.assert(
      fc.property(runArb(valueArb), ([size, operations]) => {
        const tree = new SumTree(size);
        const values = Array.from({ length: size }, () => 0);
        for (const operation of operations) {
          if ('set' in operation) {
            tree.set(...operation.set);
            values[operation.set[0]] = operation.set[1];
            continue;
          }
          const { total } = tree;
          const fresh = new SumTree(size);
          values.forEach((value, leaf) => fresh.set(leaf, value));
          expect(fresh.total).toBe(total);
          expect(Math.abs(total - sum(values))).toBeLessThanOrEqual(1e-13 * total + rounding);
          if (!('find' in operation) || total === 0) continue;
          const masses = [...operation.find.map((part) => part * total), 0, total, 2 * total];
          find(tree, masses).forEach((leaf, i) => {
            expect(values[leaf]).toBeGreaterThan(0);
            const below = sum(values.slice(0, leaf));
            expect(Math.min(masses[i], total)).toBeGreaterThanOrEqual(below - 1e-12 * total - rounding);
            expect(Math.min(masses[i], total)).toBeLessThanOrEqual(below + values[leaf] + 1e-12 * total + rounding);
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not drift in ten million updates', () => {
    const size = 5000;
    const tree = new SumTree(size);
    const random = new Random(1);
    // From 10⁻⁹ to 10⁹: a sum kept by differences would be off by far more than the small leaves.
    const some = Float64Array.from({ length: 1000 }, () => 10 ** random.uniform(-9, 9));
    let checksum = 0;
    for (let i = 0; i < 10_000_000; i++) {
      tree.set((i * 1237) % size, some[(i * 7919) % 1000]);
      if (i % 32 === 0) checksum += tree.total;
    }
    expect(checksum).toBeGreaterThan(0);
    const fresh = new SumTree(size);
    for (let leaf = 0; leaf < size; leaf++) fresh.set(leaf, tree.get(leaf));
    expect(tree.total).toBe(fresh.total);
    for (let leaf = 0; leaf < size; leaf++) tree.set(leaf, leaf === 77 ? 1e-9 : 0);
    expect(tree.total).toBe(1e-9);
    expect(find(tree, [0, 0.5e-9])).toEqual([77, 77]);
  });

  it('gives a mass that is exactly a sum of leaves to the leaf after them', () => {
    for (const values of [[2, 0, 1], [0, 3], [0, 0, 1, 1], Array.from({ length: 70 }, (_, i) => (i * 5) % 4)]) {
      const tree = new SumTree(values.length);
      values.forEach((value, leaf) => tree.set(leaf, value));
      const masses = Array.from({ length: sum(values) }, (_, mass) => mass);
      expect(find(tree, masses)).toEqual(values.flatMap((value, leaf) => Array<number>(value).fill(leaf)));
    }
  });

  it('holds one leaf and sixteen', () => {
    const one = new SumTree(1);
    expect(one.total).toBe(0);
    one.set(0, 3);
    expect(one.total).toBe(3);
    expect(find(one, [0, 2.9])).toEqual([0, 0]);
    const sixteen = new SumTree(16);
    for (let leaf = 0; leaf < 16; leaf++) sixteen.set(leaf, leaf);
    expect(sixteen.total).toBe(120);
    expect(find(sixteen, [0, 0.99, 1, 2.99, 3, 105, 119])).toEqual([1, 1, 2, 2, 3, 15, 15]);
  });

  it('refuses what is no leaf and no priority, and changes nothing', () => {
    const tree = new SumTree(5);
    tree.set(2, 4);
    for (const value of [NaN, Infinity, -Infinity, -1, -1e-300, 1e300 ** 1.01]) {
      expect(() => tree.set(2, value)).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'SumTree.set(value)' }));
    }
    for (const leaf of [-1, 5, 0.5, NaN]) {
      expect(() => tree.set(leaf, 1)).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'SumTree.set(leaf)' }));
    }
    expect(tree.total).toBe(4);
    expect(tree.get(2)).toBe(4);
  });
});
