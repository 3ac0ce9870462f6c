import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BootstrapInput, BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { expected } from '../../src/heads/expected.ts';
import { tableArb } from '../support/arbitraries.ts';

const nothing = new Float32Array(0);

function policyOf(rule: BootstrapRule, input: BootstrapInput): number[] {
  const out = new Float32Array(input.batch * input.actions).fill(NaN);
  rule.policy(input, out);
  return [...out];
}

describe('bootstrap rules', () => {
  it('say whether they need the online network', () => {
    expect(maxQ()).toMatchObject({ kind: 'maxQ', usesOnline: false });
    expect(doubleQ()).toMatchObject({ kind: 'doubleQ', usesOnline: true });
  });

  it('select by the target or by the online network', () => {
    const input = { batch: 2, actions: 3, targetQ: Float32Array.of(1, 5, 2, 0, 0, 1), onlineQ: Float32Array.of(3, 2, 1, 4, 6, 6) };
    expect(policyOf(maxQ(), { ...input, onlineQ: nothing })).toEqual([0, 1, 0, 0, 0, 1]);
    expect(policyOf(doubleQ(), input)).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('of Double values the online choice by the target network', () => {
    // The target network would choose 99 and 91; the online network chooses the other action.
    const targetQ = Float32Array.of(99, 98, 91, 90);
    const onlineQ = Float32Array.of(1, 2, 1, 2);
    const nextPolicy = Float32Array.from(policyOf(doubleQ(), { batch: 2, actions: 2, targetQ, onlineQ }));
    const out = new Float32Array(2);
    expected().targets(
      {
        batch: 2,
        actions: 2,
        rewards: Float32Array.of(-1, -1),
        discounts: Float32Array.of(0.5, 0.5),
        nextOutputs: targetQ,
        nextPolicy,
      },
      out,
    );
    expect([...out]).toEqual([-1 + 0.5 * 98, -1 + 0.5 * 90]);
  });

  it('never choose an impossible action, and none where none is possible', () => {
    fc.assert(
      fc.property(tableArb, fc.constantFrom(maxQ(), doubleQ()), ({ batch, actions, values, others, masks }, rule) => {
        const policy = policyOf(rule, { batch, actions, targetQ: values, onlineQ: others, masks });
        const judged = rule.usesOnline ? others : values;
        for (let b = 0; b < batch; b++) {
          const row = policy.slice(b * actions, (b + 1) * actions);
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
        expect(policyOf(doubleQ(), input)).toEqual(policyOf(maxQ(), input));
      }),
    );
  });
});
