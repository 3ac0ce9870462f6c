/**
 * Lands a {@link LunarLander} by a rule of thumb: turn towards the pad, fall more slowly the nearer it is, and fire whichever engine is needed most. It reaches a mean
 * return of about 240.
 *
 * @param observation - `[8]`, as the environment gives it.
 * @returns the action.
 * Source: `heuristic` in gymnasium/envs/box2d/lunar_lander.py, version 1.4.
 */
export function landByRule(observation: ArrayLike<number>): number {
  const { 0: x, 1: y, 2: xDot, 3: yDot, 4: angle, 5: angleDot } = observation;
  const standing = observation[6] !== 0 || observation[7] !== 0;
  // More than 22° is not safe.
  const wanted = Math.min(0.4, Math.max(-0.4, 0.5 * x + xDot));
  const turn = standing ? 0 : 0.5 * (wanted - angle) - angleDot;
  const lift = standing ? -0.5 * yDot : 0.5 * (0.55 * Math.abs(x) - y) - 0.5 * yDot;
  if (lift > Math.abs(turn) && lift > 0.05) return 2;
  return turn < -0.05 ? 3 : turn > 0.05 ? 1 : 0;
}
