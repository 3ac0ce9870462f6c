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
 * Ends an episode where a life is lost, so that the loss has no future value; `reset` then goes on with the next life, by one action, and starts a new
 * game only where the game was over, or where it is given a seed or options. It helps learning and is for training alone: scores are those of whole
 * games (Machado et al. 2018, section 4.2, advise against it).
 *
 * @throws DqnError `invalid-environment`, from `reset` and `step`, where there is no number of lives.
 */
export function lifeLoss<Observation, Action>(
  environment: Environment<Observation, Action>,
  { action, lives: read = ({ lives }) => lives as number }: LifeLossOptions<Action>,
): Environment<Observation, Action> {
  const kind = 'lifeLoss';
  let lives = 0;
  /** Whether the game itself goes on. */
  let going = false;

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
    reset(options) {
      if (!going || options?.seed !== undefined || options?.options !== undefined) return environment.reset(options);
      // Not shown to anyone: only the step's own result is.
      const lost = { observation: undefined as Observation, info: {} };
      return startWith(environment, lost, [action]);
    },
    begin(first) {
      lives = count(first.info);
      going = true;
      return first;
    },
    advance(result) {
      const left = count(result.info);
      const lost = left < lives && left > 0;
      lives = left;
      going = !result.terminated && !result.truncated;
      return lost && !result.terminated ? { ...result, terminated: true } : result;
    },
    save: () => ({ lives, going }),
    load(state) {
      const saved = fields(kind, state);
      const { lives: left, going: on } = saved;
      if (typeof left !== 'number' || !(left >= 0)) throw damaged(kind, 'a number of lives', left);
      if (typeof on !== 'boolean') throw damaged(kind, 'whether the game goes on', on);
      return () => {
        lives = left;
        going = on;
      };
    },
  });
}
