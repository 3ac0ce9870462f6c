import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BellmanRows } from '../../src/agent/bellman-rows.ts';
import { Draws } from '../../src/agent/draws.ts';
import { resolveAgentOptions } from '../../src/agent/options.ts';
import { SequenceUpdate } from '../../src/agent/sequence-update.ts';
import { Random } from '../../src/common/random.ts';
import * as dqn from '../../src/index.ts';
import type { Explorer, QNetwork } from '../../src/index.ts';

const ACTIONS = 3;
const spaces = { observationSpace: dqn.box({ low: -2, high: 2, shape: [2] }), actionSpace: dqn.discrete(ACTIONS) };
const replay = dqn.sequences({ capacity: 200, length: 4, burnIn: 2 });

/** An explorer that takes the best action and keeps the values it saw. */
function watching() {
  const seen: number[][] = [];
  const best = dqn.greedy();
  const explorer: Explorer = {
    kind: 'watching',
    select(input, out) {
      best.select(input, out);
      for (let i = 0; i < input.batch; i++) seen.push([...input.qValues.subarray(i * ACTIONS, (i + 1) * ACTIONS)]);
    },
  };
  return { seen, explorer };
}

function make(explorer: Explorer = dqn.greedy(), more: Partial<dqn.CommonOptions<'sync'>> = {}) {
  return dqn.createAgent(spaces, {
    network: dqn.recurrent({ units: 5 }),
    replay,
    explorer,
    batchSize: 3,
    learningStarts: 30,
    seed: 2,
    ...more,
  });
}

const draw = (random: Random, length: number) => Float32Array.from({ length }, () => random.uniform(-1, 1));

/** The values of a whole sequence in one pass, from a state of zeros. */
function unrolled(network: QNetwork<'sync'>, observations: readonly Float32Array[]): number[][] {
  const steps = observations.length;
  const rows = Float32Array.from(observations.flatMap((each) => [...each]));
  const outputs = network.forward(rows, steps, { steps });
  return Array.from({ length: steps }, (_, t) => [...outputs.subarray(t * ACTIONS, (t + 1) * ACTIONS)]);
}

function close(actual: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(wanted[i][j], 5)));
}

describe('acting with memory', () => {
  const random = new Random(7);
  const observations = Array.from({ length: 6 }, () => draw(random, 2));
  const between = { action: 0, reward: 0, nextObservation: observations[0], terminated: false, truncated: false };

  test('an episode step by step sees what one pass over it sees', async () => {
    const { seen, explorer } = watching();
    const agent = await make(explorer);
    for (const observation of observations) {
      const action = agent.act(observation);
      agent.observe({ ...between, observation, action });
    }
    close(seen, unrolled(agent.online, observations));
  });

  test('an episode that ends is forgotten; so is one that is cut, and one before a first observation', async () => {
    const { seen, explorer } = watching();
    const agent = await make(explorer);
    const [first] = unrolled(agent.online, observations);
    const forget: (() => void)[] = [
      () => agent.observe({ ...between, observation: observations[0], terminated: true }),
      () => agent.observe({ ...between, observation: observations[0], truncated: true }),
      () => agent.cutEpisodes(),
    ];
    for (const end of forget) {
      agent.act(observations[0]);
      agent.act(observations[1]);
      end();
      agent.act(observations[0]);
      close([seen[seen.length - 1]], [first]);
    }
    agent.act(observations[1]);
    agent.act(observations[0], { first: true });
    close([seen[seen.length - 1]], [first]);
  });

  test('a vector of environments remembers each by itself', async () => {
    const { seen, explorer } = watching();
    const agent = await make(explorer);
    const second = Array.from({ length: 6 }, () => draw(random, 2));
    for (let t = 0; t < 6; t++) agent.actBatch([observations[t], second[t]]);
    close(
      seen.filter((_, i) => i % 2 === 0),
      unrolled(agent.online, observations),
    );
    close(
      seen.filter((_, i) => i % 2 === 1),
      unrolled(agent.online, second),
    );
    // One of them ends: the other goes on.
    agent.observe({ ...between, observation: observations[5], terminated: true, stream: 1 });
    agent.actBatch([observations[0], second[0]]);
    close([seen[seen.length - 1]], unrolled(agent.online, second).slice(0, 1));
    close([seen[seen.length - 2]], unrolled(agent.online, [...observations, observations[0]]).slice(-1));
  });

  test('evaluation in between has a memory of its own and changes nothing', async () => {
    const { seen, explorer } = watching();
    const agent = await make(explorer);
    for (const observation of observations) {
      agent.act(observation);
      for (let i = 0; i < 3; i++) agent.act(draw(random, 2), { explore: false, first: i === 0 });
      agent.qValues(draw(random, 2));
    }
    close(seen, unrolled(agent.online, observations));
  });

  test('steps that somebody else acted in are seen all the same', async () => {
    const acted = await make();
    const told = await make();
    for (let i = 0; i < 40; i++) {
      const observation = draw(new Random(i), 2);
      const action = acted.act(observation);
      const experience = { ...between, observation, nextObservation: draw(new Random(i + 1), 2), action, terminated: i % 9 === 8 };
      acted.observe(experience);
      told.observe(experience);
    }
    expect(told.replay.getState()).toEqual(acted.replay.getState());
    expect(told.act(observations[0])).toBe(acted.act(observations[0]));
  });

  test('a loaded policy acts as the agent does without exploring', async () => {
    const agent = await make();
    const policy = await dqn.loadPolicy(await agent.savePolicy(), spaces);
    observations.forEach((observation, i) => {
      const options = { explore: false, first: i === 0 };
      expect(policy.act(observation, options)).toBe(agent.act(observation, options));
    });
  });

  test('goes on bit for bit from a checkpoint in the middle of an episode', async () => {
    const drive = (agent: dqn.Agent<Float32Array>, from: number, to: number) =>
      Array.from({ length: to - from }, (_, k) => {
        const i = from + k;
        const pair = [draw(new Random(i), 2), draw(new Random(-i), 2)];
        const actions = [...agent.actBatch(pair)];
        pair.forEach((observation, stream) =>
          agent.observe({ ...between, observation, action: actions[stream], reward: Math.sin(i), terminated: i % 7 === 6, stream }),
        );
        const losses: number[] = [];
        while (agent.updatesDue > 0) losses.push(agent.learn().loss);
        return [...actions, ...losses];
      });
    const agent = await make(dqn.epsilonGreedy(0.3));
    drive(agent, 1, 25);
    const bytes = await agent.save();
    const rest = drive(agent, 25, 45);
    expect(rest.flat().every(Number.isFinite)).toBe(true);
    const other = await make(dqn.epsilonGreedy(0.3));
    await other.load(bytes);
    expect(drive(other, 25, 45)).toEqual(rest);
  });
});

/** The TD errors `[T, B]` of a batch by stepping both networks by hand, one observation of one sequence at a time. */
function byHand(batch: dqn.SequenceBatch, online: QNetwork<'sync'>, target: QNetwork<'sync'>, double: boolean): number[] {
  const { size, burnIn, steps, unroll, observations, states, burnedIn } = batch;
  const width = observations.length / (unroll * size);
  const hidden = states.length / size;
  const errors = Array.from({ length: steps * size }, () => 0);
  for (let b = 0; b < size; b++) {
    const run = (network: QNetwork<'sync'>): number[][] => {
      const state = states.slice(b * hidden, (b + 1) * hidden);
      return Array.from({ length: unroll }, (_, u) => {
        if (u < burnIn && burnedIn[b] === 0) return [];
        const at = (u * size + b) * width;
        return [...network.forward(observations.slice(at, at + width), 1, { state })];
      });
    };
    const [q, qTarget] = [run(online), run(target)];
    for (let t = 0; t < steps; t++) {
      const i = t * size + b;
      if (batch.weights[i] === 0) continue;
      const next = batch.next[i];
      const chooser = double ? q[next] : qTarget[next];
      const value = qTarget[next][chooser.indexOf(Math.max(...chooser))];
      const bootstrapped = batch.discounts[i] === 0 ? 0 : batch.discounts[i] * value;
      errors[i] = batch.rewards[i] + bootstrapped - q[burnIn + t][batch.actions[i]];
    }
  }
  return errors;
}

describe('learning from sequences', () => {
  const caseArb = fc.record({
    seed: fc.nat(),
    length: fc.integer({ min: 1, max: 5 }),
    burnIn: fc.integer({ min: 0, max: 3 }),
    nStep: fc.constantFrom(1, 3),
    double: fc.boolean(),
    streams: fc.constantFrom(1, 2),
  });

  test('unrolls both networks as stepping them by hand does, after a burn-in from the stored states', () => {
    fc.assert(
      fc.property(caseArb, ({ seed, length, burnIn, nStep, double, streams }) => {
        const random = new Random(seed);
        const options = resolveAgentOptions({
          network: dqn.recurrent({ units: 4 }),
          replay: dqn.sequences({ capacity: 200, length, burnIn }),
          bootstrap: double ? dqn.doubleQ() : dqn.maxQ(),
          optimizer: dqn.sgd({ learningRate: 0 }),
          nStep,
        });
        const io = { inputShape: [2], actions: ACTIONS, width: 1, heads: 1, outputSize: ACTIONS };
        const engine = dqn.wasm();
        const spec = options.network.build(io);
        const online = engine.createNetwork(spec, { random, optimizer: options.optimizer.spec });
        const target = engine.createNetwork(spec, { random });
        const store = dqn.sequences({ capacity: 200, length, burnIn }).create({
          observationSize: 2,
          observationType: 'float32',
          actions: ACTIONS,
          stateSize: online.stateSize,
          nStep,
          discount: 0.9,
        });
        let observations = Array.from({ length: streams }, () => draw(random, 2));
        for (let i = 0; i < 40; i++) {
          const nextObservations = observations.map(() => draw(random, 2));
          for (let stream = 0; stream < streams; stream++) {
            const terminated = random.float() < 0.15;
            const truncated = !terminated && random.float() < 0.1;
            store.add({
              stream,
              observation: observations[stream],
              action: random.integer(ACTIONS),
              reward: random.normal(),
              nextObservation: nextObservations[stream],
              terminated,
              truncated,
              state: draw(random, online.stateSize),
            });
            if (terminated || truncated) {
              store.endEpisode(stream);
              nextObservations[stream] = draw(random, 2);
            }
          }
          observations = nextObservations;
        }
        for (let stream = 0; stream < streams; stream++) store.endEpisode(stream);
        const batch = store.sample(4, random);
        const parts = { head: options.head, bootstrap: options.bootstrap, actions: ACTIONS, heads: 1, headProbability: 1, seed: 0 };
        const rows = new BellmanRows(parts);
        const update = new SequenceUpdate({
          options,
          online,
          target,
          rows,
          draws: new Draws(random, false, undefined),
          actions: ACTIONS,
        });
        const wanted = byHand(batch, online, target, double);
        const norm = update.run(batch, 0, 0);
        expect(norm).toBeGreaterThanOrEqual(0);
        wanted.forEach((error, i) => {
          if (batch.weights[i] !== 0) expect(rows.tdErrors[i]).toBeCloseTo(error, 4);
        });
        const { tdErrors, meanTdError } = rows.summary();
        const real = wanted.filter((_, i) => batch.weights[i] !== 0);
        close([[...tdErrors]], [real]);
        expect(tdErrors).toHaveLength(real.length);
        expect(meanTdError).toBeCloseTo(real.reduce((sum, error) => sum + Math.abs(error), 0) / real.length, 4);
        engine.dispose();
      }),
      { numRuns: 60 },
    );
  });
});
