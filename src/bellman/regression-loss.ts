/** Half the square, `½ error²`: the loss of least squares. */
export function squaredLoss(error: number): number {
  return 0.5 * error * error;
}

/** The derivative of {@link squaredLoss}: `error`. */
export function squaredSlope(error: number): number {
  return error;
}

/**
 * Half the square near zero and a straight line further out (Huber 1964, eq. 2.6 with k = delta; Mnih et al. 2015 "clip the error term"):
 * `½ error²` where `|error| ≤ delta`, else `delta · (|error| − ½ delta)`.
 * @param delta - where the line begins, above 0.
 */
export function huberLoss(error: number, delta: number): number {
  const size = Math.abs(error);
  const slope = Math.min(size, delta);
  return slope * (size - 0.5 * slope);
}

/** The derivative of {@link huberLoss} with respect to the error: the error clipped to ±delta. */
export function huberSlope(error: number, delta: number): number {
  return Math.max(-delta, Math.min(delta, error));
}
