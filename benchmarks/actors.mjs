// Environment steps a second with no, one and two actors in worker threads, with a learner that only remembers and with one that learns every fourth step.
//
//   npm run bench:actors
import { Worker } from 'node:worker_threads';
import { createAgent, train } from '../dist/index.js';
import { startActors } from '../dist/node.js';
import { agentOptions, worlds } from './actors/recipe.mjs';
import { measureAlternating } from './harness.mjs';

const module = new URL('./actors/actor.mjs', import.meta.url);

/** Milliseconds for 10,000 steps in the midst of a run, when everything is warm. */
async function time(world, learns, actors, mode) {
  const steps = 10_000;
  const warm = 4_000;
  const agent = await createAgent(worlds[world].make(), agentOptions(world, learns));
  const collector = actors > 0 ? startActors(() => new Worker(module), { world, learns }, { actors, mode }) : worlds[world].make();
  let began = 0;
  let from = 0;
  for await (const event of train(agent, collector, { steps: warm + steps })) {
    if (began > 0 || event.step < warm) continue;
    began = performance.now();
    from = event.step;
  }
  const took = performance.now() - began;
  const taken = agent.step - from;
  await collector.close?.();
  agent.dispose();
  return (took * steps) / taken;
}

for (const world of Object.keys(worlds)) {
  for (const learns of [false, true]) {
    const results = await measureAlternating({
      ours: () => time(world, learns, 0),
      peers: {
        '1 actor': () => time(world, learns, 1, 'synchronous'),
        '2 actors': () => time(world, learns, 2, 'synchronous'),
        '2 actors, free': () => time(world, learns, 2, 'free'),
      },
      rounds: 5,
    });
    console.log(`${world}, ${learns ? 'an update every fourth step' : 'nothing learned'}`);
    for (const [name, { median }] of Object.entries(results)) {
      const rate = Math.round(10_000 / (median / 1_000));
      const times = results.ours.median / median;
      console.log(
        `  ${(name === 'ours' ? 'no actor' : name).padEnd(15)} ${rate.toLocaleString('en').padStart(9)} steps/s  ${times.toFixed(2)} ×`,
      );
    }
  }
}
