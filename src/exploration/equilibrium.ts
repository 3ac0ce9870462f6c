import { StageGame, type PlayerActions } from '../bellman/stage-game.ts';
import { checkRest } from '../common/check.ts';
import { probabilityAt, toProbability } from '../common/probability.ts';
import type { Random } from '../common/random.ts';
import type { Schedule } from '../common/schedules.ts';
import { anyPossible } from './any-possible.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';
import { noPossibleAction } from './greedy.ts';

const EPSILON = 'equilibrium(epsilon)';

/** What {@link equilibrium} takes. */
export interface EquilibriumOptions {
  /** A1 and A2: how many actions each player has. Joint action `a = a1 · A2 + a2`. */
  readonly actions: PlayerActions;
  /** ε in [0, 1], or a schedule of it over environment steps. Default 0. */
  readonly epsilon?: number | Schedule;
}

/** See {@link equilibrium}. */
export class Equilibrium implements Explorer {
  readonly kind = 'equilibrium';
  /** ε over time. */
  readonly epsilon: Schedule;
  readonly #game: StageGame;

  /** @throws DqnError `invalid-option` as {@link equilibrium}. */
  constructor({ actions, epsilon = 0, ...unknown }: EquilibriumOptions) {
    checkRest('equilibrium(options)', unknown);
    this.#game = new StageGame('equilibrium(actions)', actions);
    this.epsilon = toProbability(EPSILON, epsilon);
  }

  /** A1 and A2. */
  get actions(): PlayerActions {
    return this.#game.actions;
  }

  /**
   * @throws DqnError `invalid-option` if A1 · A2 is not the number of actions or the schedule gives an ε outside [0, 1], `invalid-environment` if no
   * action is possible or a mask is not a product of the players' possible actions.
   */
  select({ batch, actions, qValues, masks, step, random }: ExplorerInput, out: Int32Array): void {
    const game = this.#game;
    game.checkJoint(actions);
    const epsilon = probabilityAt(EPSILON, this.epsilon, step);
    for (let n = 0; n < batch; n++) {
      if (random.float() < epsilon) {
        out[n] = anyPossible(n, actions, masks, random);
        continue;
      }
      if (!game.solve(qValues, n * actions, masks)) throw noPossibleAction(n);
      out[n] = draw(game.first, random) * game.second.length + draw(game.second, random);
    }
  }

  rate(step: number): number {
    return this.epsilon.at(step);
  }
}

/**
 * For {@link minimaxQ}: both players draw from an equilibrium of the state's matrix game, `a1 ~ p`, `a2 ~ q` (Littman 1994); with probability ε any
 * possible joint action instead, all equally likely. Each state of a batch draws for itself. Where values are no numbers each player takes his lowest
 * possible action.
 * @throws DqnError `invalid-option` if a name is misspelt, `actions` are not two whole numbers of at least 1, or ε is outside [0, 1]: at once for a number, when it is used
 * for a schedule.
 */
export function equilibrium(options: EquilibriumOptions): Equilibrium {
  return new Equilibrium(options);
}

/** An action by its probability; where rounding leaves a rest, or there are no numbers, the lowest that is not impossible. */
function draw(strategy: Float64Array, random: Random): number {
  let left = random.float();
  let lowest = -1;
  for (let a = 0; a < strategy.length; a++) {
    if (strategy[a] === 0) continue;
    if (lowest < 0) lowest = a;
    left -= strategy[a];
    if (left < 0) return a;
  }
  return lowest;
}
