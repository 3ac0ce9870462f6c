import type { Random } from '../../index.ts';
import { parzen, shares, type Density } from './parzen.ts';
import type { Range, SearchSpace } from './search-space.ts';

/** Where trials are in a space: numbers in [0, 1) by the names of its ranges. */
export type Place = Readonly<Record<string, number>>;

/** How places are chosen: at random, or by tree-structured Parzen estimators. */
export type SamplerName = 'random' | 'tpe';

/** Trials before estimators are trusted. */
const STARTUP = 10;
/** Of each draw, the place that looks best is taken out of so many. */
const CANDIDATES = 24;

/**
 * The place of the next trial. By `tpe` (Bergstra et al. 2011, section 4), after ten trials at random: for each range, ℓ is the density of the best tenth of the trials, g that of the others, and of 24 values drawn from ℓ the one
 * with the largest ℓ / g is taken, which is where the expected improvement is largest.
 *
 * @param ranked - the places of the trials so far, the best first.
 * @param random - of this trial.
 */
export function nextPlace(space: SearchSpace, sampler: SamplerName, ranked: readonly Place[], random: Random): Place {
  const atRandom = sampler === 'random' || ranked.length < STARTUP;
  const good = Math.min(25, Math.ceil(ranked.length / 10));
  return Object.fromEntries(
    Object.entries(space).map(([name, range]) => {
      if (atRandom) return [name, random.float()];
      const places = ranked.map((place) => place[name]);
      return [name, likeliest(densityOf(range, places.slice(0, good)), densityOf(range, places.slice(good)), random)];
    }),
  );
}

function likeliest(good: Density, others: Density, random: Random): number {
  let best = good.draw(random);
  for (let i = 1; i < CANDIDATES; i++) {
    const candidate = good.draw(random);
    if (good.at(candidate) / others.at(candidate) > good.at(best) / others.at(best)) best = candidate;
  }
  return best;
}

/** The density of what was seen in a range. */
export function densityOf(range: Range, places: readonly number[]): Density {
  return 'choices' in range ? shares(places, range.choices.length) : parzen(places);
}
