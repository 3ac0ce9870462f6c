import { checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Environment, Info } from '../environment.ts';
import { startWith } from './start-with.ts';
import { damaged, fields, wrap } from './wrapper.ts';

/** How {@link lifeLoss} counts. */
export interface LifeLossOptions<Action> {
  /** The action that goes on after a lost life: one that does nothing. */
  readonly action: Action;
  /** The lives that are left. Default: the number `info.lives`, as the Arcade Learning Environment tells it. */
  readonly lives?: (info: Info) => number;
}

/**
 * Ends an episode where a life is lost, so that the loss has no future value; `reset` then goes on with the next life, by one action. It starts a new
 * game after anything else, the end of the game or of a time limit around this say, and where it is given a seed or options. It helps learning and is
 * for training alone: scores are those of whole games (Machado et al. 2018, section 4.2, advise against it).
 *
 * @throws DqnError `invalid-option` if an option is misspelt; `invalid-environment`, from `reset` and `step`, where there is no number of lives.
 */
export function lifeLoss<Observation, Action>(
  environment: Environment<Observation, Action>,
  options: LifeLossOptions<Action>,
): Environment<Observation, Action> {
  const kind = 'lifeLoss';
  checkNames('lifeLoss(options)', options, { action: true, lives: true });
  const { action, lives: read = (info) => info['lives'] as number } = options;
  let lives = 0;
  /** Whether the last step lost a life and the game goes on. */
  let lost = false;

  const count = (info: Info): number => {
    const number: unknown = read(info);
    if (typeof number === 'number' && number >= 0) return number;
    throw new DqnError({
      code: 'invalid-environment',
      where: 'lifeLoss(environment)',
      expected: 'a number of lives, such as info.lives, with every result',
      received: describe(number),
      remedy: 'Pass { lives: (info) => … }, or leave the wrapper out for games without lives.',
    });
  };

  return wrap(environment, {
    kind,
    observationSpace: environment.observationSpace,
    reset(asked) {
      if (!lost || asked?.seed !== undefined || asked?.options !== undefined) return environment.reset(asked);
      // Not shown to anyone: only the step's own result is.
      const unseen = { observation: undefined as Observation, info: {} };
      return startWith(environment, unseen, [action]);
    },
    begin(first) {
      lives = count(first.info);
      lost = false;
      return first;
    },
    advance(result) {
      const left = count(result.info);
      const fewer = left < lives && left > 0;
      lives = left;
      lost = fewer && !result.terminated && !result.truncated;
      return fewer && !result.terminated ? { ...result, terminated: true } : result;
    },
    save: () => ({ lives, lost }),
    load(state) {
      const saved = fields(kind, state);
      const { lives: left, lost: before } = saved;
      if (typeof left !== 'number' || !(left >= 0)) throw damaged(kind, 'a number of lives', left);
      if (typeof before !== 'boolean') throw damaged(kind, 'whether a life was lost', before);
      return () => {
        lives = left;
        lost = before;
      };
    },
  });
}
