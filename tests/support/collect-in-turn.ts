import { createActingAgent } from '../../src/agent/acting-agent.ts';
import { Random } from '../../src/common/random.ts';
import type { AgentOptions, CollectedStep, Collector, Environment, NamedTensor } from '../../src/index.ts';

/** What synchronous actors do, one after the other in this thread: the weights that a round is collected with are those of before the round before it is learned from. */
export async function collectInTurn<O>(
  environments: readonly Environment<O, number>[],
  options: AgentOptions,
  stepsPerRound: number,
): Promise<Collector> {
  const actors = environments.length;
  const streams: { act(weights: readonly NamedTensor[], step: number): CollectedStep<O>[] }[] = [];
  const begin = async (seed: number): Promise<void> => {
    streams.length = 0;
    for (let actor = 0; actor < actors; actor++) {
      const environment = environments[actor];
      const own = new Random(seed).split(`actor ${actor}, start 0`).uint32();
      const agent = await createActingAgent(environment, options, own);
      let { observation, actionMask } = await environment.reset({ seed: seed + actor });
      let first = true;
      streams.push({
        act(weights, step) {
          agent.network.setWeights(weights);
          return Array.from({ length: stepsPerRound }, (_, i) => {
            const action = agent.act(observation, actionMask, actor, step + i * actors + actor);
            const result = environment.step(action);
            if (result instanceof Promise) throw new Error('a promise');
            const { reward, terminated, truncated } = result;
            const ended = terminated || truncated;
            const nextObservation = result.observation;
            const experience = {
              observation,
              action,
              reward,
              nextObservation,
              terminated,
              truncated,
              nextActionMask: result.actionMask,
              stream: actor,
            };
            const collected = { kind: 'step', first, experience } as const;
            if (ended) agent.endEpisode(actor);
            const next = ended ? environment.reset() : result;
            if (next instanceof Promise) throw new Error('a promise');
            ({ observation, actionMask } = next);
            first = ended;
            return collected;
          });
        },
      });
    }
  };
  let weights: readonly NamedTensor[] = [];
  let step = 0;
  return {
    size: actors,
    async begin(agent, seed) {
      await begin(seed);
      weights = await agent.online.weights();
      step = agent.step;
    },
    async collect(agent) {
      const rounds = streams.map(({ act }) => act(weights, step));
      weights = await agent.online.weights();
      step = agent.step;
      return Array.from({ length: stepsPerRound }, (_, t) => rounds.map((round) => round[t])).flat() as never;
    },
  };
}
