/** The values that a categorical distribution lies on: `z_i = vMin + i (vMax − vMin) / (atoms − 1)`. */
export interface Support {
  /** How many values, at least 2. */
  readonly atoms: number;
  /** The smallest. */
  readonly vMin: number;
  /** The largest. */
  readonly vMax: number;
}

/** Mass that leaves the support by no more than this share of an atom's spacing leaves it by rounding alone. */
const ROUNDING = 1e-6;

/**
 * Adds to `out` the distribution of `reward + discount · Z` on the support of Z: each atom's mass goes to the two neighbours of where the atom lands,
 * by closeness (Bellemare et al. 2017, eq. 7 and algorithm 1). What lands beyond an end goes to that end. The mass is kept, and so is the mean where
 * nothing lands outside.
 *
 * @param probabilities - `[atoms]`, those of Z up to `scale`.
 * @param scale - every probability is multiplied by this: distributions may come unnormalised, and several be mixed in one `out`.
 * @param out - `[atoms]`, added to.
 * @returns the mass that landed outside the support.
 */
export function projectCategorical(
  { atoms, vMin, vMax }: Support,
  probabilities: Float64Array,
  scale: number,
  reward: number,
  discount: number,
  out: Float64Array,
): number {
  const last = atoms - 1;
  // In units of the spacing, counted from vMin, so that the j-th atom lands at origin + discount · j.
  const origin = (reward + (discount - 1) * vMin) / ((vMax - vMin) / last);
  let clipped = 0;
  for (let j = 0; j < atoms; j++) {
    const mass = scale * probabilities[j];
    let position = origin + discount * j;
    if (position < 0) {
      if (position < -ROUNDING) clipped += mass;
      position = 0;
    } else if (position > last) {
      if (position > last + ROUNDING) clipped += mass;
      position = last;
    }
    addAt(position, mass, last, out);
  }
  return clipped;
}

/** {@link projectCategorical} of the certain value `value`: all mass at one place, as where an episode terminated. */
export function projectCertain({ atoms, vMin, vMax }: Support, value: number, out: Float64Array): number {
  const last = atoms - 1;
  const position = (value - vMin) / ((vMax - vMin) / last);
  addAt(position < 0 ? 0 : position > last ? last : position, 1, last, out);
  return position < -ROUNDING || position > last + ROUNDING ? 1 : 0;
}

/** Splits the mass between the two atoms around the position. The lower one is never the last, so that a whole position needs no case of its own. */
function addAt(position: number, mass: number, last: number, out: Float64Array): void {
  const floor = position | 0;
  const lower = floor < last ? floor : last - 1;
  const upperMass = mass * (position - lower);
  out[lower] += mass - upperMass;
  out[lower + 1] += upperMass;
}
