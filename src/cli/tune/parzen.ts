import type { Random } from '../../index.ts';
import { normalCdf } from '../../common/normal-distribution.ts';

/** A density on [0, 1) from points seen, or on the shares of its choices. */
export interface Density {
  at(u: number): number;
  draw(random: Random): number;
}

/**
 * The Parzen estimator of the tree-structured estimators of Bergstra, Bardenet, Bengio and Kégl (2011, section 4): a mixture of equal normal distributions at the points and one as wide as all at the middle, each cut off at
 * 0 and 1. A point's width is the distance to the farther of its neighbours (the ends count as such), but at least 1 / min(100, n + 1).
 */
export function parzen(points: readonly number[]): Density {
  const sorted = points.toSorted((a, b) => a - b);
  const narrowest = 1 / Math.min(100, points.length + 1);
  const bells = sorted.map((mean, i) => {
    const [before, after] = [sorted[i - 1] ?? 0, sorted[i + 1] ?? 1];
    return bell(mean, Math.min(1, Math.max(narrowest, mean - before, after - mean)));
  });
  bells.push(bell(0.5, 1));
  return {
    at: (u) => bells.reduce((sum, each) => sum + each.at(u), 0) / bells.length,
    draw: (random) => bells[random.integer(bells.length)].draw(random),
  };
}

function bell(mean: number, width: number): Density {
  const inside = normalCdf((1 - mean) / width) - normalCdf(-mean / width);
  const scale = 1 / (width * Math.sqrt(2 * Math.PI) * inside);
  return {
    at: (u) => scale * Math.exp(-0.5 * ((u - mean) / width) ** 2),
    draw(random) {
      for (;;) {
        const u = mean + width * random.normal();
        if (u >= 0 && u < 1) return u;
      }
    },
  };
}

/** The same for n choices, the i-th at [i/n, (i+1)/n): each has been seen once more than it was. */
export function shares(points: readonly number[], n: number): Density {
  const counts = Array.from({ length: n }, () => 1);
  for (const u of points) counts[Math.floor(u * n)]++;
  const total = points.length + n;
  return {
    at: (u) => (counts[Math.floor(u * n)] * n) / total,
    draw(random) {
      let left = random.float() * total;
      const choice = counts.findIndex((count) => (left -= count) < 0);
      return (Math.max(0, choice) + 0.5) / n;
    },
  };
}
