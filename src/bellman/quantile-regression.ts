/**
 * Regression of quantile values θ_i at fractions τ_i onto targets y_j, the loss of QR-DQN, IQN and FQF:
 * `Σ_i mean_j ρ(y_j − θ_i; τ_i)`, `ρ(u; τ) = |τ − 1{u < 0}| L_κ(u) / κ` with L_κ Huber's loss (Dabney et al. 2018b, eq. 3; for κ = 1 also
 * Dabney et al. 2018a, eq. 10). κ = 0 stands for the limit `|τ − 1{u < 0}| |u|`, the loss of quantile regression itself. The indicator is a constant.
 *
 * The targets are sorted once, so that each θ_i needs four sums over ranges of them, which are differences of running sums: about N log N instead of N²
 * for a sample. Its arrays are reused.
 */
export class QuantileRegression {
  readonly #kappa: number;
  readonly #count: number;
  readonly #sorted: Float64Array;
  /** Sums of the first j targets and of their squares. */
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #origin = 0;

  /**
   * @param count - targets of a sample.
   * @param kappa - where the Huber loss turns into a line, at least 0.
   */
  constructor(count: number, kappa: number) {
    this.#count = count;
    this.#kappa = kappa;
    this.#sorted = new Float64Array(count);
    this.#sums = new Float64Array(count + 1);
    this.#squares = new Float64Array(count + 1);
  }

  /** Takes `targets[offset … offset + count − 1]` for the targets y of the next {@link QuantileRegression.loss}. Gives their mean. */
  aim(targets: Float32Array, offset: number): number {
    const count = this.#count;
    const sorted = this.#sorted;
    for (let j = 0; j < count; j++) sorted[j] = targets[offset + j];
    sort(sorted);
    // Counted from their middle, the squares stay small where the targets are large and close together.
    const origin = sorted[count >> 1];
    let sum = 0;
    let square = 0;
    for (let j = 0; j < count; j++) {
      const y = sorted[j] - origin;
      sorted[j] = y;
      sum += y;
      square += y * y;
      this.#sums[j + 1] = sum;
      this.#squares[j + 1] = square;
    }
    this.#origin = sum === sum ? origin : NaN; // a NaN at the end of the sorted targets would else spoil the losses alone, not the gradient
    return origin + sum / count;
  }

  /**
   * The loss of θ_i = `values[offset + i · stride]`, i < count, and in `gradient`, laid out like `values`, scale · ∂ loss / ∂ θ_i. Any NaN among
   * values or targets makes it NaN.
   * @param fractions - τ_i at `fractionOffset + i`.
   */
  loss(
    values: Float32Array,
    offset: number,
    stride: number,
    count: number,
    fractions: Float32Array | Float64Array,
    fractionOffset: number,
    scale: number,
    gradient: Float32Array,
  ): number {
    const kappa = this.#kappa;
    const n = this.#count;
    const sorted = this.#sorted;
    const sums = this.#sums;
    const squares = this.#squares;
    const origin = this.#origin;
    const perKappa = kappa > 0 ? 1 / kappa : 0;
    let total = 0;
    // Numbers of targets below θ − κ, below θ, and up to θ + κ: found from where they were for the last θ, which is mostly near.
    let far = 0;
    let below = 0;
    let near = 0;
    for (let i = 0; i < count; i++) {
      const at = offset + i * stride;
      const theta = values[at] - origin;
      const low = theta - kappa;
      const high = theta + kappa;
      while (far < n && sorted[far] < low) far++;
      while (far > 0 && sorted[far - 1] >= low) far--;
      while (below < n && sorted[below] < theta) below++;
      while (below > 0 && sorted[below - 1] >= theta) below--;
      while (near < n && sorted[near] <= high) near++;
      while (near > 0 && sorted[near - 1] > high) near--;
      // Sums of |u| over the four ranges; of the parabola's also u².
      const lowerFar = far * theta - sums[far];
      const lowerNear = (below - far) * theta - (sums[below] - sums[far]);
      const upperNear = sums[near] - sums[below] - (near - below) * theta;
      const upperFar = sums[n] - sums[near] - (n - near) * theta;
      const lowerSquares = squares[below] - squares[far] - theta * (sums[below] - sums[far] - lowerNear);
      const upperSquares = squares[near] - squares[below] - theta * (sums[near] - sums[below] + upperNear);
      const lower = lowerFar - 0.5 * kappa * far + 0.5 * perKappa * lowerSquares;
      const upper = upperFar - 0.5 * kappa * (n - near) + 0.5 * perKappa * upperSquares;
      const tau = fractions[fractionOffset + i];
      total += (1 - tau) * lower + tau * upper;
      const slope = (1 - tau) * (far + perKappa * lowerNear) - tau * (n - near + perKappa * upperNear);
      gradient[at] = (scale * slope) / n;
    }
    return total / n;
  }
}

/** Moves after which {@link sort} takes its values for far from sorted. */
const PATIENCE = 8;

/** Sorts upwards. Quantiles are nearly sorted once they are learned, where insertion is fastest; elsewhere it gives up. */
function sort(values: Float64Array): void {
  let moves = PATIENCE * values.length;
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    let j = i;
    for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
    values[j] = value;
    moves -= i - j;
    if (moves < 0) {
      values.sort();
      return;
    }
  }
}
