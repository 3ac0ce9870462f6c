// Double DQN on CartPole-v1, watched episode by episode:  npx tsx examples/cartpole.ts
import { createAgent, evaluate, train } from '@scope/dqn';
import { CartPole } from '@scope/dqn/environments';

const environment = new CartPole();
const agent = await createAgent(environment, { seed: 1 });
for await (const event of train(agent, environment, { steps: 10_000 })) {
  if (event.kind === 'episode' && event.episode % 20 === 0) console.log(`step ${event.step}: return ${event.return}`);
}
const { mean, std } = await evaluate(agent, new CartPole(), { episodes: 10, seed: 7 });
console.log(`greedy return ${mean} ± ${std.toFixed(1)}`);
