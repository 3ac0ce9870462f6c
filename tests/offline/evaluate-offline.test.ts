import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linear } from '../../src/common/schedules.ts';
import { Random } from '../../src/common/random.ts';
import { categorical } from '../../src/heads/categorical.ts';
import { implicitQuantile } from '../../src/heads/implicit-quantile.ts';
import { quantile } from '../../src/heads/quantile.ts';
import { mlp } from '../../src/networks/mlp.ts';
import { adam } from '../../src/networks/optimizers.ts';
import { polyak } from '../../src/targets/polyak.ts';
import {
  actionProbabilities,
  doublyRobust,
  fittedQEvaluation,
  importanceSampling,
  ofTaken,
  trainOffline,
  type ActionModel,
  type Dataset,
  type FittedQEvaluationOptions,
} from '../../src/offline/index.ts';
import { enumerated, tabularDataset, tabularSpaces, type TabularEpisode } from '../support/tabular.ts';

const refusal = (code: string, where: string) => expect.objectContaining({ code, where });

/** A random process in which each action leads with equal chance to one of two states, some of which end the episode; a random policy, and its exact Q. */
function randomProcess(seed: number, states: number, actions: number, discount: number) {
  const random = new Random(seed);
  const pairs = Array.from({ length: states * actions }, () =>
    Array.from({ length: 2 }, () => ({
      next: random.integer(states),
      reward: random.integer(9) - 4,
      terminated: random.float() < 0.2,
    })),
  );
  const policy = Array.from({ length: states }, () => {
    const row = Array.from({ length: actions }, () => random.float());
    return row.map((p) => p / row.reduce((sum, x) => sum + x, 0));
  });
  let q = pairs.map(() => 0);
  const value = (s: number, of: readonly number[]) => policy[s].reduce((sum, p, a) => sum + p * of[s * actions + a], 0);
  for (let i = 0; i < 300; i++) {
    const last = q;
    q = pairs.map(
      (outcomes) => outcomes.reduce((sum, o) => sum + o.reward + (o.terminated ? 0 : discount * value(o.next, last)), 0) / 2,
    );
  }
  // Every outcome once, as an episode of one step; what does not terminate is cut off.
  const episodes = pairs.flatMap((outcomes, pair) =>
    outcomes.map(({ next, reward, terminated }): TabularEpisode => ({
      steps: [[Math.floor(pair / actions), pair % actions, reward]],
      last: next,
      end: terminated ? 'terminated' : 'truncated',
    })),
  );
  const model: ActionModel = {
    probabilities: (observations, batch, out) => {
      for (let b = 0; b < batch; b++) out.set(policy[observations.subarray(b * states, (b + 1) * states).indexOf(1)], b * actions);
    },
  };
  return { dataset: tabularDataset(states, actions, episodes), model, q, value: (s: number) => value(s, q), states, actions };
}

const updates = 2_500;
const exact: FittedQEvaluationOptions<'sync'> = {
  network: mlp({ hidden: [] }),
  optimizer: adam({ learningRate: linear(0.1, 0, updates) }),
  discount: 0.7,
};

async function run(dataset: Dataset, learner: Parameters<typeof trainOffline>[0], options: object): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of trainOffline(learner as never, dataset, { updates, ...options })) events.push(event);
  return events;
}

describe('fittedQEvaluation', () => {
  it.each<[string, number, FittedQEvaluationOptions<'sync'>]>([
    ['expected values', 1, {}],
    ['another process, a target that follows slowly', 2, { targetUpdater: polyak({ tau: 0.05 }) }],
    ['quantiles', 3, { head: quantile({ quantiles: 5, kappa: 5 }) }],
    ['distributions', 4, { head: categorical({ atoms: 31, vMin: -15, vMax: 15 }) }],
  ])('comes to the exact values of a policy in a table: %s', async (_, seed, options) => {
    const { dataset, model, q, value, states, actions } = randomProcess(seed, 3, 2, 0.7);
    const evaluation = await fittedQEvaluation(tabularSpaces(states, actions), model, { ...exact, ...options });
    await run(dataset, evaluation, {});
    const learned = await evaluation.qValues(dataset);
    for (let e = 0; e < dataset.episodes; e++) {
      const state = dataset.observations.subarray(2 * e * states, (2 * e + 1) * states).indexOf(1);
      for (let a = 0; a < actions; a++) expect(Math.abs(learned[2 * e * actions + a] - q[state * actions + a])).toBeLessThan(0.25);
    }
    const mean = Array.from({ length: states }, (_unused, s) => value(s)).reduce((sum, x) => sum + x, 0) / states;
    expect(Math.abs((await evaluation.value(dataset)) - mean)).toBeLessThan(0.15);
    evaluation.dispose();
  });

  it('is resumed bit for bit', async () => {
    const { dataset, model } = randomProcess(5, 3, 2, 0.7);
    const make = () =>
      fittedQEvaluation(tabularSpaces(3, 2), model, { ...exact, optimizer: adam({ learningRate: 0.01 }), batchSize: 8 });
    const [whole, half, rest] = [await make(), await make(), await make()];
    const all = await run(dataset, whole, { updates: 30 });
    const events = trainOffline(half, dataset, { updates: 30 });
    for (let i = 0; i < 13; i++) await events.next();
    const bytes = await events.checkpoint();
    expect(await run(dataset, rest, { updates: 30, resume: bytes })).toEqual(all.slice(13));
    expect(await rest.qValues(dataset)).toEqual(await whole.qValues(dataset));
    const other = await fittedQEvaluation(tabularSpaces(3, 2), model, { ...exact, discount: 0.5 });
    await expect(run(dataset, other, { updates: 30, resume: bytes })).rejects.toThrow(
      expect.objectContaining({ code: 'incompatible-checkpoint' }),
    );
  });

  it('refuses what it cannot learn', async () => {
    const { dataset, model } = randomProcess(6, 3, 2, 0.7);
    const spaces = tabularSpaces(3, 2);
    await expect(fittedQEvaluation(spaces, model, { head: implicitQuantile() })).rejects.toThrow(
      refusal('invalid-option', 'fittedQEvaluation({ head })'),
    );
    await expect(fittedQEvaluation(spaces, model, { discount: 1.1 })).rejects.toThrow(
      refusal('invalid-option', 'fittedQEvaluation({ discount })'),
    );
    const evaluation = await fittedQEvaluation(spaces, model);
    expect(() => evaluation.learn()).toThrow(refusal('invalid-option', 'FittedQEvaluation.learn()'));
    expect(() =>
      trainOffline(evaluation as never, dataset, { updates: 1, evaluation: { environment: {} as never, period: 1 } }),
    ).toThrow(refusal('invalid-option', 'trainOffline({ evaluation })'));
    await expect(evaluation.value(tabularDataset(3, 2, []))).rejects.toThrow(
      refusal('invalid-dataset', 'FittedQEvaluation.value(dataset)'),
    );
    await expect(evaluation.qValues(tabularDataset(2, 2, []))).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-dataset' }),
    );
  });
});

describe('doublyRobust', () => {
  const sizes = [fc.nat(), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })] as const;
  const discountArb = fc.double({ min: 0, max: 1, noNaN: true });

  it('agrees with a table computed by hand', () => {
    // Rows: 0, 1, 2 (terminated) and 5, 6 (cut off). π prefers the first of two actions by 3 to 1.
    const dataset = tabularDataset(2, 2, [
      {
        steps: [
          [0, 0, 1],
          [1, 1, 2],
        ],
        last: 0,
        end: 'terminated',
      },
      { steps: [[1, 0, 4]], last: 0, end: 'truncated' },
    ]);
    const policy = Float32Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 0.75 : 0.25));
    const qValues = Float32Array.of(1, 3, 2, 4, 8, 8, 0, 4, 2, 6);
    // V̂: 1.5, 2.5, 8, 1, 3. ρ: 1.5, 0.5, 1.5. γ = ½.
    // Second step: 2.5 + 0.5 (2 + 0 − 4) = 1.5; first: 1.5 + 1.5 (1 + 0.75 − 1) = 2.625.
    // Other episode: 1 + 1.5 (4 + 1.5 − 0) = 9.25.
    const value = doublyRobust(dataset, { policy, qValues, behavior: [0.5, 0.5, 0.5], discount: 0.5 });
    expect(value).toBeCloseTo((2.625 + 9.25) / 2, 6);
  });

  it('is importance sampling per decision with a model of zeros', () => {
    fc.assert(
      fc.property(...sizes, discountArb, (seed, states, actions, horizon, discount) => {
        const { dataset, policy, behavior } = enumerated(seed, states, actions, horizon, discount);
        const qValues = new Float32Array(policy.length);
        const plain = importanceSampling(dataset, { behavior, target: ofTaken(policy, dataset), discount });
        expect(doublyRobust(dataset, { policy, qValues, behavior, discount })).toBeCloseTo(plain, 4);
      }),
      { numRuns: 50 },
    );
  });

  it('is exact for any model where all that can happen was recorded as often as it is likely', () => {
    fc.assert(
      fc.property(...sizes, discountArb, fc.nat(), (seed, states, actions, horizon, discount, other) => {
        const { dataset, policy, behavior, value } = enumerated(seed, states, actions, horizon, discount);
        const random = new Random(other);
        // A model may depend on anything that happened before: here on the row, but alike for all episodes with the same past.
        const byStep = Array.from({ length: horizon + 1 }, () => Array.from({ length: actions }, () => random.integer(9) - 4));
        const qValues = Float32Array.from({ length: policy.length }, (_, i) => {
          const row = Math.floor(i / actions);
          return byStep[row % (horizon + 1)][i % actions];
        });
        expect(doublyRobust(dataset, { policy, qValues, behavior, discount })).toBeCloseTo(value, 3);
      }),
      { numRuns: 50 },
    );
  });

  it('is the value of the model where that is right, whatever the probabilities', async () => {
    // Deterministic: then every episode has it.
    const states = 3;
    const actions = 2;
    const discount = 0.9;
    const random = new Random(7);
    const next = Array.from({ length: states * actions }, () => random.integer(states));
    const reward = next.map(() => random.integer(9) - 4);
    const pi = Array.from({ length: states }, () => random.float()).map((p) => [p, 1 - p]);
    let q = next.map(() => 0);
    const value = (s: number, of: readonly number[]) => pi[s][0] * of[s * actions] + pi[s][1] * of[s * actions + 1];
    for (let i = 0; i < 500; i++) {
      const last = q;
      q = next.map((s, pair) => reward[pair] + discount * value(s, last));
    }
    const episodes = Array.from({ length: 10 }, (): TabularEpisode => {
      let state = random.integer(states);
      const steps = Array.from({ length: 1 + random.integer(6) }, () => {
        const action = random.integer(actions);
        const step = [state, action, reward[state * actions + action]] as const;
        state = next[state * actions + action];
        return step;
      });
      return { steps, last: state, end: 'truncated' };
    });
    const dataset = tabularDataset(states, actions, episodes);
    const stateOf = (observations: Float32Array, row: number) => observations.subarray(row * states, (row + 1) * states).indexOf(1);
    const model: ActionModel = {
      probabilities: (observations, batch, out) => {
        for (let b = 0; b < batch; b++) out.set(pi[stateOf(observations, b)], b * actions);
      },
    };
    const policy = await actionProbabilities(model, dataset);
    const table = Float32Array.from({ length: policy.length }, (_, i) => {
      const row = Math.floor(i / actions);
      return q[stateOf(dataset.observations as Float32Array, row) * actions + (i % actions)];
    });
    const expected = episodes.reduce((sum, { steps }) => sum + value(steps[0][0], q), 0) / episodes.length;
    const behavior = Array.from({ length: dataset.size }, () => 0.1 + 0.9 * random.float());
    expect(doublyRobust(dataset, { policy, qValues: table, behavior, discount })).toBeCloseTo(expected, 3);
  });

  it('refuses tables and numbers that are none', () => {
    const dataset = tabularDataset(2, 2, [{ steps: [[0, 0, 1]], last: 1, end: 'terminated' }]);
    const sound = { policy: Float32Array.of(0.5, 0.5, 1, 0), qValues: new Float32Array(4), behavior: [0.5] };
    const refused = (change: object) => () => doublyRobust(dataset, { ...sound, ...change });
    expect(refused({ policy: new Float32Array(3) })).toThrow(refusal('invalid-option', 'doublyRobust({ policy })'));
    expect(refused({ qValues: new Float32Array(5) })).toThrow(refusal('invalid-option', 'doublyRobust({ qValues })'));
    expect(refused({ qValues: Float32Array.of(0, NaN, 0, 0) })).toThrow(refusal('invalid-option', 'doublyRobust(qValues[1])'));
    expect(refused({ policy: Float32Array.of(0.5, 0.5, 2, 0) })).toThrow(refusal('invalid-option', 'doublyRobust(policy[2])'));
    expect(refused({ behavior: [0] })).toThrow(refusal('invalid-option', 'doublyRobust(behavior[0])'));
    expect(refused({ behavior: undefined })).toThrow(refusal('invalid-option', 'doublyRobust(behavior)'));
    expect(refused({ discount: -1 })).toThrow(refusal('invalid-option', 'doublyRobust({ discount })'));
    expect(refused({ discuont: 0.9 })).toThrow(refusal('invalid-option', 'doublyRobust(options)'));
    const empty = { policy: new Float32Array(0), qValues: new Float32Array(0), behavior: [] };
    expect(() => doublyRobust(tabularDataset(2, 2, []), empty)).toThrow(refusal('invalid-dataset', 'doublyRobust(dataset)'));
  });
});
