// Scores from 0 to 1, as bsuite's analyses give them (google-deepmind/bsuite, `experiments/*/analysis.py` and `utils/plotting.py`).

/** 1 for no regret, 0 for the regret an episode of one who chooses at random, or more. */
export function regretScore(totalRegret: number, episodes: number, baseline: number): number {
  return clip((baseline - totalRegret / episodes) / baseline);
}

/** The mean of the mean score over all noise scales, and of that mean less the standard deviation over them. */
export function scalingScore(scores: readonly number[]): number {
  const mean = average(scores);
  const deviation = Math.sqrt(average(scores.map((score) => (score - mean) ** 2)));
  return 0.5 * (clip(mean) + clip(mean - deviation));
}

/** The share of runs with less than 3/4 of the mistakes of one who guesses, which is right half of the time. */
export function memoryScore(runs: readonly { readonly episodes: number; readonly perfect: number }[]): number {
  return average(runs.map(({ episodes, perfect }) => ((episodes - perfect) / (0.5 * episodes) < 0.75 ? 1 : 0)));
}

/** Half for returns against 700 an episode, half for an episode above 100. */
export function swingUpScore(returns: readonly number[]): number {
  const regret = returns.reduce((sum, value) => sum + 700 - value, 0);
  return 0.5 * (regretScore(regret, returns.length, 700) + (Math.max(...returns) > 100 ? 1 : 0));
}

/** The episodes of every decade at which bsuite looks. */
const RATIOS = [1, 1.2, 1.4, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];

/**
 * The share of seas that were solved sooner than by chance: the first of the looks with less than 9 in 10 bad episodes comes before episode
 * 2ᴺ + 100. An episode is bad without the treasure.
 */
export function deepSeaScore(seas: readonly { readonly size: number; readonly bad: readonly boolean[] }[]): number {
  return average(
    seas.map(({ size, bad }) => {
      let sum = 0;
      for (const [i, isBad] of bad.entries()) {
        sum += isBad ? 1 : 0;
        const episode = i + 1;
        const decade = 10 ** Math.floor(Math.log10(episode));
        const looks = RATIOS.some((ratio) => Math.abs(ratio * decade - episode) < 1e-6);
        if (looks && sum / episode < 0.9) return episode < 2 ** size + 100 ? 1 : 0;
      }
      return 0;
    }),
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clip(value: number): number {
  return Math.min(1, Math.max(0, value));
}
