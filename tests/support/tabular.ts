import { Random } from '../../src/common/random.ts';
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

/**
 * Every sequence of actions in a random deterministic MDP once, as if recorded by a policy that takes all actions alike, and the exact value of a random policy: so an
 * unbiased estimate is exact.
 */
export function enumerated(seed: number, states: number, actions: number, horizon: number, discount: number) {
  const random = new Random(seed);
  const table = <T>(make: () => T): T[][] => Array.from({ length: states }, () => Array.from({ length: actions }, make));
  const next = table(() => random.integer(states));
  const reward = table(() => random.integer(9) - 4);
  const policy = table(() => random.float()).map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => value / sum);
  });
  let value = Array.from({ length: states }, () => 0);
  for (let t = 0; t < horizon; t++) {
    const after = value;
    value = policy.map((row, s) => row.reduce((sum, p, a) => sum + p * (reward[s][a] + discount * after[next[s][a]]), 0));
  }
  const columns = {
    observations: [] as number[],
    actions: [] as number[],
    rewards: [] as number[],
    target: [] as number[],
    policy: [] as number[],
  };
  const episodes = actions ** horizon;
  for (let episode = 0; episode < episodes; episode++) {
    let state = 0;
    columns.observations.push(state);
    columns.policy.push(...policy[state]);
    for (let t = 0; t < horizon; t++) {
      const action = Math.floor(episode / actions ** t) % actions;
      columns.actions.push(action);
      columns.rewards.push(reward[state][action]);
      columns.target.push(policy[state][action]);
      state = next[state][action];
      columns.observations.push(state);
      columns.policy.push(...policy[state]);
    }
  }
  const size = episodes * horizon;
  const dataset = new Dataset({
    observationSize: 1,
    actionCount: actions,
    observations: Float32Array.from(columns.observations),
    actions: Int32Array.from(columns.actions),
    rewards: Float32Array.from(columns.rewards),
    terminations: Uint8Array.from({ length: size }, (_, i) => Number(i % horizon === horizon - 1)),
    truncations: new Uint8Array(size),
    episodeEnds: Int32Array.from({ length: episodes }, (_, e) => (e + 1) * horizon),
  });
  return {
    dataset,
    value: value[0],
    policy: Float32Array.from(columns.policy),
    target: columns.target,
    behavior: Array.from({ length: size }, () => 1 / actions),
  };
}
