import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adam,
  createAgent,
  evaluate,
  linear,
  epsilonGreedy,
  loadPolicy,
  mlp,
  recurrent,
  train,
  type Environment,
} from '../../src/index.ts';
import { CartPole, Catch } from '../../src/environments/index.ts';
import { divergence, squaredError } from '../../src/export/distillation/loss.ts';
import { distil, writePolicy, type DistilOptions, type Teacher } from '../../src/export/index.ts';
import { failure } from '../support/failure.ts';
import { Masked } from '../support/tiny-environments.ts';

/** Pushes the cart to where the pole falls: balances it for whole episodes. */
const balancer: Teacher<Float32Array> = {
  qValues: ([, , angle, turning]) => Float32Array.of(40 - (3 * angle + turning), 40 + (3 * angle + turning)),
  act: ([, , angle, turning]) => (3 * angle + turning > 0 ? 1 : 0),
};

describe('the losses', () => {
  const rowsArb = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })).chain(([batch, actions]) => {
    const values = fc.float32Array({ minLength: batch * actions, maxLength: batch * actions, noNaN: true, min: -3, max: 3 });
    return fc.record({ batch: fc.constant(batch), actions: fc.constant(actions), outputs: values, teacher: values });
  });

  it.each([
    ['divergence', divergence(0.5)],
    ['squared error', squaredError],
  ])('give the slope of %s', (_, loss) => {
    fc.assert(
      fc.property(rowsArb, ({ batch, actions, outputs, teacher }) => {
        const gradient = new Float32Array(batch * actions);
        loss(outputs, teacher, batch, actions, gradient);
        const at = (i: number, change: number) =>
          loss(outputs.with(i, outputs[i] + change), teacher, batch, actions, new Float32Array(batch * actions));
        outputs.forEach((value, i) => {
          const step = Math.fround(value + 0.01) - Math.fround(value - 0.01);
          expect(gradient[i]).toBeCloseTo((at(i, 0.01) - at(i, -0.01)) / step, 3);
        });
      }),
    );
  });

  it('are zero where student and teacher agree, and never below', () => {
    fc.assert(
      fc.property(rowsArb, ({ batch, actions, outputs, teacher }) => {
        const gradient = new Float32Array(batch * actions);
        expect(divergence(1)(teacher, teacher, batch, actions, gradient)).toBeCloseTo(0, 6);
        expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6);
        expect(squaredError(teacher, teacher, batch, actions, gradient)).toBe(0);
        expect(divergence(0.7)(outputs, teacher, batch, actions, gradient)).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });

  it('stay finite at a temperature at which all but the best action have no probability', () => {
    const gradient = new Float32Array(3);
    const loss = divergence(0.01)(Float32Array.of(500, 0, -500), Float32Array.of(0, 80, -80), 1, 3, gradient);
    expect(loss).toBeCloseTo(500, 3);
    expect([...gradient]).toEqual([1, -1, 0]);
  });
});

describe('distillation', () => {
  it('makes a small network balance a pole as its teacher does, by what the teacher meets', async () => {
    const options = {
      network: mlp({ hidden: [8] }),
      environment: new CartPole(),
      lessons: 3_000,
      epsilon: 0.3,
      steps: 3_000,
      optimizer: adam({ learningRate: 5e-3 }),
      seed: 4,
    };
    const { policy, loss, agreement } = await distil(balancer, options);
    expect(agreement).toBeGreaterThan(0.95);
    expect(loss).toBeLessThan(0.2);
    expect(policy.weights.map(({ shape }) => shape)).toEqual([[4, 8], [8], [8, 2], [2]]);
    const student = await loadPolicy(writePolicy(policy), new CartPole());
    expect((await evaluate(student, new CartPole(), { episodes: 10, seed: 9 })).mean).toBeGreaterThan(400);
    expect((await distil(balancer, { ...options, environment: new CartPole() })).policy.weights).toEqual(policy.weights);
  });

  it('keeps Q-values by their squared error, on observations that are given', async () => {
    const observations = Array.from({ length: 64 }, (_, i) =>
      Float32Array.of(0, 0, (i % 8) / 40 - 0.1, Math.floor(i / 8) / 4 - 0.97),
    );
    const { policy, agreement, loss } = await distil(balancer, {
      network: mlp({ hidden: [16] }),
      environment: new CartPole(),
      observations,
      loss: 'squared',
      optimizer: adam({ learningRate: linear(2e-2, 1e-4, 3_000) }),
      steps: 3_000,
    });
    expect(agreement).toBeGreaterThan(0.95);
    expect(loss).toBeLessThan(1e-2);
    const student = await loadPolicy(writePolicy(policy), new CartPole());
    for (const observation of observations) {
      const wanted = await balancer.qValues(observation);
      student.qValues(observation).forEach((value, a) => expect(Math.abs(value - wanted[a])).toBeLessThan(0.7));
    }
  });

  it('passes what a large agent has learned on to a network of a hundredth of its size', async () => {
    const agent = await createAgent(new Catch({ rows: 5 }), {
      network: mlp({ hidden: [96, 96] }),
      explorer: epsilonGreedy(linear(1, 0.05, 2_000)),
      learningStarts: 200,
      seed: 2,
    });
    const run = train(agent, new Catch({ rows: 5 }), { steps: 4_000 });
    while (!(await run.next()).done);
    const score = (policy: Parameters<typeof evaluate<Float32Array>>[0]) =>
      evaluate(policy, new Catch({ rows: 5 }), { episodes: 50, seed: 3 });
    expect((await score(agent)).mean).toBe(1);
    const { policy } = await distil(agent, {
      network: mlp({ hidden: [4] }),
      environment: new Catch({ rows: 5 }),
      lessons: 1_000,
      steps: 3_000,
    });
    const count = (weights: typeof policy.weights) => weights.reduce((sum, { values }) => sum + values.length, 0);
    expect(count(policy.weights)).toBeLessThan(count(agent.online.weights()) / 90);
    expect((await score(await loadPolicy(writePolicy(policy), new Catch({ rows: 5 })))).mean).toBeGreaterThan(0.9);
  });

  it('takes no impossible action while the teacher shows what it knows', async () => {
    const teacher: Teacher<Float32Array> = {
      qValues: () => Float32Array.of(1, 0, 2),
      act: (_, options) => options?.actionMask?.indexOf(1) ?? 0,
    };
    const options = { network: mlp({ hidden: [] }), environment: new Masked(), lessons: 50, epsilon: 1, steps: 20 };
    expect((await distil(teacher, options)).policy.actions).toBe(3);
  });

  const network = mlp({ hidden: [2] });
  it.each<[string, Partial<DistilOptions<Float32Array>> | object, RegExp]>([
    ['no steps', { steps: 0 }, /distil\(\{ steps \}\): expected a whole number of at least 1/],
    ['a temperature of 0', { temperature: 0 }, /distil\(\{ temperature \}\): expected a finite number above 0/],
    ['an unknown loss', { loss: 'huber' }, /'divergence' or 'squared' but received "?huber/],
    ['no observations', { observations: [] }, /at least one observation but received none/],
    ['a share beyond 1', { epsilon: 2 }, /distil\(\{ epsilon \}\): expected a finite number in \[0, 1\]/],
    ['a misspelt option', { step: 1 }, /received step/],
    ['a network with memory', { network: recurrent({ units: 2 }) }, /a network without memory but received recurrent/],
  ])('refuses %s in words', async (_, options, words) => {
    const error = await failure(
      distil(balancer, { network, environment: new CartPole(), ...options } as DistilOptions<Float32Array>),
    );
    expect(error.message).toMatch(words);
    expect(error.code).toBe('invalid-option');
  });

  it('refuses a teacher without a finite value for each action, strange observations, and worlds that break', async () => {
    const teach = (qValues: Teacher<Float32Array>['qValues']) =>
      distil({ ...balancer, qValues }, { network, environment: new CartPole() });
    expect(await failure(teach(() => new Float32Array(3)))).toMatchObject({ code: 'invalid-part', received: 'Float32Array(3)' });
    expect(await failure(teach(() => Float32Array.of(1, NaN)))).toMatchObject({
      code: 'invalid-part',
      received: 'some that are not finite',
    });
    const observations = [Float32Array.of(1, 2, NaN, 0)];
    expect((await failure(distil(balancer, { network, environment: new CartPole(), observations }))).code).toBe(
      'invalid-observation',
    );
    const broken: Environment<Float32Array, number> = new CartPole();
    broken.step = () => {
      throw new Error('the pole is gone');
    };
    expect(await failure(distil(balancer, { network, environment: broken }))).toMatchObject({ code: 'environment-failed' });
    const controller = new AbortController();
    controller.abort();
    expect(
      (await failure(distil(balancer, { network, environment: new CartPole(), lessons: 10, signal: controller.signal }))).code,
    ).toBe('aborted');
  });
});
