import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgent } from '../../src/agent/create-agent.ts';
import { loadPolicy } from '../../src/agent/load-policy.ts';
import type { FeedForwardOptions } from '../../src/agent/options.ts';
import type { Policy } from '../../src/agent/policy.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { decodeArchive, encodeArchive } from '../../src/common/archive.ts';
import { Random } from '../../src/common/random.ts';
import type { Environment } from '../../src/environment/environment.ts';
import { readPolicy, policyOf, toOnnx } from '../../src/export/index.ts';
import { categorical } from '../../src/heads/categorical.ts';
import { expected } from '../../src/heads/expected.ts';
import type { ValueHead } from '../../src/heads/value-head.ts';
import { mlp } from '../../src/networks/mlp.ts';
import { adam, sgd } from '../../src/networks/optimizers.ts';
import {
  actionModel,
  actionProbabilities,
  behaviorCloning,
  conservative,
  constrained,
  type Dataset,
  ofTaken,
  supported,
  trainOffline,
  type ActionConstraint,
  type ActionModel,
  type OfflineEvent,
  type OfflineReport,
  type TrainOfflineOptions,
} from '../../src/offline/index.ts';
import { hindsight } from '../../src/replay/hindsight.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { recurrent } from '../../src/networks/recurrent.ts';
import { sequences } from '../../src/replay/sequences.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { hard } from '../../src/targets/hard.ts';
import { polyak } from '../../src/targets/polyak.ts';
import { evaluate } from '../../src/training/evaluate.ts';
import { tabularDataset, tabularSpaces, type TabularEpisode } from '../support/tabular.ts';
import { Parrot } from '../support/tiny-environments.ts';

const S = 3;
const A = 3;
const spaces = tabularSpaces(S, A);

/** Some episodes in S states with A actions. */
function someDataset(seed: number, episodes = 8): Dataset {
  const random = new Random(seed);
  return tabularDataset(
    S,
    A,
    Array.from({ length: episodes }, (_, e): TabularEpisode => ({
      steps: Array.from({ length: 1 + random.integer(5) }, () => [random.integer(S), random.integer(A), random.integer(5) - 2]),
      last: random.integer(S),
      end: e % 3 === 0 ? 'truncated' : 'terminated',
    })),
  );
}

/** An episode of a parrot. */
function parrots(): Dataset {
  const steps: TabularEpisode['steps'] = [
    [0, 0, 1],
    [1, 1, 1],
  ];
  return tabularDataset(2, 2, [{ steps, last: 0, end: 'truncated' }]);
}

/** What a checkpoint of a run is. */
const LABEL = { kind: 'offline training', version: 1 } as const;

const small: FeedForwardOptions<'sync'> = {
  network: mlp({ hidden: [8] }),
  replay: uniform({ capacity: 100 }),
  targetUpdater: hard({ period: 7 }),
  batchSize: 4,
  seed: 3,
};

async function weightsAfter(
  options: FeedForwardOptions<'sync'>,
  dataset: Dataset,
  run: Partial<TrainOfflineOptions<Float32Array>> = {},
) {
  const agent = await createAgent(spaces, { ...small, ...options });
  for await (const event of trainOffline(agent, dataset, { updates: 30, ...run })) expect(event.kind).toBe('update');
  const weights = [
    ...(agent.online.weights() as { values: Float32Array }[]),
    ...(agent.target.weights() as { values: Float32Array }[]),
  ];
  agent.dispose();
  return weights.map(({ values }) => [...values]);
}

/** Probabilities by the state, `[S, A]`. */
function tableModel(table: readonly (readonly number[])[]): ActionModel {
  return {
    probabilities: (observations, batch, out) => {
      for (let b = 0; b < batch; b++) out.set(table[observations.subarray(b * S, (b + 1) * S).indexOf(1)], b * A);
    },
  };
}

async function collect<R extends OfflineReport>(run: AsyncIterable<OfflineEvent<R>>): Promise<OfflineEvent<R>[]> {
  const events: OfflineEvent<R>[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const refusal = (code: string, where: string) => expect.objectContaining({ code, where });

describe('trainOffline with an agent', () => {
  it('fills its replay and lets it learn, a step of its clock an update', async () => {
    const dataset = someDataset(1);
    const agent = await createAgent(spaces, { ...small, nStep: 2, discount: 0.5 });
    const events = await collect(trainOffline(agent, dataset, { updates: 20 }));
    expect(agent.replay.size).toBe(dataset.size);
    expect([agent.step, agent.updates, agent.updatesDue]).toEqual([20, 20, 0]);
    expect(events.map(({ kind, step }) => [kind, step])).toEqual(Array.from({ length: 20 }, (_, i) => ['update', i + 1]));
    expect(events[19]).toMatchObject({ update: 20, learningRate: 1e-3, meanQ: expect.any(Number), loss: expect.any(Number) });
    for (const event of events) {
      if (event.kind !== 'update') continue;
      const sizes = event.tdErrors.map(Math.abs);
      expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeCloseTo(event.meanTdError, 6);
    }
  });

  it.each<[string, FeedForwardOptions<'sync'>]>([
    ['hard copies by periods of updates', {}],
    ['polyak', { targetUpdater: polyak({ tau: 0.1 }) }],
    ['prioritized replay and schedules', { replay: prioritized({ capacity: 100 }), optimizer: adam({ learningRate: 1e-2 }) }],
  ])('ends as if it had never stopped when it is resumed: %s', async (_, options) => {
    const dataset = someDataset(2);
    const make = () => createAgent(spaces, { ...small, ...options });
    const [whole, half, rest] = [await make(), await make(), await make()];
    const all = await collect(trainOffline(whole, dataset, { updates: 40 }));
    const first = await collect(trainOffline(half, dataset, { updates: 40, checkpointPeriod: 17 }));
    const checkpoints = first.filter((event) => event.kind === 'checkpoint');
    expect(checkpoints.map(({ step }) => step)).toEqual([17, 34]);
    const again = await collect(trainOffline(rest, dataset, { updates: 40, resume: checkpoints[0].bytes }));
    expect(again).toEqual(all.slice(17));
    expect(rest.online.weights()).toEqual(whole.online.weights());
    expect(rest.target.weights()).toEqual(whole.target.weights());
  });

  it('tells the whole run between two events', async () => {
    const dataset = someDataset(2);
    const make = () => createAgent(spaces, small);
    const run = trainOffline(await make(), dataset, { updates: 9 });
    const early = await run.checkpoint();
    for (let i = 0; i < 5; i++) await run.next();
    const bytes = await run.checkpoint();
    const rest = await collect(run);
    expect(await collect(trainOffline(await make(), dataset, { updates: 9, resume: bytes }))).toEqual(rest);
    expect(await collect(trainOffline(await make(), dataset, { updates: 9, resume: early }))).toHaveLength(9);
    const other = trainOffline(await make(), someDataset(3), { updates: 9, resume: bytes });
    await expect(other.next()).rejects.toThrow(expect.objectContaining({ code: 'incompatible-checkpoint' }));
    const unknown = encodeArchive({
      ...LABEL,
      state: { ...(decodeArchive(bytes, LABEL) as object), next: 'nothing' },
    });
    await expect(trainOffline(await make(), dataset, { updates: 9, resume: unknown }).next()).rejects.toThrow(
      refusal('invalid-checkpoint', 'trainOffline({ resume }).next'),
    );
    const damaged = bytes.slice();
    damaged[damaged.length - 5] ^= 1;
    const spoilt = trainOffline(await make(), dataset, { updates: 9, resume: damaged });
    await expect(spoilt.next()).rejects.toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
  });

  it('owes what a checkpoint between the events of one update was too early for', async () => {
    const dataset = parrots();
    const make = () => createAgent(new Parrot(), small);
    const options = { updates: 4, checkpointPeriod: 2, evaluation: { environment: new Parrot(), period: 2, episodes: 1 } };
    const whole = await collect(trainOffline(await make(), dataset, options));
    const told = ['update', 'update', 'evaluation', 'checkpoint', 'update', 'update', 'evaluation', 'checkpoint'];
    expect(whole.map(({ kind }) => kind)).toEqual(told);
    for (let i = 0; i <= told.length; i++) {
      const run = trainOffline(await make(), dataset, options);
      for (let j = 0; j < i; j++) await run.next();
      const resume = await run.checkpoint();
      expect(await collect(trainOffline(await make(), dataset, { ...options, resume }))).toEqual(whole.slice(i));
    }
  });

  it('evaluates by periods of updates', async () => {
    const environment = new Parrot();
    const agent = await createAgent(environment, small);
    const evaluation = { environment: new Parrot(), period: 10, episodes: 2 };
    const events = await collect(trainOffline(agent, parrots(), { updates: 25, evaluation }));
    const evaluations = events.filter((event) => event.kind === 'evaluation');
    expect(evaluations.map(({ step, episodes }) => [step, episodes])).toEqual([
      [10, 2],
      [20, 2],
    ]);
  });

  it('stops by a signal', async () => {
    const abort = new AbortController();
    const agent = await createAgent(spaces, small);
    const run = trainOffline(agent, someDataset(1), { updates: 20, signal: abort.signal });
    await run.next();
    abort.abort();
    await expect(run.next()).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(agent.updates).toBe(1);
  });

  it('needs room for the copies that a replay makes', async () => {
    const dataset = someDataset(1);
    const goals = { achieved: [0, 1], desired: [1, 2], reward: () => 0, goals: 2 } as const;
    const first = async (capacity: number) => {
      const agent = await createAgent(spaces, { ...small, replay: hindsight(uniform({ capacity }), goals) });
      await trainOffline(agent, dataset, { updates: 1 }).next();
      return agent.replay.size;
    };
    expect(await first(3 * dataset.size)).toBe(3 * dataset.size);
    await expect(first(3 * dataset.size - 1)).rejects.toThrow(refusal('invalid-option', 'trainOffline(agent)'));
  });

  it('takes a learner for one whatever else it has', async () => {
    let updates = 0;
    const learner = {
      replay: [],
      get updates() {
        return updates;
      },
      start: () => {},
      learn: () => ({ update: ++updates, loss: 0, gradientNorm: 0, learningRate: 0 }),
      getState: async () => ({ updates }),
    };
    expect(await collect(trainOffline(learner, someDataset(1), { updates: 2 }))).toHaveLength(2);
  });

  it('refuses what does not fit', async () => {
    const dataset = someDataset(1, 60);
    const first = async (options: FeedForwardOptions<'sync'>, data = dataset, env = spaces) =>
      trainOffline(await createAgent(env, { ...small, ...options }), data, { updates: 1 }).next();
    await expect(first({})).rejects.toThrow(refusal('invalid-option', 'trainOffline(agent)'));
    await expect(first({}, dataset, tabularSpaces(4, A))).rejects.toThrow(
      refusal('invalid-dataset', 'trainOffline(learner, dataset)'),
    );
    await expect(first({}, dataset, tabularSpaces(S, 2))).rejects.toThrow(
      refusal('invalid-dataset', 'trainOffline(learner, dataset)'),
    );
    const memory = { network: recurrent({ units: 4 }), replay: sequences({ capacity: 100, length: 2 }) };
    await expect(first(memory as object)).rejects.toThrow(refusal('invalid-option', 'trainOffline(agent)'));
    const agent = await createAgent(spaces, small);
    const data = someDataset(1);
    await collect(trainOffline(agent, data, { updates: 1 }));
    await expect(trainOffline(agent, data, { updates: 1 }).next()).rejects.toThrow(
      refusal('invalid-option', 'trainOffline(agent)'),
    );
    const refused = (options: object) => () => trainOffline(agent, data, { updates: 1, ...options });
    expect(refused({ updates: 0 })).toThrow(refusal('invalid-option', 'trainOffline({ updates })'));
    expect(refused({ checkpointPeriod: 0.5 })).toThrow(refusal('invalid-option', 'trainOffline({ checkpointPeriod })'));
    expect(refused({ evaluation: { environment: new Parrot(), period: 0 } })).toThrow(
      refusal('invalid-option', 'trainOffline({ evaluation: { period } })'),
    );
    expect(refused({ evaluation: { environment: new Parrot(), period: 1, eposides: 3 } })).toThrow(
      refusal('invalid-option', 'trainOffline({ evaluation })'),
    );
    expect(refused({ steps: 3 })).toThrow(refusal('invalid-option', 'trainOffline(options)'));
  });
});

describe('conservative learning', () => {
  it.each<[string, ValueHead]>([
    ['expected', expected()],
    ['categorical', categorical({ atoms: 11, vMin: -5, vMax: 5 })],
  ])('is DQN, bit for bit, for α = 0: %s', async (_, head) => {
    const dataset = someDataset(4);
    const plain = await weightsAfter({ head }, dataset);
    expect(await weightsAfter({ head: conservative(head, { alpha: 0 }) }, dataset)).toEqual(plain);
    expect(await weightsAfter({ head: conservative(head, { alpha: 0.5 }) }, dataset)).not.toEqual(plain);
  });

  it('values actions that were never recorded below what they are worth, and prefers the recorded one', async () => {
    // In each state the recorded action, which is the state's number, gives 1 and ends the episode; the others would too.
    const dataset = tabularDataset(
      S,
      A,
      Array.from({ length: S }, (_, s) => ({ steps: [[s, s, 1] as const], last: s, end: 'terminated' as const })),
    );
    const learn = async (alpha: number) => {
      const head = conservative(expected({ loss: 'squared' }), { alpha });
      const agent = await createAgent(spaces, {
        ...small,
        network: mlp({ hidden: [] }),
        head,
        optimizer: adam({ learningRate: 1e-2 }),
      });
      await collect(trainOffline(agent, dataset, { updates: 1_500 }));
      return Array.from({ length: S }, (_, s) => agent.qValues(Float32Array.from({ length: S }, (_unused, i) => Number(i === s))));
    };
    const values = await learn(1);
    values.forEach((q, s) => {
      q.forEach((value, a) => (a === s ? expect(value).toBeGreaterThan(0.9) : expect(value).toBeLessThan(0)));
    });
    // Without the penalty nothing holds them down.
    const free = (await learn(0)).map((q, s) => Math.max(...q.filter((_, a) => a !== s)));
    expect(Math.max(...free)).toBeGreaterThan(Math.max(...values.map((q, s) => Math.max(...q.filter((_, a) => a !== s)))));
  });

  it('is exported as the head within', async () => {
    const agent = await createAgent(spaces, { ...small, head: conservative(expected()) });
    await collect(trainOffline(agent, someDataset(5), { updates: 5 }));
    const policy = await policyOf(agent);
    expect(policy.head).toEqual(expected());
    expect(toOnnx(policy).length).toBeGreaterThan(0);
    const loaded = await loadPolicy(await agent.savePolicy(), spaces);
    const observation = Float32Array.of(0, 1, 0);
    expect(loaded.qValues(observation)).toEqual(agent.qValues(observation));
  });
});

describe('constrained learning', () => {
  const behavior = tableModel([
    [0.6, 0.3, 0.1],
    [0, 0, 1],
    [0.4, 0.2, 0.4],
  ]);

  it('allows actions that are likely enough beside the likeliest', async () => {
    const observations = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    const allowed = async (threshold: number) => {
      const out = new Uint8Array(9);
      await supported(behavior, { threshold }).allow(observations, 3, A, out);
      return [...out].join('');
    };
    expect(await allowed(0)).toBe('111111111');
    expect(await allowed(0.3)).toBe('110001111');
    expect(await allowed(0.6)).toBe('100001101');
    expect(await allowed(1)).toBe('100001101');
    expect(() => supported(behavior, { treshold: 0 } as object)).toThrow(refusal('invalid-option', 'supported(options)'));
    for (const threshold of [-0.1, 1.1, NaN]) {
      expect(() => supported(behavior, { threshold })).toThrow(refusal('invalid-option', 'supported({ threshold })'));
    }
  });

  it('answers each of two who ask at once', async () => {
    const later: ActionModel = {
      probabilities: async (observations, batch, out) => {
        await Promise.resolve();
        await behavior.probabilities(observations, batch, out);
      },
    };
    const seen = { act: (_: Float32Array, options?: { actionMask?: Uint8Array }) => Number((options?.actionMask ?? []).join('')) };
    const policy = constrained(seen as Policy<Float32Array>, supported(later, { threshold: 1 }), spaces);
    const states = [Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0)];
    expect(await Promise.all(states.map((state) => policy.act(state)))).toEqual([100, 1]);
  });

  it('is Double DQN, bit for bit, for τ = 0', async () => {
    const dataset = someDataset(6);
    const plain = await weightsAfter({}, dataset);
    expect(await weightsAfter({}, dataset, { constraint: supported(behavior, { threshold: 0 }) })).toEqual(plain);
    expect(await weightsAfter({}, dataset, { constraint: supported(behavior, { threshold: 1 }) })).not.toEqual(plain);
  });

  it('acts as the clone does for τ = 1, and as the agent does for τ = 0', async () => {
    const agent = await createAgent(spaces, small);
    const cloning = await behaviorCloning(spaces, { network: mlp({ hidden: [8] }), seed: 5 });
    await collect(trainOffline(cloning, someDataset(7), { updates: 50 }));
    fc.assert(
      fc.property(fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: S, maxLength: S }), (numbers) => {
        const observation = Float32Array.from(numbers);
        const act = (threshold: number) =>
          constrained(agent, supported(cloning, { threshold }), spaces).act(observation, { explore: false });
        expect(act(1)).toBe(cloning.act(observation));
        expect(act(0)).toBe(agent.act(observation, { explore: false }));
      }),
    );
  });

  it('bootstraps from allowed actions alone', async () => {
    // From state 0 action 0 leads to state 1, where action 2 was taken, for nothing; that action 0 gives 1 there stands in an episode of its own.
    const dataset = tabularDataset(S, A, [
      {
        steps: [
          [0, 0, 0],
          [1, 2, 0],
        ],
        last: 2,
        end: 'terminated',
      },
      { steps: [[1, 0, 1]], last: 2, end: 'terminated' },
    ]);
    const value = async (threshold: number) => {
      const agent = await createAgent(spaces, {
        ...small,
        network: mlp({ hidden: [] }),
        bootstrap: maxQ(),
        optimizer: adam({ learningRate: 1e-2 }),
        discount: 0.9,
      });
      await collect(trainOffline(agent, dataset, { updates: 1_500, constraint: supported(behavior, { threshold }) }));
      return agent.qValues(Float32Array.of(1, 0, 0))[0];
    };
    expect(await value(0)).toBeCloseTo(0.9, 1);
    expect(await value(0.3)).toBeCloseTo(0, 1);
  });

  it('minds what the environment forbids', async () => {
    const greedy = { act: (_: Float32Array, options?: { actionMask?: Uint8Array }) => (options?.actionMask ?? [1]).indexOf(1) };
    const policy = constrained(greedy, supported(behavior, { threshold: 1 }), spaces);
    const second = Float32Array.of(0, 1, 0);
    expect(policy.act(second)).toBe(2);
    expect(policy.act(second, { actionMask: Uint8Array.of(0, 1, 1) })).toBe(2);
    // Nothing is both possible and allowed: then what is possible.
    expect(policy.act(second, { actionMask: Uint8Array.of(0, 1, 0) })).toBe(1);
    expect(() => policy.act(Float32Array.of(NaN, 0, 0))).toThrow(refusal('invalid-observation', 'act(observation)'));
  });

  it('must allow an action wherever a target bootstraps', async () => {
    // State 0 leads to state 1, and there to an end in state 2.
    const steps: TabularEpisode['steps'] = [
      [0, 0, 0],
      [1, 0, 1],
    ];
    const dataset = tabularDataset(S, A, [{ steps, last: 2, end: 'terminated' }]);
    const first = async (forbidden: number) => {
      const constraint: ActionConstraint = {
        kind: 'own',
        allow: (observations, batch, actions, out) => {
          for (let b = 0; b < batch; b++) out.fill(observations[b * S + forbidden] === 1 ? 0 : 1, b * actions, (b + 1) * actions);
        },
      };
      return trainOffline(await createAgent(spaces, small), dataset, { updates: 1, constraint }).next();
    };
    await expect(first(1)).rejects.toThrow(refusal('invalid-part', 'ActionConstraint.allow(), observation 1'));
    for (const state of [0, 2]) expect(await first(state)).toMatchObject({ value: { kind: 'update' } });
  });

  it('is for agents alone', async () => {
    const cloning = await behaviorCloning(spaces);
    expect(() => trainOffline(cloning, someDataset(1), { updates: 1, constraint: supported(behavior) })).toThrow(
      refusal('invalid-option', 'trainOffline({ constraint })'),
    );
  });
});

describe('behaviorCloning', () => {
  it('comes to the frequencies of a table', async () => {
    // State 0: 3 to 1; state 1: action 2 always; state 2: 1 to 1 to 2.
    const counts = [
      [3, 1, 0],
      [0, 0, 4],
      [1, 1, 2],
    ];
    const episodes = counts.flatMap((row, s) =>
      row.flatMap((count, a) =>
        Array.from({ length: count }, () => ({ steps: [[s, a, 0] as const], last: 0, end: 'terminated' as const })),
      ),
    );
    const dataset = tabularDataset(S, A, episodes);
    const cloning = await behaviorCloning(spaces, {
      network: mlp({ hidden: [] }),
      batchSize: 64,
      optimizer: adam({ learningRate: 0.02 }),
    });
    await collect(trainOffline(cloning, dataset, { updates: 1_500 }));
    const table = await actionProbabilities(cloning, dataset);
    for (let e = 0; e < dataset.episodes; e++) {
      const s = Math.floor(e / 4);
      counts[s].forEach((count, a) => expect(Math.abs(table[2 * e * A + a] - count / 4)).toBeLessThan(0.08));
    }
    expect(ofTaken(table, dataset)[0]).toBe(table[0]);
    expect(ofTaken(table, dataset)[5]).toBe(table[2 * 5 * A + 2]);
  });

  it('moves against the slope of the cross-entropy', async () => {
    // One update by plain gradient descent, from weights of zero in a table: π is uniform, so the logits move by −η (1/3 − 1{taken}).
    const dataset = tabularDataset(S, A, [{ steps: [[1, 2, 0]], last: 0, end: 'terminated' }]);
    const network = { ...mlp({ hidden: [] }), initialWeights: undefined };
    const cloning = await behaviorCloning(spaces, { network, batchSize: 1, optimizer: sgd({ learningRate: 0.3 }) });
    const weights = cloning.network.weights().map((tensor) => ({ ...tensor, values: new Float32Array(tensor.values.length) }));
    cloning.network.setWeights(weights);
    const [event] = await collect(trainOffline(cloning, dataset, { updates: 1 }));
    expect(event).toMatchObject({ kind: 'update', update: 1, loss: expect.closeTo(Math.log(3), 5), learningRate: 0.3 });
    const bias = cloning.network.weights().find(({ name }) => name.endsWith('bias'));
    [-0.1, -0.1, 0.2].forEach((moved, a) => expect(bias?.values[a]).toBeCloseTo(moved, 5));
  });

  it('is resumed bit for bit', async () => {
    const dataset = someDataset(8);
    const make = () => behaviorCloning(spaces, { network: mlp({ hidden: [8] }), batchSize: 4, seed: 2 });
    const [whole, half, rest] = [await make(), await make(), await make()];
    const all = await collect(trainOffline(whole, dataset, { updates: 30 }));
    const run = trainOffline(half, dataset, { updates: 30 });
    for (let i = 0; i < 11; i++) await run.next();
    const bytes = await run.checkpoint();
    expect(await collect(trainOffline(rest, dataset, { updates: 30, resume: bytes }))).toEqual(all.slice(11));
    expect(rest.network.weights()).toEqual(whole.network.weights());
    const other = await behaviorCloning(spaces, { network: mlp({ hidden: [9] }) });
    const before = other.network.weights();
    await expect(trainOffline(other, dataset, { updates: 30, resume: bytes }).next()).rejects.toThrow(
      expect.objectContaining({ code: 'incompatible-checkpoint' }),
    );
    expect(other.network.weights()).toEqual(before);
  });

  it('plays, explores as likely as it says, and is saved as a policy', async () => {
    const environment = new Parrot();
    const dataset = tabularDataset(2, 2, [
      {
        steps: [
          [0, 1, 0],
          [1, 0, 0],
        ],
        last: 0,
        end: 'truncated',
      },
    ]);
    const cloning = await behaviorCloning(environment, { network: mlp({ hidden: [8] }) });
    await collect(trainOffline(cloning, dataset, { updates: 200, evaluation: { environment: new Parrot(), period: 200 } }));
    // The observation of state s is the bit 1 − s, and so the action learned there is s.
    expect((await evaluate(cloning, new Parrot())).mean).toBe(8);
    const loaded = await loadPolicy(await cloning.savePolicy(), environment as Environment<Float32Array, number>);
    expect(loaded.act(Float32Array.of(1, 0))).toBe(cloning.act(Float32Array.of(1, 0)));
    expect(readPolicy(await cloning.savePolicy(), environment)).toMatchObject({ actions: 2, actionStart: 0 });
    const weights = cloning.network.weights().map((tensor) => ({ ...tensor, values: new Float32Array(tensor.values.length) }));
    cloning.network.setWeights(weights);
    const drawn = Array.from({ length: 400 }, () => cloning.act(Float32Array.of(1, 0), { explore: true }));
    expect(Math.abs(drawn.filter((action) => action === 1).length - 200)).toBeLessThan(60);
    expect(
      new Set(drawn.map(() => cloning.act(Float32Array.of(1, 0), { explore: true, actionMask: Uint8Array.of(0, 1) }))),
    ).toEqual(new Set([1]));
  });

  it('refuses what it cannot learn from', async () => {
    await expect(behaviorCloning(spaces, { batchSize: 0 })).rejects.toThrow(
      refusal('invalid-option', 'behaviorCloning({ batchSize })'),
    );
    const wide = {
      kind: 'wide',
      build: () => mlp({ hidden: [] }).build({ inputShape: [S], actions: 4, width: 1, heads: 1, outputSize: 4 }),
    };
    await expect(behaviorCloning(spaces, { network: wide })).rejects.toThrow(
      refusal('invalid-option', 'behaviorCloning({ network })'),
    );
    const cloning = await behaviorCloning(spaces);
    expect(() => cloning.learn()).toThrow(refusal('invalid-option', 'BehaviorCloning.learn()'));
    const empty = tabularDataset(S, A, []);
    await expect(trainOffline(cloning, empty, { updates: 1 }).next()).rejects.toThrow(
      refusal('invalid-dataset', 'trainOffline(learner, dataset)'),
    );
  });
});

describe('actionModel', () => {
  it('spreads ε over all actions', async () => {
    const policy = { act: (observation: Float32Array) => observation.indexOf(1) };
    const out = new Float32Array(6);
    await actionModel(policy, spaces, { epsilon: 0.3 }).probabilities(Float32Array.of(0, 1, 0, 1, 0, 0), 2, out);
    [0.1, 0.8, 0.1, 0.8, 0.1, 0.1].forEach((p, i) => expect(out[i]).toBeCloseTo(p, 6));
    expect(() => actionModel(policy, spaces, { epsilom: 0.3 } as object)).toThrow(
      refusal('invalid-option', 'actionModel(options)'),
    );
    const wrong = actionModel({ act: () => 3 }, spaces);
    await expect(wrong.probabilities(Float32Array.of(0, 1, 0), 1, out)).rejects.toThrow(
      refusal('invalid-action', 'actionModel(policy)'),
    );
  });

  it('must give probabilities', async () => {
    const dataset = someDataset(9);
    for (const bad of [NaN, 0.9, -0.1]) {
      const model: ActionModel = { probabilities: (_, batch, out) => void out.fill(0, 0, batch * A).fill(bad, 0, 1) };
      await expect(actionProbabilities(model, dataset)).rejects.toThrow(expect.objectContaining({ code: 'invalid-part' }));
    }
    expect(() => ofTaken(new Float32Array(4), dataset)).toThrow(refusal('invalid-option', 'ofTaken(table)'));
  });
});
