import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgent } from '../../src/agent/create-agent.ts';
import { box, discrete } from '../../src/environment/spaces.ts';
import type { Environment, StepResult } from '../../src/environment/environment.ts';
import { CartPole } from '../../src/environments/index.ts';
import {
  behaviorCloning,
  Dataset,
  decodeDataset,
  encodeDataset,
  importanceSampling,
  joinDatasets,
  recordDataset,
  recorder,
} from '../../src/offline/index.ts';
import { mlp } from '../../src/networks/mlp.ts';
import { train } from '../../src/training/train.ts';
import { asynchronous, Masked, Parrot } from '../support/tiny-environments.ts';
import { tabularDataset } from '../support/tabular.ts';

const refusal = (code: string, where: string) => expect.objectContaining({ code, where });

/** Counts up from `start`; actions 5 and 6; ends after three steps, by a termination in every second episode. */
class Counter implements Environment<Uint8Array, number> {
  readonly observationSpace = box({ low: 0, high: 255, shape: [1], dtype: 'uint8' });
  readonly actionSpace = discrete(2, { start: 5 });
  readonly seeds: (number | undefined)[] = [];
  #count = 0;

  reset(options?: { seed?: number }) {
    this.seeds.push(options?.seed);
    this.#count = 10 * this.seeds.length;
    return { observation: Uint8Array.of(this.#count), info: {} };
  }

  step(action: number): StepResult<Uint8Array> {
    this.#count++;
    const ended = this.#count % 10 === 3;
    const terminated = ended && this.seeds.length % 2 === 0;
    return { observation: Uint8Array.of(this.#count), reward: action, terminated, truncated: ended && !terminated, info: {} };
  }
}

describe('recorder', () => {
  it('takes down what passes through', () => {
    const recording = recorder(new Counter());
    const act = (...actions: number[]) => actions.forEach((action) => void recording.step(action));
    expect(recording.dataset()).toMatchObject({ size: 0, episodes: 0 });
    recording.reset();
    expect(recording.dataset().episodes).toBe(0);
    act(5, 6);
    expect(recording.dataset()).toMatchObject({ size: 2, episodes: 1, truncations: Uint8Array.of(0, 0) });
    act(6);
    recording.reset();
    act(5);
    // Reset in the middle, and again at once.
    recording.reset();
    recording.reset();
    act(6);
    const dataset = recording.dataset();
    expect([...dataset.observations]).toEqual([10, 11, 12, 13, 20, 21, 40, 41]);
    expect(dataset.observations).toBeInstanceOf(Uint8Array);
    expect([...dataset.actions]).toEqual([0, 1, 1, 0, 1]);
    expect([...dataset.rewards]).toEqual([5, 6, 6, 5, 6]);
    expect([...dataset.truncations]).toEqual([0, 0, 1, 1, 0]);
    expect([...dataset.terminations]).toEqual([0, 0, 0, 0, 0]);
    expect([...dataset.episodeEnds]).toEqual([3, 4, 5]);
    expect(dataset.probabilities).toBeUndefined();
    expect(recording.steps).toBe(5);
  });

  it('has all that an agent met while it trained', async () => {
    const environment = recorder(asynchronous(new CartPole()));
    const agent = await createAgent(environment, { network: mlp({ hidden: [4] }), seed: 1 });
    const actions: number[] = [];
    const returns: number[] = [];
    for await (const event of train(agent, environment, { steps: 300 })) {
      if (event.kind === 'step') actions.push(event.action);
      else if (event.kind === 'episode') returns.push(event.return);
    }
    const dataset = environment.dataset();
    expect([...dataset.actions]).toEqual(actions);
    expect(dataset.returns()).toEqual(returns);
  });

  it('refuses an environment that breaks its contract', () => {
    const broken = { ...new Counter(), reset: () => ({ observation: Uint8Array.of(1, 2), info: {} }), step: new Counter().step };
    expect(() => recorder(broken).reset()).toThrow(refusal('invalid-observation', 'recorder: observation'));
    expect(() => recorder({ ...new Counter(), actionSpace: box({ low: 0, high: 1, shape: [1] }) } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-space' }),
    );
  });
});

describe('recordDataset', () => {
  it('records so many steps or episodes, each episode by a seed of its own', async () => {
    const environment = new Counter();
    const dataset = await recordDataset('random', environment, { episodes: 2, seed: 4 });
    expect([...dataset.episodeEnds]).toEqual([3, 6]);
    expect([...dataset.terminations]).toEqual([0, 0, 0, 0, 0, 1]);
    expect([...dataset.probabilities!]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(new Set(environment.seeds).size).toBe(2);
    const steps = await recordDataset('random', new Counter(), { steps: 5, seed: 4 });
    expect([steps.size, steps.episodes, steps.isComplete(1)]).toEqual([5, 2, false]);
    expect([...steps.actions]).toEqual([...dataset.actions.subarray(0, 5)]);
    expect(await recordDataset('random', new Counter(), { steps: 5, seed: 4 })).toEqual(steps);
  });

  it('knows how likely the actions of a policy are', async () => {
    const policy = { act: () => 6 };
    const known = await recordDataset(policy, new Counter(), { steps: 60, epsilon: 0.5 });
    known.actions.forEach((action, i) => expect(known.probabilities?.[i]).toBe(action === 1 ? 0.75 : 0.25));
    expect(new Set(known.actions).size).toBe(2);
    const greedy = await recordDataset(policy, new Counter(), { steps: 6 });
    expect(new Set([...greedy.actions, ...greedy.probabilities!])).toEqual(new Set([1]));
    expect((await recordDataset(policy, new Counter(), { steps: 6, explore: true })).probabilities).toBeUndefined();
  });

  it('knows how likely the draws of a model are', async () => {
    const environment = new Parrot();
    const cloning = await behaviorCloning(environment, { network: mlp({ hidden: [4] }), seed: 3 });
    const dataset = await recordDataset(cloning, environment, { steps: 50, explore: true, epsilon: 0.2 });
    const out = new Float32Array(2);
    for (let step = 0; step < 8; step++) {
      await cloning.probabilities(Float32Array.from(dataset.observations.subarray(2 * step, 2 * step + 2)), 1, out);
      expect(dataset.probabilities?.[step]).toBeCloseTo(0.1 + 0.8 * out[dataset.actions[step]], 5);
    }
    expect(new Set(dataset.actions).size).toBe(2);
  });

  it('minds action masks, in what is drawn and how likely that is', async () => {
    const dataset = await recordDataset('random', new Masked(), { episodes: 20 });
    const positions = [...dataset.observations].filter((_, row) => row % 6 !== 5);
    positions.forEach((position, step) => {
      expect(dataset.probabilities?.[step]).toBe(position % 2 === 1 ? 0.5 : 1);
      if (position % 2 === 0) expect(dataset.actions[step]).toBe(0);
    });
    expect(new Set(dataset.actions)).toEqual(new Set([0, 1]));
    const cloning = await behaviorCloning(new Masked(), { network: mlp({ hidden: [4] }) });
    const drawn = await recordDataset(cloning, new Masked(), { episodes: 3, explore: true });
    drawn.actions.forEach((action, step) => expect(drawn.probabilities?.[step] === 1).toBe((step % 5) % 2 === 0 && action === 0));
  });

  it('makes importance sampling unbiased', async () => {
    // Two actions, one step: the policy that always takes the second gets 6.
    const environment = { ...new Counter(), reset: () => ({ observation: Uint8Array.of(0), info: {} }) };
    const step = (action: number) => ({
      observation: Uint8Array.of(1),
      reward: action,
      terminated: true,
      truncated: false,
      info: {},
    });
    const dataset = await recordDataset('random', { ...environment, step }, { episodes: 2_000 });
    const value = importanceSampling(dataset, { target: [...dataset.actions] });
    expect(Math.abs(value - 6)).toBeLessThan(0.5);
    const { probabilities: _, ...unknown } = dataset;
    expect(() => importanceSampling(new Dataset(unknown), { target: [...dataset.actions] })).toThrow(
      refusal('invalid-option', 'importanceSampling(behavior)'),
    );
  });

  it('refuses what makes no sense', async () => {
    const record = (options: object, policy: Parameters<typeof recordDataset>[0] = 'random') =>
      recordDataset(policy, new Counter() as Environment<unknown, number>, options);
    await expect(record({})).rejects.toThrow(refusal('invalid-option', 'recordDataset({ steps, episodes })'));
    await expect(record({ steps: 1, episodes: 1 })).rejects.toThrow(
      refusal('invalid-option', 'recordDataset({ steps, episodes })'),
    );
    await expect(record({ steps: 0 })).rejects.toThrow(refusal('invalid-option', 'recordDataset({ steps })'));
    await expect(record({ steps: 1, epsilon: 2 }, { act: () => 5 })).rejects.toThrow(
      refusal('invalid-option', 'recordDataset({ epsilon })'),
    );
    await expect(record({ stpes: 1 })).rejects.toThrow(refusal('invalid-option', 'recordDataset(options)'));
    for (const policy of ['Random', null, {}]) {
      await expect(record({ steps: 1 }, policy as 'random')).rejects.toThrow(refusal('invalid-option', 'recordDataset(policy)'));
    }
    await expect(record({ steps: 1 }, { act: () => 7 })).rejects.toThrow(refusal('invalid-action', 'recordDataset(policy)'));
    await expect(record({ steps: 1, signal: { aborted: true } })).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
  });
});

describe('the column of probabilities', () => {
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

  it('is checked, and kept in files', () => {
    const known = new Dataset({ ...dataset, probabilities: Float32Array.of(0.25, 1) });
    expect(decodeDataset(encodeDataset(known))).toEqual(known);
    for (const bad of [Float32Array.of(0.5, 0), Float32Array.of(0.5, 1.5), Float32Array.of(NaN, 1)]) {
      expect(() => new Dataset({ ...dataset, probabilities: bad })).toThrow(
        expect.objectContaining({ code: 'invalid-dataset', where: expect.stringContaining('Dataset(probabilities[') }),
      );
    }
    expect(() => new Dataset({ ...dataset, probabilities: new Float32Array(3) })).toThrow(
      refusal('invalid-dataset', 'Dataset(probabilities)'),
    );
    expect(() => new Dataset({ ...dataset, probabilities: [1, 1] as never })).toThrow(
      refusal('invalid-dataset', 'Dataset(probabilities)'),
    );
  });
});

describe('joinDatasets', () => {
  const end = fc.constantFrom('terminated' as const, 'truncated' as const, 'open' as const);
  const partArb = fc.record({ steps: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }), end });
  const datasetArb = fc.array(partArb, { maxLength: 3 }).map((parts) =>
    tabularDataset(
      2,
      2,
      parts.map(({ steps, end: last }, i) => ({
        steps: steps.map((action, t) => [t % 2, action, t] as const),
        last: 1,
        end: last === 'open' && i < parts.length - 1 ? 'truncated' : last,
      })),
    ),
  );

  it('has the episodes of all, in their order', () => {
    fc.assert(
      fc.property(fc.array(datasetArb, { minLength: 1, maxLength: 4 }), (datasets) => {
        const joined = joinDatasets(datasets);
        const lengths = (all: readonly Dataset[]) =>
          all.flatMap((each) => Array.from({ length: each.episodes }, (_, e) => each.episodeEnds[e] - each.start(e)));
        expect(lengths([joined])).toEqual(lengths(datasets));
        expect([...joined.observations]).toEqual(datasets.flatMap((each) => [...each.observations]));
        expect([...joined.actions]).toEqual(datasets.flatMap((each) => [...each.actions]));
        expect([...joined.rewards]).toEqual(datasets.flatMap((each) => [...each.rewards]));
        expect([...joined.terminations]).toEqual(datasets.flatMap((each) => [...each.terminations]));
      }),
    );
  });

  it('keeps probabilities where all have them, and refuses what is different', async () => {
    const recorded = await recordDataset('random', new Counter(), { episodes: 1 });
    expect(joinDatasets([recorded, recorded]).probabilities).toEqual(new Float32Array(6).fill(0.5));
    const { probabilities: _, ...unknown } = recorded;
    expect(joinDatasets([recorded, new Dataset(unknown)]).probabilities).toBeUndefined();
    const other = tabularDataset(1, 2, [{ steps: [[0, 1, 0]], last: 0, end: 'open' }]);
    const wider = tabularDataset(1, 3, [{ steps: [[0, 1, 0]], last: 0, end: 'open' }]);
    for (const bad of [[], [recorded, other], [other, wider], [other, tabularDataset(2, 2, [])]]) {
      expect(() => joinDatasets(bad)).toThrow(refusal('invalid-dataset', 'joinDatasets(datasets)'));
    }
  });
});
