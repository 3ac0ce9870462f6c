import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagedQ } from '../../src/bootstrap/averaged-q.ts';
import type { BootstrapContext, BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { clippedDoubleQ } from '../../src/bootstrap/clipped-double-q.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { expectedSarsa } from '../../src/bootstrap/expected-sarsa.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { mellowmaxQ } from '../../src/bootstrap/mellowmax-q.ts';
import { minimaxQ } from '../../src/bootstrap/minimax-q.ts';
import { munchausen } from '../../src/bootstrap/munchausen.ts';
import { softQ } from '../../src/bootstrap/soft-q.ts';
import { softmaxQ } from '../../src/bootstrap/softmax-q.ts';
import { linear, type Schedule } from '../../src/common/schedules.ts';
import { expected } from '../../src/heads/expected.ts';
import type { ValueHead } from '../../src/heads/value-head.ts';
import { tableArb } from '../support/arbitraries.ts';
import { decide, valuesOf } from '../support/backup.ts';

const context = (changes: Partial<BootstrapContext> = {}): BootstrapContext => ({
  actions: 4,
  nStep: 1,
  heads: 1,
  head: expected(),
  ...changes,
});
const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });

/** A row of a table: values and which are possible. */
const rowsOf = ({ batch, actions, values, masks }: { batch: number; actions: number; values: Float32Array; masks: Uint8Array }) =>
  Array.from({ length: batch }, (_, b) => ({
    q: [...values.subarray(b * actions, (b + 1) * actions)],
    possible: [...masks.subarray(b * actions, (b + 1) * actions)].map((p) => p === 1),
  }));

/** The values of a row by brute force in float64, over the possible actions. */
const brute = {
  max: (q: number[]) => Math.max(...q),
  mean: (q: number[]) => q.reduce((a, b) => a + b, 0) / q.length,
  softmax: (q: number[], tau: number) => {
    const top = Math.max(...q);
    const weights = q.map((x) => Math.exp((x - top) / tau));
    const total = weights.reduce((a, b) => a + b, 0);
    return q.reduce((sum, x, a) => sum + (weights[a] / total) * x, 0);
  },
  soft: (q: number[], tau: number) => {
    const top = Math.max(...q);
    return top + tau * Math.log(q.reduce((sum, x) => sum + Math.exp((x - top) / tau), 0));
  },
};
const mellow = (q: number[], omega: number) => brute.soft(q, 1 / omega) - Math.log(q.length) / omega;
const sarsa = (q: number[], epsilon: number) => epsilon * brute.mean(q) + (1 - epsilon) * brute.max(q);

const tau = 5;
const cases: readonly (readonly [BootstrapRule, (q: number[]) => number])[] = [
  [maxQ(), brute.max],
  [expectedSarsa({ epsilon: 0.3 }), (q) => sarsa(q, 0.3)],
  [softmaxQ({ temperature: tau }), (q) => brute.softmax(q, tau)],
  [softQ({ temperature: tau }), (q) => brute.soft(q, tau)],
  [mellowmaxQ({ omega: 1 / tau }), (q) => mellow(q, 1 / tau)],
  [munchausen({ temperature: tau }), (q) => brute.soft(q, tau)],
  [averagedQ({ targets: 3, rule: softmaxQ({ temperature: tau }) }), (q) => brute.softmax(q, tau)],
];
/** Σ π Q of float32 shares of values up to 1000. */
const ROUNDING = 1e-3;

describe('every rule of one network', () => {
  it.each(cases)('$kind values the next state as its formula says, and never looks at impossible actions', (rule, formula) => {
    fc.assert(
      fc.property(tableArb, fc.boolean(), (table, masked) => {
        const { batch, actions, values, masks } = table;
        const currentQ = new Float32Array(batch * actions);
        const input = { batch, actions, targetQ: values, currentQ, ...(masked ? { masks } : {}) };
        const { policy, bonus, sources } = decide(rule, input);
        const found = valuesOf(rule, input);
        rowsOf(table).forEach(({ q, possible }, b) => {
          const live = masked ? q.filter((_, a) => possible[a]) : q;
          const row = [...policy.subarray(b * actions, (b + 1) * actions)];
          expect(sources[b]).toBe(b);
          if (live.length === 0) {
            expect([row.every((p) => p === 0), bonus[b], found[b]]).toEqual([true, 0, 0]);
            return;
          }
          expect(Math.abs(found[b] - formula(live))).toBeLessThan(ROUNDING);
          expect(Math.abs(row.reduce((x, y) => x + y, 0) - 1)).toBeLessThan(1e-6);
          row.forEach((p, a) => expect(p === 0 || (p > 0 && (!masked || possible[a]))).toBe(true));
          // Whatever stands at impossible actions: the same decision, even if it is no number.
          if (!masked) return;
        });
        if (!masked) return;
        const wild = values.map((x, i) => (masks[i] === 1 ? x : NaN));
        expect(decide(rule, { ...input, targetQ: wild })).toEqual(decide(rule, input));
      }),
    );
  });

  it.each(cases)('$kind moves with a translation: v(Q + c) = v(Q) + c', (rule) => {
    fc.assert(
      fc.property(tableArb, fc.integer({ min: -1000, max: 1000 }), ({ batch, actions, values }, c) => {
        const currentQ = new Float32Array(batch * actions);
        const targetQ = values.map((x) => Math.round(x * 8) / 8);
        const moved = valuesOf(rule, { batch, actions, targetQ: targetQ.map((x) => x + c), currentQ });
        valuesOf(rule, { batch, actions, targetQ, currentQ }).forEach((v, b) => {
          expect(Math.abs(moved[b] - v - c)).toBeLessThan(ROUNDING);
        });
      }),
    );
  });

  it.each(cases.filter(([{ kind }]) => kind !== 'softmaxQ' && kind !== 'averagedQ'))(
    '$kind is monotone, and a non-expansion in the maximum norm',
    (rule) => {
      fc.assert(
        fc.property(tableArb, ({ batch, actions, values, others }) => {
          const currentQ = new Float32Array(batch * actions);
          const value = (targetQ: Float32Array) => valuesOf(rule, { batch, actions, targetQ, currentQ });
          const [p, q] = [value(values), value(others)];
          const larger = value(values.map((x, i) => Math.max(x, others[i])));
          for (let b = 0; b < batch; b++) {
            const distance = Math.max(
              ...Array.from({ length: actions }, (_, a) => Math.abs(values[b * actions + a] - others[b * actions + a])),
            );
            expect(Math.abs(p[b] - q[b])).toBeLessThanOrEqual(distance + ROUNDING);
            expect(larger[b]).toBeGreaterThanOrEqual(Math.max(p[b], q[b]) - ROUNDING);
          }
        }),
      );
    },
  );

  it.each(cases)('$kind makes values that are no numbers visible, and bears large ones', (rule) => {
    const currentQ = new Float32Array(2);
    const input = { batch: 1, actions: 2, currentQ };
    const [value] = valuesOf(rule, { ...input, targetQ: Float32Array.of(3e38, -3e38) });
    expect(value).toBeGreaterThan(2e38 * 0.3);
    expect(valuesOf(rule, { ...input, targetQ: Float32Array.of(NaN, NaN) })).toEqual([NaN]);
    const [finite] = valuesOf(rule, { ...input, targetQ: Float32Array.of(7, -Infinity) });
    if (rule.kind === 'expectedSarsa') expect(finite).toBe(-Infinity);
    else expect(finite).toBeCloseTo(rule.kind === 'mellowmaxQ' ? 7 - Math.log(2) * tau : 7, 5);
  });
});

describe('maxQ and doubleQ', () => {
  it('say whether they need the online network', () => {
    expect(maxQ().kind).toBe('maxQ');
    expect((maxQ() as BootstrapRule).usesOnline).toBeUndefined();
    expect(doubleQ()).toMatchObject({ kind: 'doubleQ', usesOnline: true });
  });

  it('select by the target or by the online network', () => {
    const input = { batch: 2, actions: 3, targetQ: Float32Array.of(1, 5, 2, 0, 0, 1), onlineQ: Float32Array.of(3, 2, 1, 4, 6, 6) };
    expect([...decide(maxQ(), input).policy]).toEqual([0, 1, 0, 0, 0, 1]);
    expect([...decide(doubleQ(), input).policy]).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('of Double values the online choice by the target network', () => {
    // The target network would choose 99 and 91; the online network chooses the other action.
    const input = { batch: 2, actions: 2, targetQ: Float32Array.of(99, 98, 91, 90), onlineQ: Float32Array.of(1, 2, 1, 2) };
    expect(valuesOf(doubleQ(), input)).toEqual([98, 90]);
  });

  it('never choose an impossible action, and none where none is possible', () => {
    fc.assert(
      fc.property(tableArb, fc.constantFrom(maxQ(), doubleQ()), ({ batch, actions, values, others, masks }, rule) => {
        const { policy, bonus, rewardBonus } = decide(rule, { batch, actions, targetQ: values, onlineQ: others, masks });
        expect([...bonus, ...rewardBonus].every((x) => x === 0)).toBe(true);
        const judged = rule.kind === 'doubleQ' ? others : values;
        for (let b = 0; b < batch; b++) {
          const row = [...policy.subarray(b * actions, (b + 1) * actions)];
          const possible = [...masks.subarray(b * actions, (b + 1) * actions)];
          const best = Math.max(...possible.map((p, a) => (p === 1 ? judged[b * actions + a] : -Infinity)));
          expect(row.reduce((x, y) => x + y, 0)).toBe(possible.includes(1) ? 1 : 0);
          row.forEach((p, a) => {
            if (p !== 0) expect([p, possible[a], judged[b * actions + a] === best]).toEqual([1, 1, true]);
          });
        }
      }),
    );
  });

  it('are the same where both networks agree', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, masks }) => {
        const input = { batch, actions, targetQ: values, onlineQ: values, masks };
        expect(decide(doubleQ(), input)).toEqual(decide(maxQ(), input));
      }),
    );
  });
});

describe('expectedSarsa', () => {
  it('is the ε-greedy policy over the possible actions, ε by the clock', () => {
    const rule = expectedSarsa({ epsilon: linear(1, 0, 10) });
    const input = { batch: 1, actions: 4, targetQ: Float32Array.of(1, 9, 5, 5), masks: Uint8Array.of(1, 0, 1, 1) };
    const third = Math.fround(1 / 3);
    expect([...decide(rule, { ...input, step: 0 }).policy]).toEqual([third, 0, third, third]);
    expect([...decide(rule, { ...input, step: 4 }).policy]).toEqual([0.6 / 3, 0, 0.4 + 0.6 / 3, 0.6 / 3].map(closeTo));
    expect([...decide(rule, { ...input, step: 99 }).policy]).toEqual([0, 0, 1, 0]);
  });

  it('is maxQ for ε = 0', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, masks }) => {
        const input = { batch, actions, targetQ: values, masks };
        expect(decide(expectedSarsa({ epsilon: 0 }), input)).toEqual(decide(maxQ(), input));
      }),
    );
  });

  it('refuses an ε outside [0, 1], of a schedule when it is used', () => {
    for (const epsilon of [-0.1, 1.1, NaN]) {
      expect(() => expectedSarsa({ epsilon })).toThrow(refused('expectedSarsa(epsilon)'));
      const rule = expectedSarsa({ epsilon: { kind: 'mine', at: () => epsilon } });
      const input = { batch: 1, actions: 1, targetQ: new Float32Array(1), step: 8 };
      expect(() => decide(rule, input)).toThrow(refused("expectedSarsa(epsilon), schedule 'mine' at step 8"));
    }
    expect(() => expectedSarsa({ epsilon: 'x' as unknown as Schedule })).toThrow(refused('expectedSarsa(epsilon)'));
  });
});

const closeTo = (x: number) => expect.closeTo(x, 6);

describe('softmaxQ, softQ and mellowmaxQ', () => {
  it('lie where they should: mean ≤ mellowmax ≤ max ≤ soft ≤ max + τ log n, and mean ≤ softmax ≤ max', () => {
    fc.assert(
      fc.property(tableArb, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), ({ batch, actions, values }, temperature) => {
        const input = { batch, actions, targetQ: values };
        const softmax = valuesOf(softmaxQ({ temperature }), input);
        const soft = valuesOf(softQ({ temperature }), input);
        const mellowed = valuesOf(mellowmaxQ({ omega: 1 / temperature }), input);
        for (let b = 0; b < batch; b++) {
          const q = [...values.subarray(b * actions, (b + 1) * actions)];
          const [mean, max] = [brute.mean(q), brute.max(q)];
          const gap = temperature * Math.log(actions);
          const slack = ROUNDING + 1e-6 * gap;
          const between = (low: number, x: number, high: number) => expect(low - slack <= x && x <= high + slack).toBe(true);
          between(mean, softmax[b], max);
          between(max, soft[b], max + gap);
          between(Math.max(mean, max - gap), mellowed[b], max);
          // The same but for a constant.
          between(soft[b], mellowed[b] + gap, soft[b]);
        }
      }),
    );
  });

  it('end in the maximum when cold and in the mean when hot', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values }) => {
        const input = { batch, actions, targetQ: values };
        const cold = [softmaxQ({ temperature: 1e-300 }), softQ({ temperature: 1e-300 }), mellowmaxQ({ omega: 1e300 })];
        const max = valuesOf(maxQ(), input);
        for (const rule of cold) valuesOf(rule, input).forEach((v, b) => expect(Math.abs(v - max[b])).toBeLessThan(ROUNDING));
        for (const rule of [softmaxQ({ temperature: 1e300 }), mellowmaxQ({ omega: 1e-300 }), mellowmaxQ({ omega: 1e-12 })]) {
          valuesOf(rule, input).forEach((v, b) => {
            const mean = brute.mean([...values.subarray(b * actions, (b + 1) * actions)]);
            expect(Math.abs(v - mean)).toBeLessThan(ROUNDING);
          });
        }
      }),
    );
  });

  it('softQ and mellowmaxQ are non-expansions, also of values close together, where their slopes show', () => {
    const unit = fc.double({ min: -1, max: 1, noNaN: true });
    const pairArb = fc.integer({ min: 1, max: 5 }).chain((actions) => {
      const row = fc.array(unit, { minLength: actions, maxLength: actions });
      return fc.record({ actions: fc.constant(actions), p: row, moves: row });
    });
    fc.assert(
      fc.property(pairArb, fc.constantFrom(0.2, 1, 5, 20), fc.constantFrom(0.01, 0.3), ({ actions, p, moves }, omega, size) => {
        const targetQ = Float32Array.from([...p, ...p.map((x, a) => x + size * moves[a])]);
        const most = Math.max(...moves.map(Math.abs)) * size;
        for (const rule of [softQ({ temperature: 1 / omega }), mellowmaxQ({ omega })]) {
          const [before, after] = valuesOf(rule, { batch: 2, actions, targetQ });
          expect(Math.abs(after - before)).toBeLessThanOrEqual(most + 1e-5);
        }
      }),
    );
  });

  it('softmaxQ is neither monotone nor a non-expansion, and mellowmaxQ is, on the same values', () => {
    const pairs = (...targetQ: number[]) => ({ batch: 2, actions: 2, targetQ: Float32Array.from(targetQ) });
    const [smaller, larger] = valuesOf(softmaxQ({ temperature: 1 }), pairs(10, 0, /**/ 10, 1));
    expect([smaller, larger]).toEqual([expect.closeTo(9.99955, 4), expect.closeTo(9.99889, 4)]);
    const [near, far] = valuesOf(softmaxQ({ temperature: 1 }), pairs(2, 0, /**/ 3, -1));
    expect([near, far]).toEqual([expect.closeTo(1.7616, 4), expect.closeTo(2.9281, 4)]);
    expect(far - near).toBeGreaterThan(1.16); // from values 1 apart
    const mellowed = valuesOf(mellowmaxQ({ omega: 1 }), pairs(2, 0, /**/ 3, -1));
    expect(mellowed[1] - mellowed[0]).toBeLessThan(1);
    const rising = valuesOf(mellowmaxQ({ omega: 1 }), pairs(10, 0, /**/ 10, 1));
    expect(rising[1]).toBeGreaterThan(rising[0]);
  });

  it('refuse temperatures and ω that are not above 0', () => {
    for (const bad of [0, -1, NaN, Infinity]) {
      expect(() => softmaxQ({ temperature: bad })).toThrow(refused('softmaxQ(temperature)'));
      expect(() => softQ({ temperature: bad })).toThrow(refused('softQ(temperature)'));
      expect(() => mellowmaxQ({ omega: bad })).toThrow(refused('mellowmaxQ(omega)'));
    }
  });
});

describe('munchausen', () => {
  it('has the defaults of the paper', () => {
    expect(munchausen()).toMatchObject({ kind: 'munchausen', temperature: 0.03, alpha: 0.9, clip: -1, usesCurrent: true });
  });

  it('adds the clipped log-policy of the action taken to the reward', () => {
    const log = (tau: number, q: number[], a: number) => q[a] - brute.soft(q, tau);
    const options = fc.record({
      temperature: fc.double({ min: 0.01, max: 100, noNaN: true }),
      alpha: fc.double({ min: 0, max: 1, noNaN: true }),
      clip: fc.double({ min: -1000, max: 0, noNaN: true }),
    });
    fc.assert(
      fc.property(tableArb, options, fc.nat(), ({ batch, actions, values, others }, chosen, seed) => {
        const taken = Int32Array.from({ length: batch }, (_, b) => (seed + b) % actions);
        const { rewardBonus } = decide(munchausen(chosen), { batch, actions, targetQ: values, currentQ: others, taken });
        rewardBonus.forEach((bonus, b) => {
          const q = [...others.subarray(b * actions, (b + 1) * actions)];
          const exact = chosen.alpha * Math.min(0, Math.max(chosen.clip, log(chosen.temperature, q, taken[b])));
          expect(Math.abs(bonus - exact)).toBeLessThan(ROUNDING);
          expect(bonus).toBeLessThanOrEqual(0);
        });
      }),
    );
  });

  it('agrees with a hand-computed table', () => {
    // τ = 1: π(s) = (1, 3) / 4, so log π = (−1.386, −0.288); the next state is worth log(1 + e).
    const input = {
      batch: 2,
      actions: 2,
      targetQ: Float32Array.of(0, 1, 0, 1),
      currentQ: Float32Array.of(0, Math.log(3), 0, Math.log(3)),
      taken: Int32Array.of(0, 1),
    };
    const rule = munchausen({ temperature: 1, alpha: 0.5 });
    expect([...decide(rule, input).rewardBonus]).toEqual([-0.5, 0.5 * Math.log(0.75)].map(closeTo));
    expect(valuesOf(rule, input)).toEqual([Math.log(1 + Math.E), Math.log(1 + Math.E)].map(closeTo));
  });

  it('is softQ where α is 0', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, others, masks }) => {
        const input = { batch, actions, targetQ: values, currentQ: others, masks };
        const [a, b] = [munchausen({ temperature: 2, alpha: 0 }), softQ({ temperature: 2 })].map((rule) => decide(rule, input));
        expect({ ...a, rewardBonus: a.rewardBonus.map((x) => x + 0) }).toEqual(b);
      }),
    );
  });

  it('refuses returns over several steps, and options out of range', () => {
    munchausen().check(context());
    expect(() => munchausen().check(context({ nStep: 3 }))).toThrow(/nStep: 1.*received 3/);
    expect(() => munchausen({ temperature: 0 })).toThrow(refused('munchausen(temperature)'));
    expect(() => munchausen({ alpha: 1.1 })).toThrow(refused('munchausen(alpha)'));
    expect(() => munchausen({ clip: 0.1 })).toThrow(refused('munchausen(clip)'));
    expect(() => munchausen({ clip: -Infinity })).toThrow(refused('munchausen(clip)'));
  });
});

describe('clippedDoubleQ', () => {
  it("values the first online network's choice by the smaller estimate, for both networks", () => {
    const input = {
      batch: 4,
      actions: 2,
      onlineQ: Float32Array.of(1, 2, /**/ 9, 0, /**/ 5, 4, /**/ 0, 9),
      targetQ: Float32Array.of(0, 7, /**/ 0, 6, /**/ 3, 0, /**/ 4, 0),
    };
    const { policy, sources, bonus } = decide(clippedDoubleQ(), input);
    expect([...policy]).toEqual([0, 1, 0, 1, 1, 0, 1, 0]);
    expect([...sources]).toEqual([1, 1, 2, 2]);
    expect([...bonus]).toEqual([0, 0, 0, 0]);
    expect(valuesOf(clippedDoubleQ(), input)).toEqual([6, 6, 3, 3]);
    expect(clippedDoubleQ()).toMatchObject({ kind: 'clippedDoubleQ', networks: 2, usesOnline: true });
  });

  it('is at most either estimate of a possible action, and Double where the pair agrees', () => {
    fc.assert(
      fc.property(tableArb, ({ batch: pairs, actions, values, others, masks }) => {
        const twice = <T extends Float32Array | Uint8Array>(x: T, y: T): T => {
          const out = x.constructor === Uint8Array ? new Uint8Array(2 * x.length) : new Float32Array(2 * x.length);
          x.forEach((_, i) => {
            const at = Math.floor(i / actions) * 2 * actions + (i % actions);
            out[at] = x[i];
            out[at + actions] = y[i];
          });
          return out as T;
        };
        const input = {
          batch: 2 * pairs,
          actions,
          targetQ: twice(values, others),
          onlineQ: twice(others, values),
          masks: twice(masks, masks),
        };
        const clipped = valuesOf(clippedDoubleQ(), input);
        const single = (targetQ: Float32Array) => valuesOf(doubleQ(), { batch: pairs, actions, targetQ, onlineQ: others, masks });
        const [first, second] = [single(values), single(others)];
        first.forEach((x, b) => {
          expect(clipped[2 * b]).toBe(Math.min(x, second[b]));
          expect(clipped[2 * b + 1]).toBe(clipped[2 * b]);
        });
        decide(clippedDoubleQ(), input).sources.forEach((source, b) => expect(source >> 1).toBe(b >> 1));
        const same = { ...input, targetQ: twice(values, values), onlineQ: twice(others, others) };
        expect(valuesOf(clippedDoubleQ(), same).filter((_, b) => b % 2 === 0)).toEqual(first);
      }),
    );
  });

  it('refuses other than two estimates', () => {
    clippedDoubleQ().check(context({ heads: 2 }));
    expect(() => clippedDoubleQ().check(context({ heads: 20 }))).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});

describe('averagedQ', () => {
  it('is its inner rule, with what that asks for', () => {
    expect(averagedQ({ targets: 5 })).toMatchObject({
      kind: 'averagedQ',
      targets: 5,
      rule: { kind: 'maxQ' },
      usesOnline: false,
      networks: 1,
    });
    expect(averagedQ({ targets: 2, rule: doubleQ() }).usesOnline).toBe(true);
    expect(averagedQ({ targets: 2, rule: munchausen() }).usesCurrent).toBe(true);
    expect(averagedQ({ targets: 2, rule: clippedDoubleQ() }).networks).toBe(2);
    fc.assert(
      fc.property(tableArb, fc.constantFrom(maxQ(), doubleQ(), munchausen()), ({ batch, actions, values, others, masks }, rule) => {
        const input = { batch, actions, targetQ: values, onlineQ: others, currentQ: others, masks };
        expect(decide(averagedQ({ targets: 1, rule }), input)).toEqual(decide(rule, input));
      }),
    );
  });

  it('refuses heads whose values are not linear in the outputs, and what the inner rule refuses', () => {
    const head: ValueHead = { ...expected(), qValues() {}, targets() {}, loss() {}, kind: 'categorical', linear: false };
    averagedQ({ targets: 2 }).check(context());
    expect(() => averagedQ({ targets: 2 }).check(context({ head }))).toThrow(/linear in the outputs.*received categorical/);
    expect(() => averagedQ({ targets: 2, rule: munchausen() }).check(context({ nStep: 2 }))).toThrow(/nStep: 1/);
    for (const targets of [0, 1.5, NaN]) expect(() => averagedQ({ targets })).toThrow(refused('averagedQ(targets)'));
    expect(() => averagedQ({ targets: 2, rule: averagedQ({ targets: 2 }) })).toThrow(refused('averagedQ(rule)'));
  });
});

describe('minimaxQ', () => {
  it('values rock, paper, scissors at 0 and plays all alike', () => {
    const rule = minimaxQ({ actions: [3, 3] });
    const input = { batch: 1, actions: 9, targetQ: Float32Array.of(0, -1, 1, 1, 0, -1, -1, 1, 0) };
    expect([...decide(rule, input).policy]).toEqual(Array.from({ length: 9 }, () => closeTo(1 / 9)));
    expect(valuesOf(rule, input)).toEqual([closeTo(0)]);
    expect(rule).toMatchObject({ kind: 'minimaxQ', actions: [3, 3] });
  });

  it('plays with the possible rows and columns alone', () => {
    // Rows 0 and 2, columns 1 and 2 are left: [[1, −1], [−1, 3]], whose value is (3 − 1) / (1 + 3 + 2) = 1/3.
    const input = {
      batch: 2,
      actions: 9,
      targetQ: Float32Array.of(99, 1, -1, 99, 99, 99, 99, -1, 3, /**/ 1, 2, 3, 4, 5, 6, 7, 8, 9),
      masks: Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 1, 1, /**/ 0, 0, 0, 0, 0, 0, 0, 0, 0),
    };
    const { policy } = decide(minimaxQ({ actions: [3, 3] }), input);
    expect(valuesOf(minimaxQ({ actions: [3, 3] }), input)).toEqual([closeTo(1 / 3), 0]);
    policy.forEach((p, i) => expect(p === 0).toBe(input.masks[i] === 0));
  });

  it('is maxQ where the second player has no choice, and the minimum where the first has none', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, masks }) => {
        const input = { batch, actions, targetQ: values, masks };
        const max = valuesOf(maxQ(), input);
        const least = valuesOf(maxQ(), { ...input, targetQ: values.map((x) => -x) });
        valuesOf(minimaxQ({ actions: [actions, 1] }), input).forEach((v, b) => expect(v).toBeCloseTo(max[b], 3));
        valuesOf(minimaxQ({ actions: [1, actions] }), input).forEach((v, b) => expect(v).toBeCloseTo(-least[b], 3));
      }),
    );
  });

  it('makes values that are no numbers visible', () => {
    const input = { batch: 1, actions: 4, targetQ: Float32Array.of(NaN, 1, 2, 3) };
    expect(valuesOf(minimaxQ({ actions: [2, 2] }), input)).toEqual([NaN]);
    const masks = Uint8Array.of(1, 1, 0, 0);
    expect([...decide(minimaxQ({ actions: [2, 2] }), { ...input, masks }).policy]).toEqual([NaN, NaN, 0, 0]);
  });

  it('refuses masks that are no product, and other numbers of actions', () => {
    const rule = minimaxQ({ actions: [2, 2] });
    for (const mask of [
      [1, 0, 0, 1],
      [1, 1, 1, 0],
      [0, 1, 1, 1],
    ]) {
      const input = { batch: 1, actions: 4, targetQ: new Float32Array(4), masks: Uint8Array.from(mask) };
      expect(() => decide(rule, input)).toThrow(
        expect.objectContaining({ code: 'invalid-environment', where: 'minimaxQ(actions)' }),
      );
    }
    // As many as two rows by two columns, but not these.
    const spread = { batch: 1, actions: 9, targetQ: new Float32Array(9), masks: Uint8Array.of(1, 1, 0, 1, 0, 0, 0, 0, 1) };
    expect(() => decide(minimaxQ({ actions: [3, 3] }), spread)).toThrow(expect.objectContaining({ code: 'invalid-environment' }));
    rule.check(context());
    expect(() => rule.check(context({ actions: 6 }))).toThrow(refused('minimaxQ(actions)'));
    expect(() => minimaxQ({ actions: [0, 2] })).toThrow(refused('minimaxQ(actions)[0]'));
    expect(() => minimaxQ({ actions: [2, 1.5] })).toThrow(refused('minimaxQ(actions)[1]'));
    expect(() => minimaxQ({ actions: [2] as unknown as [number, number] })).toThrow(refused('minimaxQ(actions)'));
  });
});
