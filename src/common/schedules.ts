/** A number that changes with time: ε, a learning rate, an importance exponent. Write your own as `{ kind, at }`. */
export interface Schedule {
  /** A name for messages and checkpoints. */
  readonly kind: string;
  /** The value at environment step `step` ≥ 0. Pure: the same step gives the same value. */
  at(step: number): number;
}
