// Trains on CartPole-v1 in a page, and shows how it goes:  npm install && npm run dev
import { createAgent, epsilonGreedy, evaluate, linear, train } from '@scope/dqn';
import { CartPole } from '@scope/dqn/environments';

const output = document.querySelector('output') as HTMLOutputElement;
const environment = new CartPole();
const agent = await createAgent(environment, { explorer: epsilonGreedy(linear(1, 0.05, 3_000)), learnPeriod: 2, seed: 1 });
for await (const event of train(agent, environment, { steps: 6_000 })) {
  if (event.kind === 'episode') output.value = `step ${event.step}: return ${event.return}`;
}
const { mean, episodes } = await evaluate(agent, new CartPole(), { seed: 7 });
output.value = `greedy return ${mean.toFixed(1)} over ${episodes} episodes`;
