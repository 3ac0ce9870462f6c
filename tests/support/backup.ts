import type { BootstrapInput, BootstrapOutput, BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';

/** The least that a rule may be asked with. */
export type RuleInput = Pick<BootstrapInput, 'batch' | 'actions' | 'targetQ'> & Partial<BootstrapInput>;

/** What a rule decides, in arrays that are set up as the contract says. */
export function decide(rule: BootstrapRule, input: RuleInput): BootstrapOutput {
  const { batch, actions } = input;
  const out = {
    policy: new Float32Array(batch * actions).fill(NaN),
    bonus: new Float32Array(batch),
    rewardBonus: new Float32Array(batch),
    sources: Int32Array.from({ length: batch }, (_, b) => b),
  };
  const nothing = new Float32Array(0);
  rule.apply(
    { heads: rule.networks ?? 1, onlineQ: nothing, currentQ: nothing, taken: new Int32Array(batch), step: 0, ...input },
    out,
  );
  return out;
}

/** What the next states are worth by a rule, `Σ_a π Q⁻ + bonus`, in float64. */
export function valuesOf(rule: BootstrapRule, input: RuleInput): number[] {
  const { policy, bonus, sources } = decide(rule, input);
  const { actions, targetQ } = input;
  return Array.from(bonus, (extra, b) => {
    let value = extra;
    for (let a = 0; a < actions; a++) {
      const probability = policy[b * actions + a];
      if (probability !== 0) value += probability * targetQ[sources[b] * actions + a];
    }
    return value;
  });
}
