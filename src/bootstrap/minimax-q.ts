import { StageGame, type PlayerActions } from '../bellman/stage-game.ts';
import type { BootstrapContext, BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** What {@link minimaxQ} takes. */
export interface MinimaxQOptions {
  /** A1 and A2: how many actions each player has. Joint action `a = a1 · A2 + a2`. */
  readonly actions: PlayerActions;
}

/** See {@link minimaxQ}. */
export class MinimaxQ implements BootstrapRule {
  readonly kind = 'minimaxQ';
  readonly #game: StageGame;

  /** @throws DqnError `invalid-option` as {@link minimaxQ}. */
  constructor({ actions }: MinimaxQOptions) {
    this.#game = new StageGame('minimaxQ(actions)', actions);
  }

  /** A1 and A2. */
  get actions(): PlayerActions {
    return this.#game.actions;
  }

  /** @throws DqnError `invalid-option` if A1 · A2 is not the number of actions. */
  check({ actions }: BootstrapContext): void {
    this.#game.checkJoint(actions);
  }

  /** @throws DqnError `invalid-environment` if a mask is not a product of the players' possible actions. */
  apply({ batch, actions, targetQ, masks }: BootstrapInput, { policy }: BootstrapOutput): void {
    const { first, second } = this.#game;
    for (let b = 0; b < batch; b++) {
      // Where nothing is possible both strategies are zeros, and so is the row.
      this.#game.solve(targetQ, b * actions, masks);
      let i = b * actions;
      for (let a1 = 0; a1 < first.length; a1++) {
        for (let a2 = 0; a2 < second.length; a2++) {
          // What is impossible stays 0 where the values, and so the strategies, are NaN.
          policy[i++] = first[a1] === 0 || second[a2] === 0 ? 0 : first[a1] * second[a2];
        }
      }
    }
  }
}

/**
 * Minimax Q-learning for two players who act at once, the second winning what the first loses: the next state is worth the value of its matrix game,
 * `y = r + γ max_p min_{a2} Σ_{a1} p(a1) Q⁻(s', a1, a2)` (Littman 1994; with networks Fan, Wang, Xie and Yang 2020, section 5). Rewards are
 * the first player's. Written as `π(a1, a2 | s') = p(a1) q(a2)`, an equilibrium, of several always the same. Masks must be products: what one player
 * can do may not depend on what the other does.
 * @throws DqnError `invalid-option` if `actions` are not two whole numbers of at least 1; and by `createAgent` if A1 · A2 is not the number of actions.
 */
export function minimaxQ(options: MinimaxQOptions): MinimaxQ {
  return new MinimaxQ(options);
}
