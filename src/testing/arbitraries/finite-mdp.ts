import fc from 'fast-check';
import type { MdpTransition } from '../../environments/finite-mdp.ts';
import { dyadicArb } from './values.ts';

/** A finite Markov decision process: every outcome of every action in every state. */
export interface FiniteMdp {
  /** S. */
  readonly states: number;
  /** A. */
  readonly actions: number;
  /** γ. */
  readonly discount: number;
  /** The outcomes of each (state, action), whose probabilities sum to 1. */
  readonly transitions: readonly MdpTransition[];
}

/** What {@link finiteMdpArb} may be told. */
export interface FiniteMdpOptions {
  /** The most states. Default 4. */
  readonly maxStates?: number;
  /** The most actions. Default 3. */
  readonly maxActions?: number;
  /** The largest γ, in [0, 1). Default 0.9. */
  readonly maxDiscount?: number;
}

/**
 * Small random processes with one to three outcomes an action, some of which end the episode. {@link valueIteration} gives their Q*.
 */
export function finiteMdpArb({ maxStates = 4, maxActions = 3, maxDiscount = 0.9 }: FiniteMdpOptions = {}): fc.Arbitrary<FiniteMdp> {
  return fc
    .record({ states: fc.integer({ min: 1, max: maxStates }), actions: fc.integer({ min: 1, max: maxActions }) })
    .chain(({ states, actions }) => {
      const outcomeArb = fc.record({
        weight: fc.integer({ min: 1, max: 4 }),
        nextState: fc.nat(states - 1),
        reward: dyadicArb({ min: -10, max: 10 }),
        terminated: fc.boolean(),
      });
      const pairArb = fc.array(outcomeArb, { minLength: 1, maxLength: 3 });
      return fc
        .record({
          discount: dyadicArb({ min: 0, max: maxDiscount }),
          pairs: fc.array(pairArb, { minLength: states * actions, maxLength: states * actions }),
        })
        .map(({ discount, pairs }) => ({
          states,
          actions,
          discount,
          transitions: pairs.flatMap((outcomes, pair) => {
            const total = outcomes.reduce((sum, { weight }) => sum + weight, 0);
            return outcomes.map(({ weight, nextState, reward, terminated }) => ({
              state: Math.floor(pair / actions),
              action: pair % actions,
              probability: weight / total,
              nextState,
              reward,
              terminated,
            }));
          }),
        }));
    });
}
