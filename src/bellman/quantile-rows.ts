/** How the quantile values of actions lie in rows of outputs: θ_i(s_b, a) at `b · rowSize + a · actionStride + i · quantileStride`. */
export interface QuantileRows {
  /** Quantiles of an action. */
  readonly count: number;
  /** Numbers in a row. */
  readonly rowSize: number;
  /** From one action to the next. */
  readonly actionStride: number;
  /** From one quantile to the next. */
  readonly quantileStride: number;
}
