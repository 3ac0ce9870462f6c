import { describe, expect, test } from 'vitest';
import {
  adam,
  adamW,
  adaptive,
  averagedQ,
  bootstrapped,
  box,
  categorical,
  cnn,
  createAgent,
  discrete,
  DqnError,
  epsilonGreedy,
  epsilonLadder,
  epsilonZGreedy,
  equilibrium,
  expected,
  fullyParameterisedQuantile,
  greedy,
  hard,
  implicitQuantile,
  loadPolicy,
  maxQ,
  minAtarConvolutions,
  mlp,
  munchausen,
  noisyGreedy,
  polyak,
  prioritized,
  quantile,
  rmsprop,
  sgd,
  ucb,
  uniform,
  type Agent,
  type Experience,
  type FeedForwardOptions,
  type ReplayBuffer,
  type ValueHead,
} from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { CartPole, channelsLast, frameStack, tuple } from '../../src/environments/index.ts';
import { conservative } from '../../src/offline/index.ts';

const spaces = { observationSpace: box({ low: -5, high: 5, shape: [3] }), actionSpace: discrete(2) };

function make(options: FeedForwardOptions<'sync'> = {}) {
  return createAgent(spaces, { network: mlp({ hidden: [8] }), learningStarts: 4, batchSize: 4, seed: 3, ...options });
}

function experience(random: Random, change: Partial<Experience<Float32Array>> = {}): Experience<Float32Array> {
  const observe = () => Float32Array.from({ length: 3 }, () => random.uniform(-1, 1));
  return {
    observation: observe(),
    action: random.integer(2),
    reward: random.uniform(-1, 1),
    nextObservation: observe(),
    terminated: random.float() < 0.2,
    truncated: random.float() < 0.1,
    ...change,
  };
}

function drive(agent: Agent<Float32Array>, steps: number, random = new Random(9)): void {
  for (let i = 0; i < steps; i++) {
    agent.observe(experience(random));
    while (agent.updatesDue > 0) agent.learn();
  }
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DqnError) return error.code;
    throw error;
  }
  return 'no error';
}

const observation = Float32Array.of(0.1, -0.2, 0.3);

describe('clock', () => {
  test('updates fall due from learningStarts on, every learnPeriod steps, updatesPerRound at once', async () => {
    const agent = await make({ learningStarts: 4, learnPeriod: 3, updatesPerRound: 2 });
    const random = new Random(1);
    const due: number[] = [];
    for (let step = 1; step <= 9; step++) {
      agent.observe(experience(random));
      due.push(agent.updatesDue);
    }
    expect(due).toEqual([0, 0, 0, 0, 0, 2, 2, 2, 4]);
    agent.learn();
    expect([agent.updatesDue, agent.updates, agent.step]).toEqual([3, 1, 9]);
  });

  test('an n-step agent that has no whole transition yet owes no update', async () => {
    const agent = await make({ learningStarts: 0, nStep: 5 });
    agent.observe(experience(new Random(1), { terminated: false, truncated: false }));
    expect(agent.updatesDue).toBe(0);
  });
});

describe('learn', () => {
  test('one update is the textbook step: plain gradient descent on ½δ² of a single transition', async () => {
    const learningRate = 0.1;
    const agent = await make({
      network: mlp({ hidden: [] }),
      head: expected({ loss: 'squared' }),
      bootstrap: maxQ(),
      optimizer: sgd({ learningRate }),
      maxGradientNorm: Infinity,
      batchSize: 1,
      discount: 0.9,
    });
    const step = experience(new Random(5), { action: 1, reward: 0.7, terminated: false, truncated: false });
    agent.observe(step);
    const [weight, bias] = agent.online.weights().map((tensor) => tensor.values);
    const q = agent.qValues(step.observation);
    const next = agent.qValues(step.nextObservation);
    const error = 0.7 + 0.9 * Math.max(next[0], next[1]) - q[1];
    const report = agent.learn();
    expect(report.loss).toBeCloseTo(0.5 * error * error, 5);
    expect(report.meanTdError).toBeCloseTo(Math.abs(error), 5);
    expect(report.meanQ).toBeCloseTo(q[1], 5);
    expect(report.maxQ).toBe(report.meanQ);
    expect([...report.tdErrors]).toEqual([expect.closeTo(error, 5)]);
    const [weightAfter, biasAfter] = agent.online.weights().map((tensor) => tensor.values);
    for (let k = 0; k < 3; k++) {
      expect(weightAfter[k * 2 + 1]).toBeCloseTo(weight[k * 2 + 1] + learningRate * error * step.observation[k], 5);
      expect(weightAfter[k * 2]).toBe(weight[k * 2]);
    }
    expect(biasAfter[1]).toBeCloseTo(bias[1] + learningRate * error, 5);
    const norm = Math.abs(error) * Math.hypot(1, ...step.observation);
    expect(report.gradientNorm).toBeCloseTo(norm, 4);
  });

  test('what an update reports of single transitions is what their priorities are set from', async () => {
    const replay = prioritized({ capacity: 50, priorityExponent: 1, priorityEpsilon: 0, importanceExponent: 0 });
    for (const heads of [1, 3]) {
      const agent = await make({ batchSize: 8, replay, ...(heads > 1 && { explorer: bootstrapped({ heads }) }) });
      const buffer = agent.replay as Required<ReplayBuffer>;
      const told: number[][] = [];
      const update = buffer.updatePriorities.bind(buffer);
      buffer.updatePriorities = (ids, errors) => {
        told.push([...errors]);
        update(ids, errors);
      };
      const random = new Random(3);
      for (let i = 0; i < 20; i++) agent.observe(experience(random));
      for (let i = 0; i < 5; i++) {
        const { tdErrors, meanTdError, meanQ, maxQ: largest } = agent.learn();
        expect([...tdErrors]).toEqual(told[i]);
        expect(tdErrors).toHaveLength(8);
        expect(tdErrors.reduce((sum, each) => sum + Math.abs(each), 0) / 8).toBeCloseTo(meanTdError, 6);
        expect(largest).toBeGreaterThan(meanQ);
      }
    }
  });

  test('a terminated transition bootstraps nothing, a truncated one from its true last observation', async () => {
    for (const [terminated, truncated] of [
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const agent = await make({ batchSize: 1, discount: 0.5, bootstrap: maxQ(), head: expected({ loss: 'squared' }) });
      const step = experience(new Random(2), { reward: 1, terminated, truncated });
      agent.observe(step);
      const bootstrapped = terminated ? 0 : 0.5 * Math.max(...agent.qValues(step.nextObservation));
      const error = 1 + bootstrapped - agent.qValues(step.observation)[step.action];
      expect(agent.learn().meanTdError).toBeCloseTo(Math.abs(error), 5);
    }
  });

  test('masks of the next actions hold in targets, and a fully masked state bootstraps nothing', async () => {
    for (const mask of [Uint8Array.of(1, 0), Uint8Array.of(0, 1), Uint8Array.of(0, 0), Uint8Array.of(1, 1)]) {
      const agent = await make({ batchSize: 1, discount: 1, head: expected({ loss: 'squared' }) });
      const step = experience(new Random(2), { reward: 0, terminated: false, truncated: false, nextActionMask: mask });
      agent.observe(step);
      const allowed = [...agent.qValues(step.nextObservation)].filter((_, action) => mask[action] === 1);
      const error = Math.max(...(allowed.length ? allowed : [0])) - agent.qValues(step.observation)[step.action];
      expect(agent.learn().meanTdError).toBeCloseTo(Math.abs(error), 5);
    }
  });

  test('hard updates copy by period, Polyak blends after each update', async () => {
    const first = (network: Agent<Float32Array>['online']) => network.weights()[0].values[0];
    const copying = await make({ targetUpdater: hard({ period: 10 }) });
    drive(copying, 9);
    expect(first(copying.target)).not.toBe(first(copying.online));
    copying.observe(experience(new Random(4)));
    expect(first(copying.target)).toBe(first(copying.online));
    const blending = await make({ targetUpdater: polyak({ tau: 0.25 }) });
    const before = first(blending.target);
    drive(blending, 4);
    expect(blending.updates).toBe(1);
    expect(first(blending.target)).toBeCloseTo(0.75 * before + 0.25 * first(blending.online), 6);
  });

  test('a loss that is not finite is refused, and the agent keeps what it has learned and goes on', async () => {
    let poisoned = false;
    const sound = expected();
    const head: ValueHead = {
      kind: 'poisoned',
      width: 1,
      targetWidth: 1,
      linear: true,
      qValues: (outputs, batch, actions, out) => sound.qValues(outputs, batch, actions, out),
      targets: (input, out) => sound.targets(input, out),
      loss(input, out) {
        sound.loss(input, out);
        if (poisoned) out.gradient[0] = NaN;
      },
    };
    const agent = await make({ head });
    drive(agent, 8);
    const before = [agent.online.weights(), agent.online.optimizerState(), agent.updates];
    poisoned = true;
    expect(await codeOf(() => agent.learn())).toBe('diverged');
    expect([agent.online.weights(), agent.online.optimizerState(), agent.updates]).toEqual(before);
    poisoned = false;
    expect(agent.learn().loss).toBeGreaterThan(0);
  });
});

describe('a head that reads the outputs of the action taken alone', () => {
  /** A head of 20 numbers an action; counts the outputs that its first loss finds computed: memory is zero before. */
  async function run(readsTakenAlone: boolean) {
    const sound = quantile({ quantiles: 20 });
    const computed: number[] = [];
    const head: ValueHead = {
      ...sound,
      kind: 'watched',
      readsTakenAlone,
      qValues: (outputs, batch, actions, out) => sound.qValues(outputs, batch, actions, out),
      targets: (input, out) => sound.targets(input, out),
      loss(input, out) {
        sound.loss(input, out);
        computed.push(input.outputs.reduce((count, x) => count + (x === 0 ? 0 : 1), 0));
      },
    };
    const agent = await make({ head, batchSize: 16 });
    drive(agent, 60);
    return { computed, values: agent.qValues(Float32Array.of(0.5, -0.3, 0.8)) };
  }

  test('is spared the others, and learns the same', async () => {
    const [all, alone] = [await run(false), await run(true)];
    expect(all.computed[0]).toBe(16 * 40);
    expect(alone.computed[0]).toBe(16 * 20);
    expect(all.computed.length).toBeGreaterThan(40);
    alone.values.forEach((value, a) => expect(value).toBeCloseTo(all.values[a], 4));
    const untrained = await make({ head: quantile({ quantiles: 20 }) });
    expect(Math.abs(untrained.qValues(Float32Array.of(0.5, -0.3, 0.8))[0] - all.values[0])).toBeGreaterThan(1e-3);
  });
});

describe('act', () => {
  test('greedy acting takes the largest possible Q-value', async () => {
    const agent = await make();
    const q = agent.qValues(observation);
    const best = q[0] >= q[1] ? 0 : 1;
    expect(agent.act(observation, { explore: false })).toBe(best);
    const others = Uint8Array.of(1, 1);
    others[best] = 0;
    expect(agent.act(observation, { explore: false, actionMask: others })).toBe(1 - best);
  });

  test('a batch acts as one by one, and each state explores by draws of its own', async () => {
    const agent = await make({ explorer: greedy() });
    const random = new Random(8);
    const observations = Array.from({ length: 7 }, () => Float32Array.from({ length: 3 }, () => random.uniform(-2, 2)));
    expect([...agent.actBatch(observations)]).toEqual(observations.map((o) => agent.act(o)));
    const exploring = await make({ explorer: epsilonGreedy(1) });
    const actions = [...exploring.actBatch(Array.from({ length: 64 }, () => observation))];
    expect(new Set(actions).size).toBe(2);
  });

  test('discrete spaces that start elsewhere and composite observations', async () => {
    const agent = await createAgent(
      { observationSpace: tuple([discrete(3), box({ low: 0, high: 1, shape: [2] })]), actionSpace: discrete(3, { start: 10 }) },
      { explorer: epsilonGreedy(0.5) },
    );
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) seen.add(agent.act([2, Float32Array.of(0, 1)]));
    expect([...seen].every((action) => action >= 10 && action <= 12)).toBe(true);
    agent.observe({
      observation: [0, Float32Array.of(0, 1)],
      action: 12,
      reward: 1,
      nextObservation: [1, Float32Array.of(1, 1)],
      terminated: false,
      truncated: false,
    });
    expect(agent.replay.size).toBe(1);
  });

  test('byte observations stay bytes in the replay buffer and are scaled for the network', async () => {
    const observationSpace = box({ low: 0, high: 255, shape: [2], dtype: 'uint8' });
    const agent = await createAgent(
      { observationSpace, actionSpace: discrete(2) },
      { network: mlp({ hidden: [] }), learningStarts: 0 },
    );
    const bytes = Uint8Array.of(255, 51);
    const [weight, bias] = agent.online.weights().map((tensor) => tensor.values);
    expect(agent.qValues(bytes)[0]).toBeCloseTo(weight[0] + 0.2 * weight[2] + bias[0], 5);
    agent.observe({ observation: bytes, action: 0, reward: 1, nextObservation: bytes, terminated: true, truncated: false });
    expect(agent.learn().meanTdError).toBeCloseTo(Math.abs(1 - (weight[0] + 0.2 * weight[2] + bias[0])), 5);
  });
});

describe('bad input', () => {
  test('acting on a bad observation or mask', async () => {
    const agent = await make();
    expect(await codeOf(() => agent.act(Float32Array.of(1, 2)))).toBe('invalid-observation');
    expect(await codeOf(() => agent.act(Float32Array.of(1, 2, NaN)))).toBe('invalid-observation');
    expect(() => agent.act(Float32Array.of(1, 2))).toThrow(
      'expected an element of the observation space (box, 3 finite numbers) but received one outside it: expected 3 numbers',
    );
    expect(await codeOf(() => agent.act([1, 2, 3] as unknown as Float32Array))).toBe('invalid-observation');
    expect(await codeOf(() => agent.act(observation, { actionMask: Uint8Array.of(0, 0) }))).toBe('invalid-action');
    expect(await codeOf(() => agent.act(observation, { actionMask: Uint8Array.of(1) }))).toBe('invalid-action');
    expect(await codeOf(() => agent.actBatch([observation], { actionMasks: [] }))).toBe('invalid-action');
  });

  test('observing a bad step changes nothing', async () => {
    const agent = await make();
    const good = experience(new Random(1), { terminated: false, truncated: false });
    const cases: [Partial<Experience<Float32Array>>, string][] = [
      [{ reward: NaN }, 'invalid-reward'],
      [{ reward: Infinity }, 'invalid-reward'],
      [{ action: 2 }, 'invalid-action'],
      [{ action: 0.5 }, 'invalid-action'],
      [{ action: -1 }, 'invalid-action'],
      [{ observation: Float32Array.of(1) }, 'invalid-observation'],
      [{ nextObservation: Float32Array.of(1, Infinity, 2) }, 'invalid-observation'],
      [{ nextActionMask: Uint8Array.of(1) }, 'invalid-action'],
      [{ stream: -1 }, 'invalid-option'],
    ];
    for (const [change, code] of cases) {
      expect(await codeOf(() => agent.observe({ ...good, ...change }))).toBe(code);
      expect([agent.step, agent.replay.size]).toEqual([0, 0]);
    }
    agent.observe(good);
    expect([agent.step, agent.replay.size]).toEqual([1, 1]);
  });

  test('learning before anything is remembered', async () => {
    const agent = await make();
    expect(await codeOf(() => agent.learn())).toBe('empty-replay');
  });

  test.each([
    [{ discount: 1.5 }, 'discount'],
    [{ discount: NaN }, 'discount'],
    [{ batchSize: 0 }, 'batchSize'],
    [{ nStep: 0 }, 'nStep'],
    [{ learnPeriod: 0.5 }, 'learnPeriod'],
    [{ learningStarts: -1 }, 'learningStarts'],
    [{ maxGradientNorm: 0 }, 'maxGradientNorm'],
    [{ seed: Infinity }, 'seed'],
    [{ batchsize: 3 }, 'batchsize'],
  ])('option %o is refused by name', async (options, name) => {
    const error = await make(options as object).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DqnError);
    expect((error as DqnError).code).toBe('invalid-option');
    expect((error as DqnError).message).toContain(name);
  });

  test('options of parts are refused where the part is made', () => {
    expect(() => uniform({ capacity: 0 })).toThrow(/capacity/);
    expect(() => epsilonGreedy(-0.1)).toThrow(/epsilon/i);
    expect(() => hard({ period: 0 })).toThrow(/period/);
    expect(() => polyak({ tau: 0 })).toThrow(/tau/);
    expect(() => adam({ learningRate: -1 })).toThrow(/learningRate/);
  });

  const misspelt: Record<string, (wrong: object) => unknown> = {
    adam: (wrong) => adam(wrong),
    adamW: (wrong) => adamW(wrong),
    adaptive: (wrong) => adaptive(wrong),
    averagedQ: (wrong) => averagedQ({ targets: 2, ...wrong }),
    bootstrapped: (wrong) => bootstrapped(wrong),
    categorical: (wrong) => categorical({ vMin: 0, vMax: 1, ...wrong }),
    cnn: (wrong) => cnn({ convolutions: minAtarConvolutions, hidden: [2], ...wrong }),
    conservative: (wrong) => conservative(expected(), wrong),
    epsilonLadder: (wrong) => epsilonLadder({ streams: 2, ...wrong }),
    epsilonZGreedy: (wrong) => epsilonZGreedy({ epsilon: 0.1, ...wrong }),
    equilibrium: (wrong) => equilibrium({ actions: [2, 2], ...wrong }),
    expected: (wrong) => expected(wrong),
    fullyParameterisedQuantile: (wrong) => fullyParameterisedQuantile(wrong),
    implicitQuantile: (wrong) => implicitQuantile(wrong),
    mlp: (wrong) => mlp({ hidden: [2], ...wrong }),
    munchausen: (wrong) => munchausen(wrong),
    noisyGreedy: (wrong) => noisyGreedy(wrong),
    quantile: (wrong) => quantile(wrong),
    rmsprop: (wrong) => rmsprop(wrong),
    sgd: (wrong) => sgd(wrong),
    ucb: (wrong) => ucb({ coefficient: 1, ...wrong }),
  };
  test.each(Object.entries(misspelt))('a misspelt option of %s is refused', (name, make) => {
    expect(make({})).toBeDefined();
    expect(() => make({ temprature: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid-option', where: `${name}(options)`, received: 'temprature' }),
    );
  });

  test.each(
    Object.entries({ network: mlp, replay: uniform, explorer: epsilonGreedy, targetUpdater: hard, optimizer: adam, head: {} }),
  )('what is no part is refused as %s', async (name, wrong) => {
    const making = createAgent(spaces, { [name]: wrong });
    await expect(making).rejects.toMatchObject({ code: 'invalid-option', where: `createAgent({ ${name} })` });
  });

  test('convolutions over stacks of frames with the frames first are refused, as they would take them for rows', async () => {
    const observationSpace = box({ low: 0, high: 255, shape: [10, 10], dtype: 'uint8' });
    const unasked = () => {
      throw new Error('nobody acts here');
    };
    const world = { observationSpace, actionSpace: discrete(2), reset: unasked, step: unasked };
    await createAgent(frameStack(world, 4, { axis: 'last' }));
    await createAgent(frameStack(world, 4), { network: mlp({ hidden: [8] }) });
    await expect(createAgent(frameStack(world, 4))).rejects.toThrow("frameStack(environment, 4, { axis: 'last' })");
    const of = (...shape: number[]) => ({ ...world, observationSpace: box({ low: 0, high: 255, shape, dtype: 'uint8' }) });
    await expect(createAgent(of(4, 84, 84))).rejects.toThrow('channelsLast()');
    await createAgent(channelsLast(of(4, 40, 32)));
    await createAgent(of(4, 32, 4));
  });

  test('a class in place of an environment is refused in words', async () => {
    // @ts-expect-error no environment
    await expect(createAgent(CartPole)).rejects.toThrow('Pass an environment, not its class.');
  });

  test('a continuous action space is refused in words', async () => {
    const wrong = { observationSpace: spaces.observationSpace, actionSpace: spaces.observationSpace };
    // @ts-expect-error the actions of a Box are arrays, not numbers
    expect(await codeOf(() => createAgent(wrong))).toBe('invalid-space');
  });
});

describe('save and load', () => {
  const options = { nStep: 3, replay: uniform({ capacity: 50 }), targetUpdater: hard({ period: 7 }) };

  test('an agent that is saved, loaded and goes on is bit-identical to one that never stopped', async () => {
    const unbroken = await make(options);
    const random = new Random(21);
    drive(unbroken, 60, random);
    const bytes = await unbroken.save();
    const midway = random.state();
    drive(unbroken, 40, random);
    const loaded = await make(options);
    drive(loaded, 13, new Random(99));
    await loaded.load(bytes);
    expect([loaded.step, loaded.updates]).toEqual([60, 57]);
    const again = new Random(0);
    again.restore(midway);
    drive(loaded, 40, again);
    expect(await loaded.save()).toEqual(await unbroken.save());
    expect(loaded.act(observation)).toBe(unbroken.act(observation));
  });

  test('the same seed gives the same bytes, another seed others', async () => {
    const [a, b, c] = await Promise.all([make(options), make(options), make({ ...options, seed: 4 })]);
    for (const agent of [a, b, c]) drive(agent, 30);
    expect(await a.save()).toEqual(await b.save());
    expect(await c.save()).not.toEqual(await a.save());
  });

  test('loading refuses damaged bytes and other compositions, and changes nothing', async () => {
    const agent = await make(options);
    drive(agent, 30);
    const bytes = await agent.save();
    const damaged = bytes.slice();
    damaged[damaged.length >> 1] ^= 4;
    const other = await make({ ...options, network: mlp({ hidden: [9] }) });
    drive(other, 10);
    const before = await other.save();
    expect(await codeOf(() => agent.load(damaged))).toBe('invalid-checkpoint');
    expect(await codeOf(() => agent.load(bytes.subarray(0, 100)))).toBe('invalid-checkpoint');
    expect(await codeOf(() => other.load(bytes))).toBe('incompatible-checkpoint');
    expect(await other.save()).toEqual(before);
    // Specs begin alike: the message shows them from where they differ.
    await expect(other.load(bytes)).rejects.toThrow(/expected "….*units:9,.*received "….*units:8,/);
    const smooth = await make({ ...options, network: mlp({ hidden: [8], activation: 'tanh' }) });
    expect(await codeOf(() => smooth.load(bytes))).toBe('incompatible-checkpoint');
    expect(await codeOf(async () => agent.load(await agent.savePolicy()))).toBe('incompatible-checkpoint');
    expect(await agent.save()).toEqual(bytes);
  });

  test('a state that lacks a part, or tells of more updates due than its steps can have made, is refused', async () => {
    const agent = await make({ ...options, updatesPerRound: 2 });
    drive(agent, 30);
    const state = (await agent.getState()) as Record<string, never>;
    for (const part of Object.keys(state)) {
      const { [part]: _, ...others } = state;
      expect(await codeOf(() => agent.setState(others)), part).toBe('invalid-checkpoint');
    }
    expect(await codeOf(() => agent.setState({ ...state, updatesDue: 61 }))).toBe('invalid-checkpoint');
    await agent.setState({ ...state, updatesDue: 60 });
    expect(agent.updatesDue).toBe(60);
  });

  test('a state whose last part is bad is refused as a whole', async () => {
    const agent = await make(options);
    drive(agent, 30);
    const good = await agent.getState();
    const other = await make({ ...options, seed: 77 });
    drive(other, 20);
    const before = await other.save();
    for (const part of ['replay', 'windows', 'optimizer', 'exploring', 'target', 'updates']) {
      const code = await codeOf(() => other.setState({ ...(good as object), [part]: part === 'updates' ? -1 : null }));
      expect(['invalid-checkpoint', 'incompatible-checkpoint']).toContain(code);
      expect(await other.save()).toEqual(before);
    }
  });

  test('a policy file acts as the agent does, and fits only its spaces', async () => {
    const agent = await make(options);
    drive(agent, 30);
    const bytes = await agent.savePolicy();
    const policy = await loadPolicy(bytes, spaces);
    expect(policy.qValues(observation)).toEqual(agent.qValues(observation));
    expect(policy.act(observation)).toBe(agent.act(observation, { explore: false }));
    const wider = { observationSpace: box({ low: 0, high: 1, shape: [4] }), actionSpace: discrete(2) };
    expect(await codeOf(() => loadPolicy(bytes, wider))).toBe('incompatible-checkpoint');
    expect(await codeOf(() => loadPolicy(bytes, { ...spaces, actionSpace: discrete(3) }))).toBe('incompatible-checkpoint');
    const misspelt = { head: expected(), haed: expected() };
    await expect(loadPolicy(bytes, spaces, misspelt)).rejects.toMatchObject({ where: 'loadPolicy(options)', received: 'haed' });
  });
});

test('after dispose the agent refuses to act', async () => {
  const agent = await make();
  agent.dispose();
  expect(await codeOf(() => agent.act(observation))).toBe('disposed');
});
