import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedyPolicy } from '../../src/bellman/greedy.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import {
  assertBootstrapRule,
  type BootstrapRuleRule,
  checkBootstrapRule,
  type CheckBootstrapRuleOptions,
} from '../../src/testing/index.ts';

/** The rule of Q-learning with something done after it. */
function maxThen(more: (input: BootstrapInput, out: BootstrapOutput) => void, parts: Partial<BootstrapRule> = {}): BootstrapRule {
  return {
    kind: 'spoilt',
    apply(input, out) {
      maxQ().apply(input, out);
      more(input, out);
    },
    ...parts,
  };
}

let calls = 0;

describe('checkBootstrapRule', () => {
  it.each<[string, BootstrapRuleRule, BootstrapRule, RegExp, CheckBootstrapRuleOptions?]>([
    ['no apply', 'interface', { kind: 'none' } as unknown as BootstrapRule, /no method apply/],
    [
      'masks that are forgotten',
      'policy',
      { kind: 'spoilt', apply: ({ batch, actions, targetQ }, out) => greedyPolicy(targetQ, batch, actions, undefined, out.policy) },
      /expected 0, as that is impossible, received 1/,
    ],
    [
      'rows that are not written',
      'policy',
      {
        kind: 'spoilt',
        apply: (input, out) => greedyPolicy(input.targetQ, input.batch - 1, input.actions, input.masks, out.policy),
      },
      /expected a probability, received NaN/,
    ],
    [
      'values instead of probabilities',
      'policy',
      maxThen((_, { policy }) => policy.forEach((p, i) => (policy[i] = p / 2))),
      /expected a sum of 1, received 0\.5/,
    ],
    [
      'an entropy of NaN',
      'bonus',
      maxThen(({ actions }, { policy, bonus }) => {
        bonus.forEach((_, b) => {
          for (let a = 0; a < actions; a++) bonus[b] -= policy[b * actions + a] * Math.log(policy[b * actions + a]);
        });
      }),
      /bonus at 0 must be a finite number, received NaN/,
    ],
    [
      'a source in another transition',
      'sources',
      maxThen((_, { sources }) => sources.fill(0)),
      /must be a row of the same transition, received 0/,
      { heads: 2 },
    ],
    ['changed inputs', 'inputs', maxThen(({ targetQ }) => targetQ.fill(0)), /must leave its inputs alone, but changed targetQ/],
    ['a memory', 'determinism', maxThen((_, { rewardBonus }) => rewardBonus.fill(++calls)), /another answer to the same input/],
    [
      'rows that mix',
      'rows',
      maxThen(({ targetQ }, { bonus }) => bonus.forEach((_, b) => (bonus[b] = b + targetQ[0]))),
      /bonus must follow its transitions/,
    ],
    [
      'a bonus that grows with the values',
      'translation',
      maxThen(({ targetQ, actions }, { bonus }) => bonus.forEach((_, b) => (bonus[b] = 0.5 * targetQ[b * actions]))),
      /bonus must stay when .* is added to all action values/,
    ],
  ])('tells %s', (_, rule, part, sentence, options) => {
    const report = checkBootstrapRule(part, options);
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, JSON.stringify(report.problems, null, 1)).toBeDefined();
    if (rule !== 'interface') expect(problem).toMatchObject({ seed: 1, counterExample: expect.stringContaining('targetQ') });
  });

  it('throws what it found', () => {
    expect(() => assertBootstrapRule(maxThen(({ targetQ }) => targetQ.fill(0)))).toThrow(
      expect.objectContaining({
        code: 'invalid-part',
        message: expect.stringContaining('- inputs: apply() must leave its inputs alone'),
      }),
    );
  });

  it('draws the masks that a rule knows', () => {
    const masks = fc.constantFrom(Uint8Array.of(1, 0, 0, 1), Uint8Array.of(0, 1, 1, 0));
    const seen = new Set<string>();
    const rule = maxThen(({ masks: given }) => given !== undefined && seen.add(String(given.subarray(0, 4))));
    assertBootstrapRule(rule, { actions: 4, masks });
    expect([...seen].sort()).toEqual(['0,1,1,0', '1,0,0,1']);
  });

  it('takes as many estimates as a rule has networks', () => {
    const seen = new Set<number>();
    assertBootstrapRule(maxThen(({ heads }) => seen.add(heads), { networks: 2 }));
    expect([...seen]).toEqual([2]);
  });

  it('tells an exception once', () => {
    const report = checkBootstrapRule(
      maxThen(() => {
        throw new RangeError('no room');
      }),
    );
    expect(report.problems).toMatchObject([{ message: 'An exception: RangeError: no room' }]);
  });

  it('lets a rule opt out of translation', () => {
    const clipping = maxThen(({ targetQ, actions }, { bonus }) =>
      bonus.forEach((_, b) => (bonus[b] = Math.max(0, targetQ[b * actions]))),
    );
    expect(checkBootstrapRule(clipping).problems).toMatchObject([{ rule: 'translation' }]);
    expect(checkBootstrapRule(clipping, { translation: false }).ok).toBe(true);
  });

  it('gives a rule the values it asks for, and no others', () => {
    const seen = { online: 0, current: 0, masked: 0 };
    const asking = (usesOnline: boolean, usesCurrent: boolean) =>
      maxThen(
        ({ batch, actions, onlineQ, currentQ, masks, taken }) => {
          expect([onlineQ.length, currentQ.length]).toEqual([usesOnline ? batch * actions : 0, usesCurrent ? batch * actions : 0]);
          expect([batch % 2, taken.length, batch]).toEqual([0, batch, taken.length]);
          seen.online += onlineQ.length;
          seen.current += currentQ.length;
          seen.masked += masks === undefined ? 0 : 1;
        },
        { usesOnline, usesCurrent },
      );
    for (const [online, current] of [
      [true, false],
      [false, true],
    ])
      assertBootstrapRule(asking(online, current), { heads: 2, actions: 3 });
    expect(Math.min(seen.online, seen.current, seen.masked)).toBeGreaterThan(0);
  });
});
