import fc from 'fast-check';
import type { BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { expected } from '../../src/heads/expected.ts';
import { decide } from './backup.ts';

/** A finite Markov decision process. Terminal states have a value of 0 and are left out of the sums over s'. */
export interface FiniteMdp {
  readonly states: number;
  readonly actions: number;
  /** γ. */
  readonly discount: number;
  /** P(s' | s, a) `[S, A, S]`. */
  readonly probabilities: readonly number[];
  /** r(s, a, s') `[S, A, S]`; float32 numbers. */
  readonly rewards: readonly number[];
  /** `[S]`: whether an episode terminates on entering the state. */
  readonly terminal: readonly boolean[];
}

/** Small random processes, with some deterministic and some terminating moves. */
export const finiteMdpArb: fc.Arbitrary<FiniteMdp> = fc
  .record({
    states: fc.integer({ min: 1, max: 4 }),
    actions: fc.integer({ min: 1, max: 3 }),
    discount: fc.double({ min: 0, max: 0.9, noNaN: true }),
  })
  .chain(({ states, actions, discount }) => {
    const pairs = states * actions;
    const rowArb = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: states, maxLength: states })
      .filter((row) => row.some((weight) => weight > 0))
      .map((row) => row.map((weight) => weight / row.reduce((a, b) => a + b, 0)));
    return fc.record({
      states: fc.constant(states),
      actions: fc.constant(actions),
      discount: fc.constant(discount),
      probabilities: fc.array(rowArb, { minLength: pairs, maxLength: pairs }).map((rows) => rows.flat()),
      rewards: fc
        .array(fc.integer({ min: -80, max: 80 }), { minLength: pairs * states, maxLength: pairs * states })
        .map((r) => r.map((x) => x / 8)),
      terminal: fc.array(fc.boolean(), { minLength: states, maxLength: states }),
    });
  });

/**
 * The operator that a bootstrap rule and the head of expected values make, as an agent does: `r + rewardBonus + γ (Σ_a π Q + bonus)`, every
 * transition (s, a, s') one sample of a batch, in expectation over s'.
 */
export function applyRule(rule: BootstrapRule, mdp: FiniteMdp, q: Float32Array, onlineQ: Float32Array = q): Float32Array {
  const { states, actions, discount, probabilities, rewards, terminal } = mdp;
  const discounts = Float32Array.from(terminal, (ends) => (ends ? 0 : discount));
  const targets = new Float32Array(states);
  return Float32Array.from({ length: states * actions }, (_, pair) => {
    const s = Math.floor(pair / actions);
    const currentQ = new Float32Array(states * actions);
    for (let next = 0; next < states; next++) currentQ.set(q.subarray(s * actions, (s + 1) * actions), next * actions);
    const taken = new Int32Array(states).fill(pair % actions);
    const { policy, bonus, rewardBonus } = decide(rule, { batch: states, actions, targetQ: q, onlineQ, currentQ, taken });
    const slice = (values: readonly number[]) => values.slice(pair * states, (pair + 1) * states);
    expected().targets(
      {
        batch: states,
        actions,
        rewards: Float32Array.from(slice(rewards), (r, next) => r + rewardBonus[next] + discounts[next] * bonus[next]),
        discounts,
        nextOutputs: q,
        nextPolicy: policy,
        nextFractions: new Float32Array(0),
      },
      targets,
    );
    return slice(probabilities).reduce((sum, p, next) => sum + p * targets[next], 0);
  });
}

/** Q* by brute force: the largest Q^π over all deterministic policies π, each by solving its linear equations. */
export function optimalValues(mdp: FiniteMdp): number[] {
  const { states, actions } = mdp;
  const best = Array.from({ length: states * actions }, () => -Infinity);
  for (let code = 0; code < actions ** states; code++) {
    const policy = Array.from({ length: states }, (_, s) => Math.floor(code / actions ** s) % actions);
    const q = policyValues(mdp, policy);
    for (let i = 0; i < q.length; i++) best[i] = Math.max(best[i], q[i]);
  }
  return best;
}

/** Q^π: V solves `(I − γ P_π) V = r_π`, then one step ahead. */
function policyValues(
  { states, actions, discount, probabilities, rewards, terminal }: FiniteMdp,
  policy: readonly number[],
): number[] {
  const at = (s: number, a: number, next: number) => (s * actions + a) * states + next;
  const reward = (s: number, a: number) => sum(states, (next) => probabilities[at(s, a, next)] * rewards[at(s, a, next)]);
  const follow = (s: number, a: number, next: number) => (terminal[next] ? 0 : discount * probabilities[at(s, a, next)]);
  const matrix = Array.from({ length: states }, (_, s) => [
    ...Array.from({ length: states }, (_unused, next) => (s === next ? 1 : 0) - follow(s, policy[s], next)),
    reward(s, policy[s]),
  ]);
  const values = solve(matrix);
  return Array.from({ length: states * actions }, (_, pair) => {
    const s = Math.floor(pair / actions);
    const a = pair % actions;
    return reward(s, a) + sum(states, (next) => follow(s, a, next) * values[next]);
  });
}

function sum(n: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += term(i);
  return total;
}

/** Gauss and Jordan; the matrix is diagonally dominant, so no pivoting is needed. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const pivot = rows[i][i];
    rows[i] = rows[i].map((x) => x / pivot);
    for (let k = 0; k < n; k++) {
      const factor = rows[k][i];
      if (k !== i) rows[k] = rows[k].map((x, j) => x - factor * rows[i][j]);
    }
  }
  return rows.map((row) => row[n]);
}
