/** A typed array that a checkpoint can hold. */
export type StateArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | Int8Array | Uint16Array | Int16Array;

/**
 * What a stateful part saves: plain JSON values, and typed arrays at any depth. Never functions or class instances, so
 * that loading runs no code. Numbers inside are finite or one of NaN, ±Infinity (all are kept exactly).
 */
export type State = null | boolean | number | string | StateArray | readonly State[] | { readonly [key: string]: State };

/** A part whose state can be saved and restored exactly. */
export interface Stateful {
  /** The whole mutable state. Arrays in it may be live views: who keeps them copies them. */
  getState(): State;
  /**
   * Goes on from a saved state, or throws and changes nothing.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  setState(state: State): void;
}
