import { densityOf, type Place } from './sampler.ts';
import type { SearchSpace } from './search-space.ts';

/** Points at which densities are compared. */
const GRID = 200;

/**
 * How much each range explains of being among the best fifth of the trials, in [0, 1], together 1: PED-ANOVA (Watanabe, Bansal and Hutter 2023, theorem 1), the Pearson divergence `∫ g (ℓ / g − 1)²` of the density ℓ of the
 * best fifth to the density g of all trials.
 *
 * @param ranked - the places of all trials, the best first; nothing is told by fewer than ten.
 */
export function importance(space: SearchSpace, ranked: readonly Place[]): Readonly<Record<string, number>> | undefined {
  if (ranked.length < 10) return undefined;
  const top = ranked.slice(0, Math.ceil(ranked.length / 5));
  const divergences = Object.entries(space).map(([name, range]) => {
    const best = densityOf(
      range,
      top.map((place) => place[name]),
    );
    const all = densityOf(
      range,
      ranked.map((place) => place[name]),
    );
    let divergence = 0;
    for (let i = 0; i < GRID; i++) {
      const u = (i + 0.5) / GRID;
      divergence += (all.at(u) * (best.at(u) / all.at(u) - 1) ** 2) / GRID;
    }
    return [name, divergence] as const;
  });
  const total = divergences.reduce((sum, [, divergence]) => sum + divergence, 0);
  return Object.fromEntries(divergences.map(([name, divergence]) => [name, total === 0 ? 0 : divergence / total]));
}
