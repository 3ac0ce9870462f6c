/**
 * Asynchronous successive halving that stops trials (ASHA; Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and Talwalkar 2020, algorithm 2, in its form without promotion): at each rung a trial goes on only if it is
 * among the best 1/η of those that have come so far. The rungs are at 1/η² and 1/η of a trial.
 */
export class Halving {
  /** The steps of the rungs, the lowest first. */
  readonly rungs: readonly number[];
  readonly #factor: number;
  readonly #scores: number[][];

  /** @param first - the step of the lowest rung. */
  constructor(first: number, factor = 3) {
    this.#factor = factor;
    this.rungs = [first, factor * first];
    this.#scores = this.rungs.map(() => []);
  }

  /** Takes the score of a trial at a rung, and tells whether it goes on; scores of other steps change nothing. */
  goesOn(step: number, score: number): boolean {
    const rung = this.rungs.indexOf(step);
    if (rung < 0) return true;
    const scores = this.#scores[rung];
    scores.push(score);
    if (scores.length < this.#factor) return true;
    const better = scores.filter((other) => other > score).length;
    return better < Math.max(1, Math.floor(scores.length / this.#factor));
  }
}
