/**
 * A gradient-descent rule, as data; an engine carries it out. `g` is the gradient after clipping by its global norm,
 * `θ` a parameter, `η` the learning rate of this update, `t` = 1, 2, … the update's number.
 */
export type OptimizerSpec = SgdSpec | RmspropSpec | AdamSpec;

/** `v ← momentum · v + g; θ ← θ − η · v` (as PyTorch; with `momentum` 0 plain gradient descent). */
export interface SgdSpec {
  readonly kind: 'sgd';
  readonly momentum: number;
  /** L2 penalty: `g ← g + weightDecay · θ`. */
  readonly weightDecay: number;
}

/**
 * `s ← ρ s + (1 − ρ) g²; θ ← θ − η g / (√s + ε)`; centred: `m ← ρ m + (1 − ρ) g` and `√(s − m² + ε)` in place of
 * `√s + ε` (Graves 2013, eq. 38–41, as in the DQN of Nature 2015; uncentred as PyTorch).
 */
export interface RmspropSpec {
  readonly kind: 'rmsprop';
  /** ρ, called alpha in PyTorch. */
  readonly decay: number;
  readonly epsilon: number;
  readonly centered: boolean;
  /** L2 penalty: `g ← g + weightDecay · θ`. */
  readonly weightDecay: number;
}

/**
 * `m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; θ ← θ − η · m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`,
 * `v̂ = v / (1 − β₂ᵗ)` (Kingma and Ba 2015, algorithm 1).
 */
export interface AdamSpec {
  readonly kind: 'adam';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** With `decoupled` false an L2 penalty `g ← g + weightDecay · θ`; otherwise AdamW: `θ ← θ · (1 − η · weightDecay)` first. */
  readonly weightDecay: number;
  /** Whether weight decay is decoupled from the gradient (AdamW; Loshchilov and Hutter 2019). */
  readonly decoupled: boolean;
}
