import { checkNumber } from '../../common/check.ts';
import { Random } from '../../common/random.ts';
import type { Environment } from '../environment.ts';
import { allows } from './action-mask.ts';
import { damaged, fields, wrap } from './wrapper.ts';

/**
 * With a probability, carries the previous action out again in place of the one given, so that a deterministic game cannot be
 * learned by heart (Machado et al. 2018, section 5.2, with probability 0.25). What counts as previous is the action that was carried out; the first
 * action of an episode is always the one given, and so is any action where the previous one is no longer possible.
 *
 * The draws come from a stream of the wrapper's own, started anew by every `reset` with a seed.
 *
 * @param probability - ς, in [0, 1].
 * @throws DqnError `invalid-option` if the probability is out of range.
 */
export function stickyActions<Observation, Action>(
  environment: Environment<Observation, Action>,
  probability: number,
): Environment<Observation, Action> {
  const kind = 'stickyActions';
  checkNumber('stickyActions(probability)', probability, { min: 0, max: 1 });
  const space = environment.actionSpace;
  const stream = (seed: number) => new Random(seed).split(kind);
  let random = stream(0);
  // The previous action, flattened: a copy that its owner cannot change, and that any space can save.
  const previous = new Float32Array(space.flatSize);
  let hasPrevious = false;
  let mask: Uint8Array | undefined;
  let carriedOut: Action;

  const choose = (action: Action): Action => {
    if (!hasPrevious || random.float() >= probability) return action;
    const last = space.unflatten(previous);
    return allows(space, mask, last) ? last : action;
  };

  return wrap(environment, {
    kind,
    observationSpace: environment.observationSpace,
    begin(first, options) {
      if (options?.seed !== undefined) random = stream(options.seed);
      hasPrevious = false;
      mask = first.actionMask;
      return first;
    },
    advance(result) {
      // Only now, so that an action that the environment refused leaves no trace.
      space.flatten(carriedOut, previous);
      hasPrevious = true;
      mask = result.actionMask;
      return result;
    },
    step(action: Action) {
      carriedOut = choose(action);
      return environment.step(carriedOut);
    },
    save: () => ({ random: random.state(), previous: hasPrevious ? previous.slice() : null, mask: mask?.slice() ?? null }),
    load(state) {
      const saved = fields(kind, state);
      const last = saved['previous'];
      const savedMask = saved['mask'];
      const restored = new Random(0);
      restored.restore(saved['random']);
      if (last !== null && !(last instanceof Float32Array && last.length === previous.length)) {
        throw damaged(kind, `an action of ${previous.length} numbers, or none`, last);
      }
      if (savedMask !== null && !(savedMask instanceof Uint8Array)) throw damaged(kind, 'an action mask, or none', savedMask);
      return () => {
        random = restored;
        hasPrevious = last !== null;
        if (last !== null) previous.set(last);
        mask = savedMask?.slice();
      };
    },
  });
}
