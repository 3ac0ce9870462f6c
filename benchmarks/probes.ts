// What agents can do and what not: runs presets over all probes at a small budget and writes docs/probes.md and docs/probes.svg.
//
//   npm run bench:probes                    every probe with the episodes below
//   npm run bench:probes -- --scale 0.1     a tenth of the episodes, without writing
//
// Every agent has the same settings on all probes. The budgets are far below bsuite's 1,000 to 10,000 episodes and 20 settings a probe, so the scores compare
// these agents with each other alone.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import {
  adam,
  bootstrapped,
  bootstrappedDqn,
  createAgent,
  dqn,
  epsilonGreedy,
  hard,
  linear,
  mlp,
  noisyDqn,
  noisyGreedy,
  r2d2,
  recurrent,
  sequences,
  train,
  uniform,
} from '../src/index.ts';
import type { Agent } from '../src/index.ts';
import { Bandit, CartPoleSwingUp, Catch, DeepSea, MemoryChain } from '../src/environments/index.ts';
import { writeFileAtomic } from '../src/node/index.ts';
import { radarPlot } from './probes/radar-plot.ts';
import { deepSeaScore, memoryScore, regretScore, scalingScore, swingUpScore } from './probes/scores.ts';

type World = Bandit | CartPoleSwingUp | Catch | DeepSea | MemoryChain;

/** Trains a new agent for some episodes, and gives their returns. */
type Learn = (world: World, episodes: number) => Promise<readonly number[]>;

/** What the presets, made for millions of frames, become for some thousand steps. */
const small = {
  optimizer: adam({ learningRate: 1e-3 }),
  targetUpdater: hard({ period: 200 }),
  batchSize: 32,
  learningStarts: 100,
  learnPeriod: 2,
  discount: 0.99,
};
const network = { hidden: [50, 50] };
const replay = uniform({ capacity: 20_000 });
const explorer = epsilonGreedy(linear(1, 0.05, 1_000));

const agents: Readonly<Record<string, (world: World, seed: number) => Promise<Agent<Float32Array>>>> = {
  dqn: (world, seed) => createAgent(world, { ...dqn(), ...small, network: mlp(network), replay, explorer, seed }),
  noisyDqn: (world, seed) =>
    createAgent(world, {
      ...noisyDqn(),
      ...small,
      network: mlp({ ...network, noisy: true }),
      replay,
      explorer: noisyGreedy(),
      seed,
    }),
  bootstrappedDqn: (world, seed) =>
    createAgent(world, {
      ...bootstrappedDqn(),
      ...small,
      network: mlp(network),
      replay,
      explorer: bootstrapped({ heads: 10, probability: 0.5 }),
      seed,
    }),
  r2d2: (world, seed) =>
    createAgent(world, {
      ...r2d2(),
      ...small,
      network: recurrent({ hidden: [50], units: 32 }),
      replay: sequences({ capacity: 20_000, length: 12, burnIn: 0, prioritized: {} }),
      nStep: 1,
      learnPeriod: 4,
      explorer,
      seed,
    }),
};

const { values: options } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(options.scale);
const episodesOf = (episodes: number): number => Math.max(20, Math.round(episodes * scale));

/** Passes a bandit on, and adds up what the arms that were pulled give less than the best one, without the noise. */
class RegretCounter extends Bandit {
  regret = 0;

  override step(action: number) {
    this.regret += 1 - this.means[action];
    return super.step(action);
  }
}

/** An ability each, with its worlds and its score. */
const probes: readonly { readonly name: string; readonly worlds: string; score(learn: Learn): Promise<number> }[] = [
  {
    name: 'credit (Catch)',
    worlds: '10 × 5 cells, 500 episodes',
    async score(learn) {
      const returns = await learn(new Catch(), episodesOf(500));
      return regretScore(
        returns.reduce((sum, value) => sum + 1 - value, 0),
        returns.length,
        1.6,
      );
    },
  },
  {
    name: 'noise (Bandit)',
    worlds: 'noise 0.1, 0.3, 1, 3 and 10, 1,000 episodes each',
    async score(learn) {
      const scores: number[] = [];
      for (const noiseScale of [0.1, 0.3, 1, 3, 10]) {
        const bandit = new RegretCounter({ noiseScale });
        const { length } = await learn(bandit, episodesOf(1_000));
        scores.push(regretScore(bandit.regret, length, 0.5));
      }
      return scalingScore(scores);
    },
  },
  {
    name: 'memory (MemoryChain)',
    worlds: 'lengths 1, 2, 3, 5 and 8, 2,000 episodes each',
    async score(learn) {
      const runs: { episodes: number; perfect: number }[] = [];
      for (const length of [1, 2, 3, 5, 8]) {
        const returns = await learn(new MemoryChain({ length }), episodesOf(2_000));
        runs.push({ episodes: returns.length, perfect: returns.filter((value) => value > 0).length });
      }
      return memoryScore(runs);
    },
  },
  {
    name: 'exploration (DeepSea)',
    worlds: 'sizes 4, 6, 8 and 10, 600 episodes each',
    async score(learn) {
      const seas: { size: number; bad: boolean[] }[] = [];
      for (const size of [4, 6, 8, 10]) {
        const returns = await learn(new DeepSea({ size, mappingSeed: 42 }), episodesOf(600));
        seas.push({ size, bad: returns.map((value) => value < 0.5) });
      }
      return deepSeaScore(seas);
    },
  },
  {
    name: 'costly exploration (swing-up)',
    worlds: 'heights 0 and 0.5, 200 episodes each',
    async score(learn) {
      const scores: number[] = [];
      for (const heightThreshold of [0, 0.5]) {
        const world = new CartPoleSwingUp({ heightThreshold, positionThreshold: 1 - heightThreshold });
        scores.push(swingUpScore(await learn(world, episodesOf(200))));
      }
      return (scores[0] + scores[1]) / 2;
    },
  },
];

const SEEDS = [1, 2];
const began = performance.now();
const table: { readonly agent: string; readonly scores: readonly number[] }[] = [];
for (const [agent, create] of Object.entries(agents)) {
  const scores: number[] = [];
  for (const probe of probes) {
    let sum = 0;
    for (const seed of SEEDS) {
      sum += await probe.score(async (world, episodes) => {
        const learner = await create(world, seed);
        const returns: number[] = [];
        for await (const event of train(learner, world, { steps: Number.MAX_SAFE_INTEGER, seed })) {
          if (event.kind === 'episode' && returns.push(event.return) === episodes) break;
        }
        learner.dispose();
        return returns;
      });
    }
    scores.push(sum / SEEDS.length);
    console.error(agent, probe.name, (sum / SEEDS.length).toFixed(2));
  }
  table.push({ agent, scores });
}
const minutes = ((performance.now() - began) / 60_000).toFixed(1);

const report = `# What the presets can do

\`npm run bench:probes\` made this page and its picture, in ${minutes} minutes: every preset, with a small network and the same settings on all probes, learns each of them
from the start, with ${SEEDS.length} seeds. A probe asks for one ability; 1 is the best score and 0 that of chance, by the formulas of bsuite (Osband et al. 2020,
[arXiv:1908.03568](https://arxiv.org/abs/1908.03568)). The budgets are far below bsuite's, and the seeds few: the scores say what kind of agent to take, not by how much it is better.

![Scores of the presets on all probes](probes.svg)

| preset | ${probes.map(({ name }) => name).join(' | ')} |
| --- | ${probes.map(() => '---').join(' | ')} |
${table.map(({ agent, scores }) => `| \`${agent}\` | ${scores.map((score) => score.toFixed(2)).join(' | ')} |`).join('\n')}

| probe | worlds |
| --- | --- |
${probes.map(({ name, worlds }) => `| ${name} | ${worlds} |`).join('\n')}

Of the swing-up one who never pushes has the score 0, and every push costs.
`;
if (scale === 1) {
  const path = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
  const axes = probes.map(({ name }) => name);
  const series = table.map(({ agent, scores }) => ({ name: agent, scores }));
  await writeFileAtomic(path('probes.svg'), radarPlot('Scores of the presets on all probes', axes, series));
  const config = await resolveConfig(path('probes.md'));
  await writeFileAtomic(path('probes.md'), await format(report, { ...config, parser: 'markdown' }));
} else console.log(report);
