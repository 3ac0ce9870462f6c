/** The reward and the discount of one n-step transition. */
export interface NStepReturn {
  /** `Σ_{k<n} γᵏ r_k`. */
  readonly reward: number;
  /** γⁿ, or 0 where the episode terminated. */
  readonly discount: number;
}

/**
 * The n-step return without its bootstrap, `R = Σ_{k<n} γᵏ r_k`, and the discount γⁿ of the value that is to follow it
 * (Sutton and Barto 2018, eq. 7.1), so that the target is `R + discount · Σ_a π(a | s_n) Q(s_n, a)`.
 *
 * @param rewards - `[n]`, r_0 … r_{n−1}, all of one episode.
 * @param discount - γ in [0, 1].
 * @param terminated - whether the episode terminated with the last reward, so that nothing follows.
 */
export function nStepReturn(rewards: ArrayLike<number>, discount: number, terminated: boolean): NStepReturn {
  let reward = 0;
  let factor = 1;
  for (let k = rewards.length - 1; k >= 0; k--) {
    reward = rewards[k] + discount * reward;
    factor *= discount;
  }
  return { reward, discount: terminated ? 0 : factor };
}
