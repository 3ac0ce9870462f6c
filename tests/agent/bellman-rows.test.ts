import { describe, expect, test } from 'vitest';
import { BellmanRows, type TransitionRows } from '../../src/agent/bellman-rows.ts';
import type { BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { Random } from '../../src/common/random.ts';
import { expected } from '../../src/heads/expected.ts';

const ACTIONS = 3;
const head = expected({ loss: 'squared' });

function transitions(size: number, random: Random): TransitionRows {
  return {
    size,
    actions: Int32Array.from({ length: size }, () => random.integer(ACTIONS)),
    rewards: Float32Array.from({ length: size }, () => random.normal()),
    discounts: Float32Array.from({ length: size }, () => (random.float() < 0.3 ? 0 : 0.9)),
    weights: Float32Array.from({ length: size }, () => random.uniform(0.5, 1)),
    ids: Float64Array.from({ length: size }, (_, i) => i),
  };
}

const numbers = (length: number, random: Random) => Float32Array.from({ length }, () => random.normal());
const none = new Float32Array(0);

function rowsOf(bootstrap: BootstrapRule, heads = 1, headProbability = 1, seed = 0) {
  return new BellmanRows({ head, bootstrap, actions: ACTIONS, heads, headProbability, seed });
}

/** The gradient of one update. */
function gradientOf(rows: BellmanRows, batch: TransitionRows, nextOutputs: Float32Array, outputs: Float32Array): Float32Array {
  rows.reserve(batch.size);
  rows.readTarget(nextOutputs);
  rows.aim(batch, nextOutputs, none, 0);
  const gradient = new Float32Array(outputs.length);
  rows.gradient(outputs, gradient, batch.size);
  return gradient;
}

describe('BellmanRows', () => {
  test('adds the bonus of the reward as it is and that of the next state discounted', () => {
    const rule: BootstrapRule = {
      kind: 'bonus',
      apply(input, out) {
        maxQ().apply(input, out);
        out.bonus.fill(2);
        out.rewardBonus.fill(10);
      },
    };
    const batch = { ...transitions(2, new Random(1)), rewards: Float32Array.of(1, 1), discounts: Float32Array.of(0.5, 0) };
    const rows = rowsOf(rule);
    gradientOf(rows, batch, Float32Array.of(3, 4, 5, 9, 9, 9), new Float32Array(6));
    // 1 + 10 + 0.5 · (5 + 2), and without a next state 1 + 10.
    expect([...rows.tdErrors]).toEqual([14.5, 11]);
    expect(rows.summary()).toMatchObject({ meanQ: 0, meanTdError: 12.75 });
  });

  test('tells the largest Q, the means and each TD error of a batch', () => {
    const batch: TransitionRows = {
      size: 4,
      actions: Int32Array.of(0, 2, 1, 1),
      rewards: Float32Array.of(1, 0, -2, 0),
      discounts: Float32Array.of(0.5, 0.5, 0, 0.5),
      weights: Float32Array.of(1, 0.5, 1, 0),
      ids: Float64Array.of(0, 1, 2, 3),
    };
    //                     max:  2         6         –         8
    const next = Float32Array.of(0, 2, 1, /**/ 6, 5, 4, /**/ 9, 9, 9, /**/ 8, 0, 0);
    // Q of the action taken:    3         −1        2         7
    const outputs = Float32Array.of(3, 50, 0, /**/ 0, 0, -1, /**/ 60, 2, 0, /**/ 0, 7, 0);
    // Targets 2, 3, −2, 4; TD errors −1, 4, −4, −3; losses ½, 8, 8, 4½, of which the last has no weight.
    const rows = rowsOf(maxQ());
    gradientOf(rows, batch, next, outputs);
    expect(rows.summary()).toEqual({
      loss: (0.5 + 0.5 * 8 + 8) / 4,
      meanQ: 11 / 4,
      maxQ: 7,
      meanTdError: 12 / 4,
      tdErrors: Float32Array.of(-1, 4, -4, -3),
    });
    // As padding the last row is left out, but not from what the loss is the mean over.
    const padded = rowsOf(maxQ());
    gradientOf(padded, { ...batch, padded: true }, next, outputs);
    expect(padded.summary()).toEqual({
      loss: 12.5 / 4,
      meanQ: 4 / 3,
      maxQ: 3,
      meanTdError: 9 / 3,
      tdErrors: Float32Array.of(-1, 4, -4),
    });
    expect([...padded.tdErrors]).toEqual([-1, 4, -4, -3]);
  });

  test('tells of several estimates the largest Q of any and of each transition the mean size of its TD errors, padding left out', () => {
    const batch: TransitionRows = {
      size: 2,
      actions: Int32Array.of(0, 1),
      rewards: Float32Array.of(1, 5),
      discounts: Float32Array.of(0, 0),
      weights: Float32Array.of(1, 0),
      ids: Float64Array.of(0, 1),
    };
    // Q(s, a) 3 and −1, then 9 and 8; TD errors −2 and 2, then −4 and −3.
    const outputs = Float32Array.of(3, 0, 0, -1, 0, 0, /**/ 0, 9, 0, 0, 8, 0);
    for (const padded of [false, true]) {
      const rows = rowsOf(maxQ(), 2);
      gradientOf(rows, { ...batch, padded }, new Float32Array(12), outputs);
      expect(rows.summary()).toMatchObject(
        padded
          ? { meanQ: 1, maxQ: 3, meanTdError: 2, tdErrors: Float32Array.of(2) }
          : { meanQ: 19 / 4, maxQ: 9, meanTdError: 11 / 4, tdErrors: Float32Array.of(2, 3.5) },
      );
      expect([...rows.tdErrors]).toEqual([2, 3.5]);
    }
    // Those that do not learn from a transition are told of all the same.
    const asleep = rowsOf(maxQ(), 2, 1e-9);
    gradientOf(asleep, { ...batch, padded: true }, new Float32Array(12), outputs);
    expect(asleep.summary()).toMatchObject({ loss: 0, meanQ: 1, maxQ: 3, meanTdError: 2, tdErrors: Float32Array.of(2) });
  });

  test('treats K heads as K estimates that each learn from targets of their own', () => {
    const random = new Random(2);
    const heads = 4;
    const batch = transitions(5, random);
    const outputs = numbers(5 * heads * ACTIONS, random);
    const nextOutputs = numbers(5 * heads * ACTIONS, random);
    const together = gradientOf(rowsOf(maxQ(), heads), batch, nextOutputs, outputs);
    for (let k = 0; k < heads; k++) {
      const pick = (values: Float32Array) =>
        Float32Array.from({ length: 5 * ACTIONS }, (_, i) => {
          const row = Math.floor(i / ACTIONS);
          return values[(row * heads + k) * ACTIONS + (i % ACTIONS)];
        });
      const alone = gradientOf(rowsOf(maxQ()), batch, pick(nextOutputs), pick(outputs));
      pick(together).forEach((value, i) => expect(value).toBeCloseTo(alone[i] / heads, 6));
    }
  });

  test('gives each head a share of the transitions, the same at every update, another for another seed', () => {
    const size = 2_000;
    const heads = 3;
    const random = new Random(3);
    const batch = { ...transitions(size, random), discounts: new Float32Array(size), rewards: new Float32Array(size).fill(5) };
    const outputs = new Float32Array(size * heads * ACTIONS);
    const learned = (seed: number) => {
      const gradient = gradientOf(rowsOf(maxQ(), heads, 0.3, seed), batch, outputs, outputs);
      return Array.from({ length: size * heads }, (_, b) => gradient.subarray(b * ACTIONS, (b + 1) * ACTIONS).some((g) => g !== 0));
    };
    const first = learned(1);
    expect(learned(1)).toEqual(first);
    expect(learned(2)).not.toEqual(first);
    for (let k = 0; k < heads; k++) {
      const share = first.filter((each, b) => each && b % heads === k).length / size;
      // Five standard deviations of a fair draw.
      expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / size));
    }
    // Heads draw independently of each other.
    const both = first.filter((each, b) => each && b % heads === 0 && first[b + 1]).length / size;
    expect(Math.abs(both - 0.09)).toBeLessThan(5 * Math.sqrt((0.09 * 0.91) / size));
  });

  test('makes targets of the outputs that the rule names, and lets separate networks each have a whole gradient', () => {
    const lowest: BootstrapRule = {
      kind: 'lowest',
      networks: 2,
      apply(input, out) {
        maxQ().apply(input, out);
        for (let b = 0; b < input.batch; b++) {
          out.sources[b] = b - (b % 2) + 1;
          out.policy.set([1, 0, 0], b * ACTIONS);
        }
      },
    };
    const batch = {
      ...transitions(1, new Random(4)),
      rewards: Float32Array.of(0),
      discounts: Float32Array.of(1),
      weights: Float32Array.of(1),
    };
    const rows = rowsOf(lowest, 2);
    const gradient = gradientOf(rows, batch, Float32Array.of(7, 0, 0, 3, 0, 0), new Float32Array(6));
    const taken = batch.actions[0];
    expect([gradient[taken], gradient[ACTIONS + taken]]).toEqual([-3, -3]);
    expect([...rows.tdErrors]).toEqual([3]);
  });

  test('bootstraps from possible actions alone, with one estimate and with several', () => {
    const batch = {
      ...transitions(1, new Random(5)),
      rewards: Float32Array.of(0),
      discounts: Float32Array.of(1),
      nextActionMasks: Uint8Array.of(0, 1, 1),
    };
    const next = Float32Array.of(9, 1, 2);
    const one = rowsOf(maxQ());
    gradientOf(one, batch, next, new Float32Array(3));
    expect([...one.tdErrors]).toEqual([2]);
    const two = rowsOf(maxQ(), 2);
    gradientOf(two, batch, Float32Array.of(...next, ...next), new Float32Array(6));
    expect([...two.tdErrors]).toEqual([2]);
  });

  test('reads the online values only where the rule asks for them', () => {
    const batch = { ...transitions(1, new Random(6)), rewards: Float32Array.of(0), discounts: Float32Array.of(1) };
    const rows = rowsOf(doubleQ());
    rows.reserve(1);
    rows.readOnline(Float32Array.of(0, 5, 0));
    rows.readTarget(Float32Array.of(8, 1, 8));
    rows.aim(batch, Float32Array.of(8, 1, 8), none, 0);
    rows.gradient(new Float32Array(3), new Float32Array(3), 1);
    expect([...rows.tdErrors]).toEqual([1]);
  });
});
