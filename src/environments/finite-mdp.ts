/** One possible outcome of an action in a finite Markov decision process. */
export interface MdpTransition {
  readonly state: number;
  readonly action: number;
  /** P(this outcome | state, action), above 0. */
  readonly probability: number;
  readonly nextState: number;
  readonly reward: number;
  /** Whether the episode ends here, so that the next state has no value. */
  readonly terminated: boolean;
}

/**
 * The optimal action values Q* `[states, actions]` (row-major) of a finite MDP: the fixed point of
 * `Q(s, a) = Σ P(s', r | s, a) · (r + γ · max Q(s', ·))`, found by policy iteration with an exact linear solution for every policy, so
 * up to rounding and not up to a tolerance. States without outcomes get 0.
 *
 * @param discount - γ in [0, 1]; with 1 the policy that always takes the last action must reach an end from everywhere.
 * Source: Howard 1960; Sutton and Barto 2018, section 4.3.
 */
export function optimalActionValues(
  transitions: readonly MdpTransition[],
  states: number,
  actions: number,
  discount: number,
): Float64Array {
  const policy = new Int32Array(states).fill(actions - 1);
  const q = new Float64Array(states * actions);
  let improved = true;
  while (improved) {
    const values = policyValues(transitions, policy, discount);
    q.fill(0);
    for (const { state, action, probability, nextState, reward, terminated } of transitions) {
      q[state * actions + action] += probability * (reward + (terminated ? 0 : discount * values[nextState]));
    }
    improved = false;
    for (let state = 0; state < states; state++) {
      for (let action = 0; action < actions; action++) {
        // The margin keeps rounding from swapping equally good actions for ever.
        if (q[state * actions + action] > q[state * actions + policy[state]] + 1e-12) {
          policy[state] = action;
          improved = true;
        }
      }
    }
  }
  return q;
}

/** The value of every state under a policy: the solution v of (I − γ P) v = r. */
function policyValues(transitions: readonly MdpTransition[], policy: Int32Array, discount: number): Float64Array {
  const states = policy.length;
  const matrix = Array.from({ length: states }, (_, row) => {
    const coefficients = new Float64Array(states + 1);
    coefficients[row] = 1;
    return coefficients;
  });
  for (const { state, action, probability, nextState, reward, terminated } of transitions) {
    if (action !== policy[state]) continue;
    if (!terminated) matrix[state][nextState] -= discount * probability;
    matrix[state][states] += probability * reward;
  }
  return solve(matrix);
}

/** Solves `[A | b]` (n rows of n + 1) by Gauss and Jordan's elimination with partial pivoting, in place. */
function solve(rows: Float64Array[]): Float64Array {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k <= n; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  return Float64Array.from(rows, (row, i) => row[n] / row[i]);
}
