// Eight environments stepped together, evaluated on the way, stopped when good enough:  npx tsx examples/vector.ts
import { createAgent, epsilonGreedy, linear, train } from '@scope/dqn';
import { GridWorld, vectorize } from '@scope/dqn/environments';

const agent = await createAgent(new GridWorld(), { explorer: epsilonGreedy(linear(1, 0.05, 5_000)), learnPeriod: 8, seed: 1 });
const environments = vectorize(() => new GridWorld(), 8);
const evaluation = { environment: new GridWorld(), period: 2_000, episodes: 50 };
for await (const event of train(agent, environments, { steps: 20_000, evaluation })) {
  if (event.kind !== 'evaluation') continue;
  console.log(`step ${event.step}: return ${event.mean.toFixed(2)} ± ${event.std.toFixed(2)}`);
  if (event.mean > 0.6) break;
}
