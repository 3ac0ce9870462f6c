// A treasure that random moves find once in a million episodes:  npx tsx examples/deep-exploration.ts
import { bootstrapped, createAgent, evaluate, hard, mlp, randomPrior, train, uniform } from '@scope/dqn';
import { DeepSea } from '@scope/dqn/environments';

const environment = new DeepSea({ size: 20 }); // twenty right moves in a row, each of which costs a little
const agent = await createAgent(environment, {
  // Ten estimates, each beside a random one that never learns. Where nobody has been yet they go on to disagree as their priors do,
  network: randomPrior(mlp({ hidden: [48] }), { scale: 3 }),
  // and one of them is followed for a whole episode, so that some dive goes where it hopes.
  explorer: bootstrapped({ heads: 10 }),
  replay: uniform({ capacity: 20_000 }),
  targetUpdater: hard({ period: 100 }),
  batchSize: 32,
  learningStarts: 200,
  learnPeriod: 1,
  seed: 1,
});
let [treasures, episodes] = [0, 0];
for await (const event of train(agent, environment, { steps: 20_000 })) {
  if (event.kind !== 'episode') continue;
  if (event.return > 0) treasures++;
  if (++episodes % 100 === 0) console.log(`${episodes} episodes: ${treasures} treasures`);
}
const { mean } = await evaluate(agent, new DeepSea({ size: 20 }), { episodes: 1 });
console.log(mean > 0 ? 'It dives to the treasure.' : 'It has not found the treasure.');
