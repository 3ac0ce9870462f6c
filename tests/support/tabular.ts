import { box, discrete } from '../../src/environment/spaces.ts';
import { Dataset } from '../../src/offline/index.ts';

/** Steps of an episode in states 0 … S − 1, and how it ended. */
export interface TabularEpisode {
  /** State, action, reward. */
  readonly steps: readonly (readonly [number, number, number])[];
  /** The state after the last step. */
  readonly last: number;
  readonly end: 'terminated' | 'truncated' | 'open';
}

/** The spaces of states that are observed as one of S bits, and A actions. */
export function tabularSpaces(states: number, actions: number) {
  return { observationSpace: box({ low: 0, high: 1, shape: [states] }), actionSpace: discrete(actions) };
}

/** One of S bits. */
function oneHot(states: number, state: number): Float32Array {
  return Float32Array.from({ length: states }, (_, s) => Number(s === state));
}

/** Episodes in a table as a dataset. */
export function tabularDataset(states: number, actions: number, episodes: readonly TabularEpisode[]): Dataset {
  const steps = episodes.flatMap((episode) => episode.steps);
  const rows = episodes.flatMap(({ steps: own, last }) => [...own.map(([state]) => state), last]);
  const flags = (end: TabularEpisode['end']) =>
    Uint8Array.from(
      episodes.flatMap((episode) => episode.steps.map((_, t, all) => Number(episode.end === end && t === all.length - 1))),
    );
  let end = 0;
  return new Dataset({
    observationSize: states,
    actionCount: actions,
    observations: Float32Array.from(rows.flatMap((state) => [...oneHot(states, state)])),
    actions: Int32Array.from(steps, ([, action]) => action),
    rewards: Float32Array.from(steps, ([, , reward]) => reward),
    terminations: flags('terminated'),
    truncations: flags('truncated'),
    episodeEnds: Int32Array.from(episodes, (episode) => (end += episode.steps.length)),
  });
}
