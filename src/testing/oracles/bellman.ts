import type { BootstrapRule } from '../../bootstrap/bootstrap-rule.ts';
import type { FiniteMdp } from '../arbitraries/finite-mdp.ts';

/** What {@link naiveBellmanTarget} computes from. */
export interface NaiveTargetInput {
  /** r, n-step. */
  readonly reward: number;
  /** γⁿ, or 0 where the episode terminated. */
  readonly discount: number;
  /** Q(s', a) `[A]`. */
  readonly nextQ: ArrayLike<number>;
  /** π(a | s') `[A]`. */
  readonly policy: ArrayLike<number>;
  /** Added to the value of the next state. Default 0. */
  readonly bonus?: number;
  /** Added to the reward. Default 0. */
  readonly rewardBonus?: number;
}

/** One Bellman target in double precision: `y = r + rewardBonus + γⁿ (Σ_a π(a | s') Q(s', a) + bonus)`. */
export function naiveBellmanTarget({ reward, discount, nextQ, policy, bonus = 0, rewardBonus = 0 }: NaiveTargetInput): number {
  const value = Array.from(policy).reduce((sum, p, a) => (p === 0 ? sum : sum + p * nextQ[a]), bonus);
  return reward + rewardBonus + (discount === 0 ? 0 : discount * value);
}

/**
 * The n-step return and what follows it, term by term: `Σ_{k<n} γᵏ r_k`, and γⁿ or 0 where the episode terminated (Sutton and Barto 2018, eq. 7.1).
 * @param rewards - r_0 … r_{n−1}.
 */
export function naiveNStep(
  rewards: ArrayLike<number>,
  discount: number,
  terminated: boolean,
): { reward: number; discount: number } {
  const reward = Array.from(rewards).reduce((sum, r, k) => sum + discount ** k * r, 0);
  return { reward, discount: terminated ? 0 : discount ** rewards.length };
}

/**
 * One exact sweep of a bootstrap rule over a finite MDP: `(T Q)(s, a) = Σ P(s', r | s, a) · y(r, s')`, where the rule says how s' is valued. A rule
 * of Q-learning, applied again and again, reaches Q* ({@link valueIteration}) from everywhere.
 * @param q - the target network's values `[S, A]`.
 * @param online - the online network's values `[S, A]`, for rules that ask for them. Default `q`.
 * @returns `[S, A]` in double precision; the rule itself sees single precision.
 */
export function bellmanBackup(
  { states, actions, discount, transitions }: FiniteMdp,
  rule: BootstrapRule,
  q: ArrayLike<number>,
  online: ArrayLike<number> = q,
): Float64Array {
  const batch = transitions.length;
  const rows = (values: ArrayLike<number>, stateOf: (i: number) => number) =>
    Float32Array.from({ length: batch * actions }, (_, i) => values[stateOf(Math.floor(i / actions)) * actions + (i % actions)]);
  const nothing = new Float32Array(0);
  const nextQ = rows(q, (i) => transitions[i].nextState);
  const out = {
    policy: new Float32Array(batch * actions),
    bonus: new Float32Array(batch),
    rewardBonus: new Float32Array(batch),
    sources: Int32Array.from({ length: batch }, (_, i) => i),
  };
  rule.apply(
    {
      batch,
      actions,
      heads: 1,
      targetQ: nextQ,
      onlineQ: rule.usesOnline === true ? rows(online, (i) => transitions[i].nextState) : nothing,
      currentQ: rule.usesCurrent === true ? rows(q, (i) => transitions[i].state) : nothing,
      taken: Int32Array.from(transitions, ({ action }) => action),
      step: 0,
    },
    out,
  );
  const backup = new Float64Array(states * actions);
  transitions.forEach(({ state, action, probability, reward, terminated }, i) => {
    const target = naiveBellmanTarget({
      reward,
      discount: terminated ? 0 : discount,
      nextQ: nextQ.subarray(i * actions, (i + 1) * actions),
      policy: out.policy.subarray(i * actions, (i + 1) * actions),
      bonus: out.bonus[i],
      rewardBonus: out.rewardBonus[i],
    });
    backup[state * actions + action] += probability * target;
  });
  return backup;
}

/**
 * Q* `[S, A]` of a finite MDP by value iteration, `Q(s, a) ← Σ P(s', r | s, a) (r + γ max_a' Q(s', a'))` (Sutton and Barto 2018, section 4.4), until the
 * values lie within `tolerance` of it. γ must be below 1.
 */
export function valueIteration({ states, actions, discount, transitions }: FiniteMdp, tolerance = 1e-10): Float64Array {
  let q = new Float64Array(states * actions);
  for (;;) {
    const next = new Float64Array(states * actions);
    for (const { state, action, probability, nextState, reward, terminated } of transitions) {
      const value = terminated ? 0 : Math.max(...q.subarray(nextState * actions, (nextState + 1) * actions));
      next[state * actions + action] += probability * (reward + discount * value);
    }
    const change = next.reduce((most, x, i) => Math.max(most, Math.abs(x - q[i])), 0);
    q = next;
    // A contraction by γ: what is left is at most γ / (1 − γ) times the last change.
    if (!(change * discount > tolerance * (1 - discount))) return q;
  }
}
