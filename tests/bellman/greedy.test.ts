import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedyPolicy, maskedArgmax } from '../../src/bellman/greedy.ts';
import { tableArb } from '../support/arbitraries.ts';
import { guarded } from '../support/guarded.ts';

describe('maskedArgmax', () => {
  it('agrees with a table', () => {
    expect(maskedArgmax(Float32Array.of(1, 3, 2), 0, 3)).toBe(1);
    expect(maskedArgmax(Float32Array.of(2, 3, 3), 0, 3)).toBe(1);
    expect(maskedArgmax(Float32Array.of(9, 9, 1, 2), 2, 2)).toBe(1);
    expect(maskedArgmax(Float32Array.of(1, 3, 2), 0, 3, Uint8Array.of(1, 0, 1))).toBe(2);
    expect(maskedArgmax(Float32Array.of(1, 3, 2), 0, 3, Uint8Array.of(0, 0, 0))).toBe(-1);
    expect(maskedArgmax(Float32Array.of(-Infinity, -Infinity), 0, 2)).toBe(0);
    expect(maskedArgmax(Float32Array.of(NaN, -5, NaN, 2), 0, 4)).toBe(3);
    expect(maskedArgmax(Float32Array.of(4, NaN), 0, 2)).toBe(0);
    expect(maskedArgmax(Float32Array.of(NaN, NaN, NaN), 0, 3)).toBe(0);
    expect(maskedArgmax(Float32Array.of(NaN, NaN, NaN), 0, 3, Uint8Array.of(0, 1, 1))).toBe(1);
  });

  it('is the first possible action that no possible action exceeds', () => {
    fc.assert(
      fc.property(tableArb, fc.boolean(), ({ batch, actions, values, masks }, masked) => {
        for (let b = 0; b < batch; b++) {
          const row = [...values.subarray(b * actions, (b + 1) * actions)];
          const possible = row.map((_, a) => !masked || masks[b * actions + a] === 1);
          const best = Math.max(...row.filter((_, a) => possible[a]));
          const expected = row.findIndex((x, a) => possible[a] && x === best);
          const end = (b + 1) * actions;
          const possibly = masked ? guarded(masks.subarray(0, end)) : undefined;
          expect(maskedArgmax(guarded(values.subarray(0, end)), b * actions, actions, possibly)).toBe(expected);
        }
      }),
    );
  });
});

describe('greedyPolicy', () => {
  it('puts all mass on the greedy action and none where nothing is possible', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, masks }) => {
        const out = new Float32Array(batch * actions + 1).fill(7);
        greedyPolicy(guarded(values), batch, actions, guarded(masks), guarded(out));
        for (let b = 0; b < batch; b++) {
          const best = maskedArgmax(values, b * actions, actions, masks);
          expect([...out.subarray(b * actions, (b + 1) * actions)]).toEqual(
            Array.from({ length: actions }, (_, a) => (a === best ? 1 : 0)),
          );
        }
        expect(out[batch * actions]).toBe(7);
      }),
    );
  });
});
