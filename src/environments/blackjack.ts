import { checkNames } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete, multiDiscrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

/** How many cards of a hand are drawn; with more than these it is no longer worth a look. */
const SHOWN = 12;

/** Options of {@link Blackjack}. */
export interface BlackjackOptions {
  /**
   * What a natural is worth, an ace and a ten as the first two cards, to a player who sticks with it: `'wins'` against all but another natural; `'pays'` 1.5
   * where it wins; or as every other 21: `'counts'`. Default `'wins'`.
   */
  readonly naturals?: 'wins' | 'pays' | 'counts';
}

/**
 * Come closer to 21 than the dealer, but not above: stick (0) or hit (1). Gymnasium's Blackjack-v1.
 *
 * Observation `[3]`: the player's sum, 4 to 31; the dealer's face-up card, 1 to 10, where 1 is an ace; and whether the player has a usable ace, which counts 11
 * without going above 21. Cards are drawn from an endless deck, where a ten is four times as likely as any other. Player and dealer begin with two cards
 * each. To hit draws a card; above 21 the player loses. After he sticks, the dealer draws below 17, and the higher sum of at most 21 wins. The episode terminates
 * then, with reward 1, 0 or −1; before that every step gives 0.
 *
 * `reset({ options: { state } })` deals the cards named there: the dealer's two, the face-up one first, then 0, then the player's, such as `[10, 2, 0, 1, 7]`.
 * Gymnasium's `sab=True`, which is Blackjack-v1, is `naturals: 'wins'` here; `natural=True` is `'pays'`, and neither of them is `'counts'`.
 * Source: Sutton and Barto 2018, example 5.1.
 */
export class Blackjack implements Environment<Int32Array, number> {
  readonly observationSpace = multiDiscrete([32, 11, 2]);
  readonly actionSpace = discrete(2);
  readonly #episode: Episode;
  readonly #naturals: 'wins' | 'pays' | 'counts';
  #dealer: readonly number[] = [1, 1];
  #player: readonly number[] = [1, 1];

  /** @throws DqnError `invalid-option` if an option is not as {@link BlackjackOptions} says. */
  constructor(options: BlackjackOptions = {}) {
    checkNames('Blackjack(options)', options, { naturals: true });
    const { naturals = 'wins' } = options;
    if (!['wins', 'pays', 'counts'].includes(naturals)) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'Blackjack(naturals)',
        expected: "'wins', 'pays' or 'counts'",
        received: describe(naturals),
        remedy: "Leave it out for the rules of Sutton and Barto, which are 'wins'.",
      });
    }
    this.#naturals = naturals;
    this.#episode = new Episode({
      name: 'Blackjack',
      actions: 2,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected:
        "the dealer's cards, two while the episode runs, 0, and at least two of the player, then not above 21; cards are 1 … 10",
      accepts: (values, running) => {
        const [dealer, player] = deal(values);
        const cards = [...dealer, ...player];
        if (dealer.length < 2 || player.length < 2 || cards.some((card) => !Number.isInteger(card) || card < 1 || card > 10))
          return false;
        return !running || (dealer.length === 2 && total(player) <= 21);
      },
    });
  }

  /** Deals. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Int32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      this.#dealer = [draw(random), draw(random)];
      this.#player = [draw(random), draw(random)];
    } else [this.#dealer, this.#player] = deal(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Draws a card, or lets the dealer play. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Int32Array> {
    this.#episode.checkStep(action);
    const { random } = this.#episode;
    let reward = 0;
    let terminated = true;
    if (action === 1) {
      this.#player = [...this.#player, draw(random)];
      terminated = total(this.#player) > 21;
      if (terminated) reward = -1;
    } else {
      while (total(this.#dealer) < 17) this.#dealer = [...this.#dealer, draw(random)];
      reward = this.#compare();
    }
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The dealer's cards above the player's; the dealer's second one is seen when the episode is over. */
  render(mode: RenderMode): string {
    const { running, steps } = this.#episode;
    const dealer = this.#dealer.map((card, i): Cell => (i === 1 && running ? { color: 'blue', text: '?' } : face(card)));
    const player = this.#player.map(face);
    return renderGrid(mode, {
      title: 'Blackjack',
      caption: `step ${steps} · dealer ${running ? '?' : total(this.#dealer)}, player ${total(this.#player)}`,
      rows: 2,
      columns: SHOWN,
      agent: -1,
      cell: (index) => (index < SHOWN ? dealer[index] : player[index - SHOWN]) ?? { color: 'green', text: '' },
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: all cards, step count, random stream. */
  getState(): State {
    return this.#episode.save([...this.#dealer, 0, ...this.#player]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    [this.#dealer, this.#player] = deal(this.#episode.load(state));
  }

  /** The reward when all have drawn. */
  #compare(): number {
    const player = total(this.#player);
    const dealer = total(this.#dealer);
    const reward = dealer > 21 ? 1 : Math.sign(player - dealer);
    if (this.#naturals === 'counts' || !isNatural(this.#player)) return reward;
    if (this.#naturals === 'pays') return reward === 1 ? 1.5 : reward;
    return isNatural(this.#dealer) ? reward : 1;
  }

  #observe(): Int32Array {
    return Int32Array.of(total(this.#player), this.#dealer[0], hasUsableAce(this.#player) ? 1 : 0);
  }
}

/** A card: 1 for an ace, 10 for tens and pictures. */
function draw(random: Random): number {
  return Math.min(10, 1 + random.integer(13));
}

/** Both hands of a list of cards with a 0 between them. */
function deal(values: readonly number[]): readonly [readonly number[], readonly number[]] {
  const gap = values.indexOf(0);
  return gap === -1 ? [values, []] : [values.slice(0, gap), values.slice(gap + 1)];
}

function sum(hand: readonly number[]): number {
  let points = 0;
  for (const card of hand) points += card;
  return points;
}

function hasUsableAce(hand: readonly number[]): boolean {
  return hand.includes(1) && sum(hand) <= 11;
}

/** The points of a hand; a usable ace counts 11. */
function total(hand: readonly number[]): number {
  return sum(hand) + (hasUsableAce(hand) ? 10 : 0);
}

function isNatural(hand: readonly number[]): boolean {
  return hand.length === 2 && total(hand) === 21;
}

function face(card: number): Cell {
  return { color: 'pale', text: card === 1 ? 'A' : String(card) };
}
