import { DqnError, describe } from '../../common/errors.ts';
import type { State, Stateful } from '../../common/state.ts';

/** Mean and variance of a stream of vectors, in float64 and without cancellation (Welford 1962). */
export class RunningStatistics implements Stateful {
  /** `[D]`: the mean so far; zeros before the first vector. */
  readonly mean: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  /** @param size - D, how many numbers a vector has. */
  constructor(size: number) {
    this.mean = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  /** How many vectors were seen. */
  get count(): number {
    return this.#count;
  }

  /** The population variance of number `i`: `Σ (x − mean)² / count`; 0 before the first vector. */
  variance(i: number): number {
    return this.#count === 0 ? 0 : this.#squares[i] / this.#count;
  }

  /** Takes one vector `[D]` in: `mean ← mean + δ / count; squares ← squares + δ · (x − mean)` with `δ = x − mean` before. */
  add(values: ArrayLike<number>): void {
    this.#count++;
    for (let i = 0; i < this.mean.length; i++) {
      const difference = values[i] - this.mean[i];
      this.mean[i] += difference / this.#count;
      this.#squares[i] += difference * (values[i] - this.mean[i]);
    }
  }

  getState(): State {
    return { count: this.#count, mean: this.mean.slice(), squares: this.#squares.slice() };
  }

  setState(state: State): void {
    this.check(state)();
  }

  /** Checks a saved state, without changing anything, and gives what puts it in place. @throws DqnError `invalid-checkpoint`. */
  check(state: State): () => void {
    const { count, mean, squares } = (state ?? {}) as { readonly [key: string]: State };
    const size = this.mean.length;
    const sound = (values: State): values is Float64Array =>
      values instanceof Float64Array && values.length === size && values.every(Number.isFinite);
    if (Number.isInteger(count) && (count as number) >= 0 && sound(mean) && sound(squares)) {
      return () => {
        this.#count = count as number;
        this.mean.set(mean);
        this.#squares.set(squares);
      };
    }
    throw new DqnError({
      code: 'invalid-checkpoint',
      where: 'RunningStatistics.setState(state)',
      expected: `a count, and finite means and squares in Float64Arrays of length ${size}`,
      received: describe(state),
      remedy: 'Pass what RunningStatistics.getState() gave for vectors of the same length.',
    });
  }
}
