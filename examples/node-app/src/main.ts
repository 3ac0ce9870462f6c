// Trains on CartPole-v1 in Node, keeps the policy in a file, and evaluates what the file holds:  npm install && npm run build && npm start
import { createAgent, epsilonGreedy, evaluate, linear, loadPolicy, train } from '@scope/dqn';
import { CartPole } from '@scope/dqn/environments';
import { readCheckpoint, saveCheckpoint } from '@scope/dqn/node';

const environment = new CartPole();
const agent = await createAgent(environment, { explorer: epsilonGreedy(linear(1, 0.05, 3_000)), learnPeriod: 2, seed: 1 });
for await (const event of train(agent, environment, { steps: 6_000 })) {
  if (event.kind === 'episode' && event.episode % 20 === 0) console.log(`step ${event.step}: return ${event.return}`);
}
await saveCheckpoint('policy.safetensors', await agent.savePolicy());
const policy = await loadPolicy(await readCheckpoint('policy.safetensors'), environment);
const { mean, episodes } = await evaluate(policy, new CartPole(), { seed: 7 });
console.log(`greedy return ${mean.toFixed(1)} over ${episodes} episodes`);
