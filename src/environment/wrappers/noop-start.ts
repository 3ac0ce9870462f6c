import { checkInteger, checkNames } from '../../common/check.ts';
import { Random } from '../../common/random.ts';
import type { Environment } from '../environment.ts';
import { startWith } from './start-with.ts';
import { fields, wrap } from './wrapper.ts';

/** How {@link noopStart} begins. */
export interface NoopStartOptions {
  /** The most actions, at least 1. Default 30. */
  readonly max?: number;
  /** The action that does nothing. Default 0. */
  readonly action?: number;
}

/**
 * Begins every episode with a random number of actions that do nothing, 1 … `max`, all equally likely, so that a deterministic game starts in
 * different states (Mnih et al. 2015, methods). Where they end the episode the next one begins. Sticky actions are the better way to the same end
 * (Machado et al. 2018, section 5).
 *
 * The draws come from a stream of the wrapper's own, started anew by every `reset` with a seed.
 *
 * @throws DqnError `invalid-option` if an option is out of range; from `step`, if the environment has no such action.
 */
export function noopStart<Observation>(
  environment: Environment<Observation, number>,
  options: NoopStartOptions = {},
): Environment<Observation, number> {
  const kind = 'noopStart';
  checkNames('noopStart(options)', options, { max: true, action: true });
  const max = checkInteger('noopStart(max)', options.max ?? 30, { min: 1 });
  const action = checkInteger('noopStart(action)', options.action ?? 0);
  const stream = (seed: number) => new Random(seed).split(kind);
  let random = stream(0);
  return wrap(environment, {
    kind,
    observationSpace: environment.observationSpace,
    reset(resetOptions) {
      if (resetOptions?.seed !== undefined) random = stream(resetOptions.seed);
      const actions = Array.from({ length: 1 + random.integer(max) }, () => action);
      return startWith(environment, environment.reset(resetOptions), actions);
    },
    begin: (first) => first,
    advance: (result) => result,
    save: () => ({ random: random.state() }),
    load(state) {
      const restored = new Random(0);
      restored.restore(fields(kind, state)['random']);
      return () => void (random = restored);
    },
  });
}
