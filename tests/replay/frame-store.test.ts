import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameStore, type Frames } from '../../src/replay/frame-store.ts';
import { guarded } from '../support/guarded.ts';

type Operation =
  | { readonly put: number; readonly reserve: number }
  | { readonly retain: number }
  | { readonly release: number }
  | { readonly read: readonly number[]; readonly offset: number }
  | 'refill';

const operationArb: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ put: fc.nat(250), reserve: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ retain: fc.nat(40) }) },
  { weight: 5, arbitrary: fc.record({ release: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ read: fc.array(fc.nat(40), { maxLength: 6 }), offset: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant('refill' as const) },
);

const settingArb = fc.record({
  size: fc.constantFrom(1, 2, 63, 64, 65, 70),
  type: fc.constantFrom('float32' as const, 'uint8' as const),
  maxFrames: fc.constantFrom(1, 2, 3, 4, 9, 40),
});

/** The oracle: frames and how many refer to them, in a map; the numbers that are free, the last freed at the end. */
class NaiveFrames {
  readonly kept = new Map<number, { values: number[]; references: number }>();
  readonly free: number[] = [];
  used = 0;
}

const frame = (type: 'float32' | 'uint8', size: number, seed: number): Frames => {
  const values = Array.from({ length: size }, (_, k) => (seed * 7 + k * 13) % 256);
  return type === 'float32' ? Float32Array.from(values) : Uint8Array.from(values);
};

describe('FrameStore', () => {
  it('does what a map of frames does, under any operations', () => {
    fc.assert(
      fc.property(settingArb, fc.array(operationArb, { maxLength: 60, size: 'max' }), ({ size, type, maxFrames }, operations) => {
        let store = new FrameStore(size, type, maxFrames);
        const naive = new NaiveFrames();
        const pick = (i: number) => [...naive.kept.keys()][i % naive.kept.size];
        for (const operation of operations) {
          if (operation === 'refill') {
            const again = new FrameStore(size, type, maxFrames);
            const references = Int32Array.from({ length: store.used }, (_, i) => store.references(i));
            again.fill(store.views(), references, store.freeFrames());
            expect(again.views()).toEqual(store.views());
            store = again;
          } else if ('put' in operation) {
            store.reserve(operation.reserve);
            const number = store.put(guarded(frame(type, size, operation.put)));
            expect(number).toBe(naive.free.length > 0 ? naive.free.pop() : naive.used++);
            naive.kept.set(number, { values: [...frame(type, size, operation.put)], references: 1 });
          } else if (naive.kept.size === 0) continue;
          else if ('retain' in operation) {
            const number = pick(operation.retain);
            store.retain(number);
            naive.kept.get(number)!.references++;
          } else if ('release' in operation) {
            const number = pick(operation.release);
            store.release(number);
            if (--naive.kept.get(number)!.references === 0) {
              naive.kept.delete(number);
              naive.free.push(number);
            }
          } else {
            const numbers = operation.read.map(pick);
            const out = new Float32Array(numbers.length * size).fill(-1);
            const place = Int32Array.from([9, ...numbers]);
            store.gather(guarded(place), 1, numbers.length, guarded(out));
            expect([...out]).toEqual(numbers.flatMap((number) => naive.kept.get(number)!.values));
            for (const number of numbers) {
              const one = new Float32Array(size + 4).fill(-1);
              store.read(number, guarded(one), operation.offset);
              const values = naive.kept.get(number)!.values;
              expect([...one]).toEqual([...Array(operation.offset).fill(-1), ...values, ...Array(4 - operation.offset).fill(-1)]);
            }
          }
          expect(store.used).toBe(naive.used);
          expect([...store.freeFrames()]).toEqual([...naive.free].toReversed());
          for (let number = 0; number < naive.used; number++) {
            const kept = naive.kept.get(number);
            expect(store.references(number)).toBe(kept?.references ?? 0);
            const values = kept ? Float32Array.from(kept.values) : new Float32Array(size);
            expect(store.holds(number, guarded(values))).toBe(kept !== undefined);
          }
        }
        expect(store.views().reduce((sum, view) => sum + view.length, 0)).toBe(naive.used * size);
      }),
    );
  });

  it('compares bit for bit, in every number', () => {
    for (const size of [1, 3, 64]) {
      const store = new FrameStore(size, 'float32', 4);
      store.reserve(2);
      const values = Float32Array.from({ length: size }, (_, k) => (k === 0 ? 0 : k));
      const number = store.put(values);
      expect(store.holds(number, values)).toBe(true);
      expect(store.holds(-1, values)).toBe(false);
      for (let k = 0; k < size; k++) expect(store.holds(number, values.with(k, -1))).toBe(false);
      expect(store.holds(number, values.with(0, -0))).toBe(false);
      const negative = store.put(values.with(0, -0));
      expect(store.holds(negative, values.with(0, -0))).toBe(true);
      expect(store.holds(negative, values)).toBe(false);
    }
    const bytes = new FrameStore(1, 'uint8', 1);
    bytes.reserve(1);
    expect(bytes.holds(bytes.put(Uint8Array.of(0)), Float32Array.of(-0))).toBe(true); // kept as the byte 0 either way
  });

  it('takes memory in chunks of a power of two of frames, of about 1 MiB at most, and says how much', () => {
    for (const [size, type, maxFrames, frames] of [
      [4, 'float32', 100, 64],
      [4, 'uint8', 64, 64],
      [4, 'uint8', 63, 32],
      [1, 'float32', 1, 1],
      [84 * 84 * 4, 'uint8', 10 ** 6, 32],
      [84 * 84 * 4, 'float32', 10 ** 6, 8],
      [2 ** 20, 'float32', 10 ** 6, 1],
    ] as const) {
      const store = new FrameStore(size, type, maxFrames);
      expect(store.byteLength).toBe(0);
      const chunk = frames * (size * (type === 'float32' ? 4 : 1) + 4);
      store.reserve(1);
      expect(store.byteLength).toBe(chunk);
      store.reserve(frames);
      expect(store.byteLength).toBe(chunk);
      store.reserve(frames + 1);
      expect(store.byteLength).toBe(2 * chunk);
    }
  });

  it('says when memory ends, and is as before', () => {
    for (const type of ['float32', 'uint8'] as const) {
      const store = new FrameStore(2 ** 45, type, 4);
      const error = { code: 'out-of-memory', expected: `${2 ** 45} more numbers for observations` };
      expect(() => store.reserve(1)).toThrow(expect.objectContaining(error));
      expect(store.byteLength).toBe(0);
    }
  });
});
