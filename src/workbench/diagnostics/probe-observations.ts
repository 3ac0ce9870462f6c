import { discreteActions } from '../../agent/discrete-actions.ts';
import { checkInteger, checkNames, checkNumber } from '../../common/check.ts';
import { Random } from '../../common/random.ts';
import { checkStep } from '../../environment/check-step.ts';
import type { Environment } from '../../environment/environment.ts';
import type { DiscreteSpace } from '../../environment/spaces/discrete.ts';
import { callEnvironment } from '../../training/call-environment.ts';

/** What {@link probeObservations} needs. */
export interface ProbeOptions {
  /** How many. Default 256. */
  readonly count?: number;
  /** Draws the actions; the environment is first reset with it. Default 0. */
  readonly seed?: number;
}

/**
 * Observations to measure an agent at, always the same: those that random play comes across. Give each to `logTraining` or {@link diagnose}.
 * @throws DqnError `invalid-option`, `invalid-space` if the actions are not discrete, `environment-failed` if the environment throws.
 */
export async function probeObservations<Observation>(
  environment: Environment<Observation, number>,
  options: ProbeOptions = {},
): Promise<Observation[]> {
  checkNames('probeObservations(options)', options, { count: true, seed: true });
  const count = checkInteger('probeObservations({ count })', options.count ?? 256, { min: 1 });
  const seed = checkNumber('probeObservations({ seed })', options.seed ?? 0);
  const actions = discreteActions(environment.actionSpace, 'probeObservations(environment)');
  const { observationSpace } = environment;
  const numbers = new Float32Array(observationSpace.flatSize);
  // Split, as environments may draw from the seed's own stream.
  const random = new Random(seed).split('actions');
  const observations: Observation[] = [];
  let first: number | undefined = seed;
  while (observations.length < count) {
    const reset = first === undefined ? {} : { seed: first };
    let { observation, actionMask } = await callEnvironment(
      () => environment.reset(reset),
      'probeObservations: environment.reset()',
    );
    first = undefined;
    for (let ended = false; !ended && observations.length < count;) {
      // A copy: environments may use the same array again.
      observationSpace.flatten(observation, numbers);
      observations.push(observationSpace.unflatten(numbers));
      const action = pick(actions, actionMask, random);
      const result = await callEnvironment(() => environment.step(action), 'probeObservations: environment.step()');
      checkStep('probeObservations: environment.step()', result);
      ({ observation, actionMask } = result);
      ended = result.terminated || result.truncated;
    }
  }
  return observations;
}

/** A possible action; any where none is. */
function pick({ n, start }: DiscreteSpace, mask: Uint8Array | undefined, random: Random): number {
  const possible = Array.from({ length: n }, (_, i) => i).filter((i) => mask?.[i] !== 0);
  return start + (possible.length > 0 ? possible[random.integer(possible.length)] : random.integer(n));
}
