import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  adam,
  boltzmann,
  box,
  createAgent,
  discrete,
  hard,
  maxQ,
  mlp,
  randomPrior,
  recurrent,
  sequences,
  train,
  uniform,
  type Agent,
  type Environment,
} from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { CartPole, Chain, MemoryChain } from '../../src/environments/index.ts';
import {
  diagnose,
  effectiveRank,
  HiddenUnits,
  memoryLogger,
  overestimation,
  probeObservations,
  runTraining,
  type TrainingWarning,
} from '../../src/workbench/index.ts';
import { fakeRun, stepOf } from '../support/fake-run.ts';
import { failure } from '../support/failure.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** `[rows, width]` of the given rank, up to rounding: a product of random factors. */
function matrixOf(rows: number, width: number, rank: number, random: Random): Float32Array {
  const normals = (length: number) => Float64Array.from({ length }, () => random.normal());
  const [left, right] = [normals(rows * rank), normals(rank * width)];
  return Float32Array.from({ length: rows * width }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += left[Math.floor(at / width) * rank + k] * right[k * width + (at % width)];
    return sum;
  });
}

describe('effectiveRank', () => {
  test('counts the largest singular values, by hand', () => {
    // Singular values 100, 1, 1, 1: of 103 the first makes 97.1 %.
    const diagonal = Float32Array.of(0, 0, 1, 0, 0, -100, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0);
    const ranks = [0.5, 0.029, 0.02, 0.01, 0.005, 0].map((delta) => effectiveRank(diagonal, 4, 4, delta));
    expect(ranks).toEqual([1, 2, 2, 3, 4, 4]);
    expect(effectiveRank(new Float32Array(6), 2, 3)).toBe(0);
    expect(effectiveRank(Float32Array.of(3, 4, 3, 4), 2, 2)).toBe(1);
  });

  test('is at most the rank of a matrix, the same for its transpose and in any scale, and falls with δ', () => {
    fc.assert(
      fc.property(
        fc.record({ rows: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 12 }), seed: fc.nat() }),
        fc.integer({ min: 1, max: 12 }),
        ({ rows, width, seed }, wanted) => {
          const rank = Math.min(wanted, rows, width);
          const matrix = matrixOf(rows, width, rank, new Random(seed));
          // What rounding to float32 adds to the other singular values is far below this share.
          expect(effectiveRank(matrix, rows, width, 1e-4)).toBeLessThanOrEqual(rank);
          const transpose = matrix.map((_, at) => matrix[(at % rows) * width + Math.floor(at / rows)]);
          const scaled = matrix.map((x) => 1024 * x);
          let last = Infinity;
          for (const delta of [1e-4, 0.01, 0.1, 0.5, 1]) {
            const found = effectiveRank(matrix, rows, width, delta);
            expect(effectiveRank(transpose, width, rows, delta)).toBe(found);
            expect(effectiveRank(scaled, rows, width, delta)).toBe(found);
            expect(found).toBeLessThanOrEqual(last);
            last = found;
          }
          expect(last).toBe(0);
        },
      ),
    );
  });

  test('finds all directions of orthogonal features', () => {
    const random = new Random(3);
    for (const n of [1, 5, 30]) {
      // A rotation within planes of the axes keeps the identity's singular values.
      const matrix = Float32Array.from({ length: n * n }, (_, at) => Number(at % (n + 1) === 0));
      for (let i = 0; i + 1 < n; i++) {
        const angle = random.uniform(0, 6);
        for (let row = 0; row < n; row++) {
          const [a, b] = [matrix[row * n + i], matrix[row * n + i + 1]];
          matrix[row * n + i] = Math.cos(angle) * a - Math.sin(angle) * b;
          matrix[row * n + i + 1] = Math.sin(angle) * a + Math.cos(angle) * b;
        }
      }
      expect(effectiveRank(matrix, n, n, 0)).toBe(n);
      expect(effectiveRank(matrix, n, n, 0.5)).toBe(Math.ceil(n / 2));
    }
  });

  test('refuses what is no matrix', () => {
    const refused = expect.objectContaining({ code: 'invalid-option' }) as Error;
    for (const call of [
      () => effectiveRank(new Float32Array(3), 2, 2),
      () => effectiveRank(new Float32Array(0), 0, 2),
      () => effectiveRank(new Float32Array(4), 2, 2, 1.1),
      () => effectiveRank(Float32Array.of(1, NaN), 2, 1),
    ])
      expect(call).toThrow(refused);
  });
});

const small = (network = mlp({ hidden: [6, 5] })) => createAgent(new CartPole(), { network, seed: 1 });

describe('HiddenUnits', () => {
  const rows = 40;
  const inputs = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * i));

  test('counts dead units as a plain loop does, and takes the features before the last layer', async () => {
    const agent = await small();
    const weights = agent.online.weights();
    // Two units of the first layer and one of the second that nothing wakes.
    for (const [name, unit] of [
      ['layers.0.bias', 1],
      ['layers.0.bias', 4],
      ['layers.1.bias', 2],
    ] as const) {
      const bias = weights.find((each) => each.name === name)?.values as Float32Array;
      bias[unit] = -100;
    }
    agent.online.setWeights(weights);
    const layer = (x: number[][], index: number): number[][] => {
      const [w, b] = ['weight', 'bias'].map(
        (name) => weights.find((each) => each.name === `layers.${index}.${name}`)?.values as Float32Array,
      );
      return x.map((row) =>
        Array.from(b, (bias, j) =>
          Math.max(
            0,
            row.reduce((sum, value, i) => sum + value * w[i * b.length + j], bias),
          ),
        ),
      );
    };
    const hidden = [
      layer(
        Array.from({ length: rows }, (_, r) => [...inputs.subarray(4 * r, 4 * r + 4)]),
        0,
      ),
    ];
    hidden.push(layer(hidden[0], 1));
    const deadOf = (h: number[][]) => h[0].filter((_, j) => h.every((row) => row[j] === 0)).length;
    const dead = deadOf(hidden[0]) + deadOf(hidden[1]);
    expect(dead).toBeGreaterThanOrEqual(3);
    const units = await HiddenUnits.of(agent.online);
    const report = await units?.report(inputs, rows);
    expect(report?.deadUnits).toBe(dead / 11);
    expect(report?.features).toBe(5);
    expect(report?.effectiveRank).toBe(effectiveRank(Float32Array.from(hidden[1].flat()), rows, 5));
    units?.dispose();
  });

  test('looks at convolutions, noisy, dueling and recurrent networks', async () => {
    for (const network of [
      mlp({ hidden: [8, 8], dueling: true }),
      mlp({ hidden: [8, 8], noisy: true }),
      mlp({ hidden: [8, 8], activation: 'tanh' }),
    ]) {
      const agent = await small(network);
      const units = await HiddenUnits.of(agent.online);
      const report = await units?.report(inputs, rows);
      expect(report?.features).toBe(8);
      expect(report?.effectiveRank).toBeGreaterThan(1);
      const { layers } = agent.online.spec;
      expect(report?.deadUnits === undefined).toBe(!JSON.stringify(layers.slice(0, -1)).includes('relu'));
      units?.dispose();
    }
    const memory = await createAgent(new CartPole(), {
      network: recurrent({ units: 7 }),
      replay: sequences({ capacity: 100, length: 4, burnIn: 0 }),
    });
    const units = await HiddenUnits.of(memory.online);
    expect((await units?.report(inputs, rows))?.features).toBe(7);
    units?.dispose();
  });

  test('looks past a random prior at the layers that learn', async () => {
    const [plain, beside] = [await small(), await small(randomPrior(mlp({ hidden: [6, 5] })))];
    const learning = beside.online.weights().filter(({ name }) => name.startsWith('layers.0.layers.'));
    plain.online.setWeights(learning.map((each) => ({ ...each, name: each.name.slice('layers.0.'.length) })));
    const reports = [plain, beside].map(async ({ online }) => {
      const units = await HiddenUnits.of(online);
      try {
        return await units?.report(inputs, rows);
      } finally {
        units?.dispose();
      }
    });
    expect(await reports[1]).toEqual(await reports[0]);
    expect((await reports[1])?.features).toBe(5);
  });

  test('has nothing to say where there is no hidden layer', async () => {
    expect(await HiddenUnits.of((await small(mlp({ hidden: [] }))).online)).toBeUndefined();
  });
});

/** Gives rewards 1, 2, 4 …; ends after three steps. */
class Doubling implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: 0, high: 3, shape: [1] });
  readonly actionSpace = discrete(2);
  readonly #truncates: boolean;
  #step = 0;

  constructor(truncates: boolean) {
    this.#truncates = truncates;
  }

  #answer() {
    return { observation: Float32Array.of(this.#step), info: {}, actionMask: Uint8Array.of(1, 0) };
  }

  reset() {
    this.#step = 0;
    return this.#answer();
  }

  step() {
    const reward = 2 ** this.#step++;
    const ended = this.#step === 3;
    return { ...this.#answer(), reward, terminated: ended && !this.#truncates, truncated: ended && this.#truncates };
  }
}

/** Believes the number it sees plus ten; the second action, which is never possible, is praised beyond all. */
const believer: Pick<Agent<Float32Array>, 'act' | 'qValues' | 'options'> = {
  act: () => 0,
  qValues: ([x]: Float32Array) => Float32Array.of(x + 10, 1e6),
  options: { discount: 0.5 } as Agent<Float32Array>['options'],
};

describe('overestimation', () => {
  test('compares with discounted returns, by hand', async () => {
    // G = 1 + 2/2 + 4/4, 2 + 4/2, 4.
    const [g0, g1, g2] = [3, 4, 4];
    const environment = new Doubling(false);
    const reset = vi.spyOn(environment, 'reset');
    const { predicted, realised, bias, rmse } = await overestimation(believer, environment, { episodes: 3, seed: 7 });
    expect(reset.mock.calls).toEqual([[{ seed: 7 }], [{ seed: 8 }], [{ seed: 9 }]]);
    expect([predicted, realised, bias]).toEqual([11, expect.closeTo(11 / 3), expect.closeTo(11 - 11 / 3)]);
    expect(rmse).toBeCloseTo(Math.hypot(10 - g0, 11 - g1, 12 - g2) / Math.sqrt(3));
  });

  test('values the rest of an episode that is cut off as the agent does', async () => {
    // The last observation is worth 13: G = 3 + 13/8, 4 + 13/4, 4 + 13/2.
    const { realised } = await overestimation(believer, new Doubling(true));
    expect(realised).toBeCloseTo((11 + 13 * (1 / 8 + 1 / 4 + 1 / 2)) / 3);
  });

  test('is next to nothing for values that are learned', async () => {
    const agent = await createAgent(new Chain(), {
      network: mlp({ hidden: [16] }),
      explorer: boltzmann(1),
      optimizer: adam({ learningRate: 0.01 }),
      targetUpdater: hard({ period: 50 }),
      replay: uniform({ capacity: 2_000 }),
      discount: 0.9,
      learningStarts: 100,
      seed: 2,
    });
    const before = await overestimation(agent, new Chain());
    for await (const _ of train(agent, new Chain(), { steps: 3_000 }));
    const state = JSON.stringify(await agent.getState());
    const after = await overestimation(agent, new Chain());
    expect(JSON.stringify(await agent.getState())).toBe(state);
    expect(Math.abs(after.bias)).toBeLessThan(0.1 * after.realised);
    expect(after.rmse).toBeLessThan(before.rmse / 4);
  });

  test('refuses options and environments that are none', async () => {
    expect(await failure(overestimation(believer, new Doubling(true), { episodes: 0 }))).toMatchObject({ code: 'invalid-option' });
    const broken = new Doubling(true);
    broken.step = () => {
      throw new TypeError('gone');
    };
    expect(await failure(overestimation(believer, broken))).toMatchObject({ code: 'environment-failed' });
  });
});

describe('probeObservations', () => {
  test('gives copies of what random play comes across, the same for the same seed', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => probeObservations(new CartPole(), { count: 60, seed })));
    expect(a).toHaveLength(60);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(new Set(a.map(String)).size).toBe(60);
    expect(await probeObservations(new CartPole())).toHaveLength(256);
    // Never the impossible action, and never the array that is used again.
    const same = Float32Array.of(0);
    const world = new Doubling(false);
    const step = world.step.bind(world);
    world.step = (...[action]: unknown[]) => {
      expect(action).toBe(0);
      const { observation, ...rest } = step();
      same.set(observation);
      return { observation: same, ...rest };
    };
    expect(await probeObservations(world, { count: 6 })).toEqual([0, 1, 2, 0, 1, 2].map((x) => Float32Array.of(x)));
  });

  test('draws actions that tell nothing of what the world has drawn', async () => {
    let right = 0;
    for (let seed = 0; seed < 40; seed++) {
      const world = new MemoryChain();
      const step = vi.spyOn(world, 'step');
      const [first] = await probeObservations(world, { count: 2, seed });
      if (step.mock.calls[0][0] === (first[2] + 1) / 2) right++;
    }
    expect(right).toBeGreaterThan(10);
    expect(right).toBeLessThan(30);
  });
});

const update = (at: number, numbers: { meanQ?: number; loss?: number; gradientNorm?: number }) =>
  ({
    kind: 'update',
    step: at,
    update: at,
    loss: 0.1,
    meanQ: 1,
    maxQ: 2,
    meanTdError: 0.1,
    tdErrors: Float32Array.of(0.1),
    gradientNorm: 1,
    learningRate: 1e-3,
    ...numbers,
  }) as const;

describe('diagnose', () => {
  const observations = [-1, 0, 1].map((x) => Float32Array.of(x, 0, -x, 0));

  async function warningsIn(
    numbers: { meanQ?: number; loss?: number; gradientNorm?: number }[],
    agent?: Agent<Float32Array>,
  ): Promise<TrainingWarning[]> {
    const warnings: TrainingWarning[] = [];
    const onWarning = (warning: TrainingWarning) => void warnings.push(warning);
    const run = fakeRun(numbers.map((each, i) => stepOf(i + 1, update(i + 1, each))));
    await runTraining(run, [diagnose({ agent: agent ?? (await small()), observations, period: 1, onWarning })]);
    return warnings;
  }
  const kinds = async (...given: Parameters<typeof warningsIn>) => (await warningsIn(...given)).map(({ kind }) => kind);

  test('says nothing of a run that goes well', async () => {
    expect(await warningsIn([{ loss: 2 }, { loss: 0.01 }, { meanQ: 99 }, { meanQ: -140, loss: 9 }])).toEqual([]);
  });

  test('says in words, once, what looks wrong', async () => {
    const warnings = await warningsIn([{ meanQ: 151 }, { meanQ: 1e9 }]);
    expect(warnings).toEqual([
      { kind: 'impossible-values', step: 1, message: expect.stringMatching(/is 151.*beyond ±100\..*doubleQ\(\)/) as string },
    ]);
    expect(await kinds([{ meanQ: -151 }])).toEqual(['impossible-values']);
    expect(await kinds([{ loss: 0.002 }, { loss: 2.1 }])).toEqual(['growing-loss']);
    expect(await kinds([{ loss: 0.0002 }, { loss: 0.9 }])).toEqual([]);
    expect(await kinds([{ gradientNorm: 10.5 }])).toEqual(['clipped-gradients']);
    expect(await kinds([{ gradientNorm: 10 }])).toEqual([]);
    const far = await createAgent(new CartPole(), { network: mlp({ hidden: [4] }), seed: 1 });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const agent = { agent: far, observations: [Float32Array.of(0, -31, 0, 0)], period: 1 };
    await runTraining(fakeRun([stepOf(1)]), [diagnose(agent)]);
    expect(warn.mock.calls.flat().join()).toMatch(/up to 31 go into the network/);
    const rich = fakeRun([[{ ...stepOf(1)[0], reward: -101 } as never]]);
    await runTraining(rich, [diagnose({ ...agent, observations })]);
    expect(warn.mock.calls.flat().at(-1)).toMatch(/reward was 101/);
  });

  test('warns anew in every run', async () => {
    const warnings: TrainingWarning[] = [];
    const onWarning = (warning: TrainingWarning) => void warnings.push(warning);
    const callback = diagnose({ agent: await small(), observations, period: 1, onWarning });
    for (const at of [1, 2]) await runTraining(fakeRun([stepOf(at, update(at, { meanQ: 151 }))]), [callback]);
    expect(warnings.map(({ kind, step }) => [kind, step])).toEqual([
      ['impossible-values', 1],
      ['impossible-values', 2],
    ]);
  });

  test('notices dead units and features that collapse', async () => {
    const agent = await small(mlp({ hidden: [32, 16] }));
    const many = await probeObservations(new CartPole(), { count: 64, seed: 2 });
    const wide = many.map((each) => each.map((x, i) => 20 * x * (i + 1)));
    const reports: Record<string, number>[] = [];
    const found: string[] = [];
    const callback = diagnose({
      agent,
      observations: wide,
      period: 1,
      onReport: (_, numbers) => void reports.push({ ...numbers }),
      onWarning: ({ kind }) => void found.push(kind),
    });
    const spoil = (names: readonly string[], value: number) => {
      const weights = agent.online.weights();
      for (const { name, values } of weights) if (names.includes(name)) values.fill(value);
      agent.online.setWeights(weights);
    };
    const run = fakeRun([stepOf(1), stepOf(2), stepOf(3)]);
    await callback.begin?.();
    let steps = 0;
    for await (const event of run) {
      if (steps === 1) spoil(['layers.1.weight', 'layers.1.bias'], 0.01);
      if (steps === 2) spoil(['layers.1.bias', 'layers.0.bias'], -1e4);
      await callback.onEvent?.(event, run);
      steps++;
    }
    await callback.end?.(run, { kind: 'finished' });
    const ranks = reports.map((each) => each['diagnostics/effectiveRank']);
    expect(ranks[0]).toBeGreaterThanOrEqual(8);
    expect(ranks.slice(1)).toEqual([1, 0]);
    expect(reports[2]['diagnostics/deadUnits']).toBe(1);
    expect(found).toContain('rank-collapse');
    expect(found).toContain('dead-units');
  });

  test('measures churn, age and overestimation in a run, and changes nothing in it', async () => {
    const make = () =>
      createAgent(new Chain(), {
        network: mlp({ hidden: [8] }),
        bootstrap: maxQ(),
        replay: uniform({ capacity: 100 }),
        learningStarts: 50,
        learnPeriod: 2,
        updatesPerRound: 3,
        batchSize: 8,
        seed: 3,
      });
    const [watched, plain] = [await make(), await make()];
    const logger = memoryLogger();
    const probes = await probeObservations(new Chain(), { count: 16 });
    const callback = diagnose({
      agent: watched,
      observations: probes,
      period: 60,
      environment: new Chain(),
      onReport: (step, numbers) => logger.scalars(step, numbers),
      onWarning: () => undefined,
    });
    await runTraining(train(watched, new Chain(), { steps: 300 }), [callback]);
    for await (const _ of train(plain, new Chain(), { steps: 300 }));
    expect(await watched.save()).toEqual(await plain.save());
    const of = (name: string) => logger.series.get(name)?.map(({ value }) => value) ?? [];
    // Rounds of three updates since step 50; from then on a hundred steps are held, which take fifty rounds.
    const [first, second, ...later] = of('replay/age');
    expect([first, second].map((age) => age / 3)).toEqual([expect.toSatisfy((n: number) => n === 5 || n === 6), first / 3 + 30]);
    expect(later).toEqual([150, 150, 150]);
    expect(of('diagnostics/churn')).toHaveLength(4);
    for (const share of of('diagnostics/churn')) expect(share >= 0 && share <= 1).toBe(true);
    const [predicted, realised, bias] = ['predicted', 'realised', 'overestimation'].map((name) => of(`diagnostics/${name}`));
    expect(bias).toEqual(predicted.map((each, i) => each - realised[i]));
    expect(of('diagnostics/effectiveRank')).toHaveLength(5);
    const last = await overestimation(watched, new Chain(), { episodes: 5 });
    expect(predicted.at(-1)).toBe(last.predicted);
  });

  test('refuses what it cannot look at', async () => {
    const agent = await small();
    for (const wrong of [{ observations: [] }, { period: 0 }, { episodes: 1.5 }, { peroid: 7 }])
      expect(() => diagnose({ agent, observations, ...wrong })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});
