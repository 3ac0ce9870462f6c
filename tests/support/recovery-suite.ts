// What must hold when a WebGL context or GPU device is lost: called by a test of each backend, in Node and in browsers.
import { findBackend, memory } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Agent, Engine, NamedTensor } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { ExpectedHead } from '../../src/heads/expected.ts';
import type { TfjsOptions, TfjsRecovery } from '../../src/tfjs/index.ts';
import { drive, expectSameWeights, makeAgent, observe } from './device-agents.ts';
import { Matching, matchingAgent, STATES } from './matching.ts';

type RecoveryOptions = Pick<TfjsOptions<'webgl'>, 'copyPeriod' | 'onRecovered'>;

/** A backend whose device is to be lost. */
export interface LossCase {
  /** Its name in TensorFlow.js. */
  readonly backend: string;
  /** Starts an engine; called often. */
  readonly start: (options: RecoveryOptions) => Promise<Engine>;
  /** Loses the device of this backend of TensorFlow.js; a promise is done once the platform has told of it. */
  readonly lose: (backend: object) => unknown;
  /** Whether once is enough, as on slow devices, which compile everything anew after each loss. Default false. */
  readonly few?: boolean;
  /** Lets no other device be had; gives what lets it again. */
  readonly block: () => () => void;
}

/** Expects that an agent has learned {@link Matching}. */
export async function expectMatched(agent: Pick<Agent<Float32Array, 'async'>, 'act' | 'qValues'>): Promise<void> {
  for (let i = 0; i < STATES; i++) {
    const observation = Float32Array.from({ length: STATES }, (_, j) => Number(i === j));
    expect(await agent.act(observation, { explore: false })).toBe(i);
    expect((await agent.qValues(observation))[i]).toBeGreaterThan(0.7);
  }
}

/** A head of a user's own: it learns through the core. */
class OwnHead extends ExpectedHead {}

const numbersOf = async (agent: Agent<Float32Array, 'async'>): Promise<NamedTensor[][]> => [
  await agent.online.weights(),
  await agent.online.optimizerState(),
  await agent.target.weights(),
];

/** Waits for a copy that is on its way, until nothing has changed for a while; what both networks hold on their device is the same then, whatever they did last. */
async function settled(agent: Agent<Float32Array, 'async'>): Promise<void> {
  for (let before = -1; before !== memory().numTensors;) {
    before = memory().numTensors;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  await agent.qValues(Float32Array.of(1, 2, 3));
  await agent.online.weights();
}

/** The engines of a test, and what they told. */
function losing({ backend, start, lose }: LossCase) {
  const told: TfjsRecovery[] = [];
  return {
    told,
    lose: (): unknown => lose(findBackend(backend)),
    begin: (options: RecoveryOptions = {}): Promise<Engine> => {
      told.length = 0;
      return start({ copyPeriod: 10, onRecovered: (recovery) => told.push(recovery), ...options });
    },
  };
}

/** Tests that what is lost is recovered. */
export function testRecovery(name: string, losses: LossCase): void {
  const { backend, few = false } = losses;

  describe(`a device that is lost: ${name}`, () => {
    const { told, lose, begin } = losing(losses);

    const heads: [string, dqn.ValueHead][] = [
      ['on the device', dqn.expected()],
      ['through the core', new OwnHead()],
    ];
    const fewer = few ? heads.slice(0, 1) : heads;
    const times = few ? [50] : [60, 61, 130];
    const steps = few ? 120 : 220;

    it.each(fewer)('in the middle of training, which goes on and learns: %s', async (_, head) => {
      const engine = await begin();
      const environment = new Matching((step) => {
        if (times.includes(step)) lose();
      });
      const agent = await matchingAgent(engine, environment, head);
      let updates = 0;
      for await (const event of dqn.train(agent, environment, { steps })) {
        if (event.kind !== 'update') continue;
        updates++;
        expect(event.update).toBe(updates);
        expect([event.loss, event.meanQ, event.gradientNorm].every(Number.isFinite)).toBe(true);
      }
      expect(updates).toBe(steps - 19);
      expect(told.map((each) => each.backend)).toEqual(times.map(() => backend));
      for (const { lostUpdates, reason } of told) {
        expect(reason).not.toBe('');
        expect(lostUpdates).toBeGreaterThanOrEqual(0);
        // Those until the copy is there come on top of the period.
        expect(lostUpdates).toBeLessThan(20);
      }
      await expectMatched(agent);
      engine.dispose();
    });

    it.each(fewer)('leaves weights, averages and target of the last copy, to the bit: %s', async (_, head) => {
      // The one under way is done again.
      const lostUpdates = head instanceof OwnHead ? 7 : 6;
      const engine = await begin();
      const agent = await makeAgent(engine, { head, learningStarts: 1000, optimizer: dqn.adam({ learningRate: 0.01 }) });
      await drive(agent, 30);
      for (let i = 0; i < 10; i++) await agent.learn();
      await agent.target.blendFrom(agent.online, 0.3);
      const copied = head instanceof OwnHead ? undefined : await numbersOf(agent);
      await agent.learn();
      const before = await numbersOf(agent);
      for (let i = 0; i < 6; i++) await agent.learn();
      expect((await numbersOf(agent))[0]).not.toEqual(before[0]);
      // What was read before is answered from TensorFlow.js's copy of it on the host, until the platform tells.
      await lose();
      const after = await numbersOf(agent);
      expect(told).toEqual([{ backend, reason: expect.any(String) as string, lostUpdates }]);
      if (copied) expect(after).toEqual(copied);
      expect(after[1].find(({ name }) => name === 'step')?.values[0]).toBe(10);
      expect(agent.updates).toBe(17);
      const report = await agent.learn();
      expect([report.update, Number.isFinite(report.loss)]).toEqual([18, true]);
      expect((await agent.online.optimizerState())[0].values[0]).toBe(head instanceof OwnHead ? 11 : 12);
      engine.dispose();
    });

    it('leaves no tensors behind', async () => {
      const empty = memory();
      const engine = await begin();
      const agent = await makeAgent(engine, {
        network: dqn.mlp({ hidden: [8], noisy: true }),
        head: dqn.implicitQuantile({ cosines: 4, online: 3, target: 5, act: 2 }),
      });
      const used: number[] = [];
      const rounds = few ? 2 : 4;
      for (let loss = 0; loss < rounds; loss++) {
        await drive(agent, 12);
        await settled(agent);
        used.push(memory().numTensors);
        if (loss < rounds - 1) lose();
        if (loss === 1) void agent.qValues(Float32Array.of(1, 2, 3));
      }
      expect(told).toHaveLength(rounds - 1);
      expect(used).toEqual(used.map(() => used[0]));
      agent.dispose();
      engine.dispose();
      // A copy may be on its way still.
      await vi.waitFor(
        () => {
          expect(memory().numTensors).toBe(empty.numTensors);
          expect(memory().numDataBuffers).toBe(empty.numDataBuffers);
        },
        { timeout: 10_000, interval: 50 },
      );
    });
  });
}

/** Tests what becomes of calls. */
export function testRecoveryOfCalls(name: string, losses: LossCase): void {
  describe(`calls on a device that is lost: ${name}`, () => {
    const { told, lose, begin } = losing(losses);
    afterEach(() => vi.restoreAllMocks());

    it('does the update under way again, on what was restored', async () => {
      const engine = await begin({ copyPeriod: 1 });
      const replay = { replay: dqn.uniform({ capacity: 64 }) };
      const agents = [await makeAgent(engine, replay), await makeAgent(dqn.wasm(), replay)];
      for (const agent of agents) await drive(agent, 9);
      await settled(agents[0]);
      lose();
      // Until word of it is there.
      await new Promise((resolve) => void setTimeout(resolve, 50));
      // The second update is lost with its device, and done again before the third.
      for (const agent of agents) await agent.learn();
      expectSameWeights(await agents[0].online.weights(), await agents[1].online.weights(), 1e-4);
      expect(told).toMatchObject([{ lostUpdates: 0 }]);
      engine.dispose();
    });

    it('does an update through the core again that is in the middle of it', async () => {
      const engine = await begin();
      const networks = [];
      for (const on of [engine, dqn.wasm()]) {
        const network = await on.createNetwork(
          {
            inputShape: [2],
            layers: [
              { kind: 'dense', units: 4, activation: 'tanh' },
              { kind: 'dense', units: 2 },
            ],
          },
          { random: new Random(1), optimizer: dqn.adam().spec },
        );
        let calls = 0;
        const norm = await network.update(
          Float32Array.of(1, 2),
          1,
          (outputs, gradient) => {
            if (on === engine && calls++ === 0) lose();
            gradient.set(outputs);
          },
          { learningRate: 0.1 },
        );
        expect(calls).toBe(on === engine ? 2 : 0);
        networks.push({ norm, weights: await network.weights(), network });
      }
      expect(networks[0].norm).toBeCloseTo(networks[1].norm, 4);
      expectSameWeights(networks[0].weights, networks[1].weights, 1e-4);
      engine.dispose();
    });

    it('answers calls that are under way, and all at once', async () => {
      const engine = await begin();
      const agent = await makeAgent(engine);
      await drive(agent, 12);
      const observation = Float32Array.of(1, -1, 0.5);
      const q = await agent.qValues(observation);
      const pending = [agent.qValues(observation), agent.online.weights(), agent.learn()];
      lose();
      const late = [agent.online.optimizerState(), agent.online.forward(observation, 1)];
      const [after] = await Promise.all([...pending, ...late]);
      expect(told).toHaveLength(1);
      expect((after as Float32Array).length).toBe(q.length);
      expect((after as Float32Array).every((each) => Number.isFinite(each) && each !== 0)).toBe(true);
      engine.dispose();
    });

    it('keeps what was loaded after the last copy', async () => {
      const engine = await begin();
      const [agent, other] = [await makeAgent(engine), await makeAgent(dqn.wasm())];
      await drive(agent, 22);
      await drive(other, 40, new Random(8));
      await agent.load(await other.save());
      lose();
      expect(await numbersOf(agent)).toEqual(await numbersOf(other));
      // A copy within the device is not known to the host until the next one: its source is.
      await agent.target.copyFrom(agent.online);
      lose();
      expect(await agent.target.weights()).toEqual(await other.online.weights());
      engine.dispose();
    });

    it('brings back every engine on it', async () => {
      const engines = [await begin(), await begin()];
      const agents = await Promise.all(engines.map((engine) => makeAgent(engine)));
      const before = await Promise.all(agents.map((agent) => agent.online.weights()));
      lose();
      const third = await begin();
      const fresh = await makeAgent(third);
      expect(await Promise.all(agents.map((agent) => agent.online.weights()))).toEqual(before);
      expect(await fresh.online.weights()).toEqual(before[0]);
      for (const agent of [...agents, fresh]) expect((await drive(agent, 10)).length).toBe(3);
      for (const engine of [...engines, third]) engine.dispose();
    });

    it('and no other to be had: what was learned is saved, and goes on once there is one', async () => {
      const engine = await begin();
      const agent = await makeAgent(engine);
      await drive(agent, 30);
      const numbers = await numbersOf(agent);
      // As if it had just been copied.
      await agent.online.setWeights(numbers[0]);
      await agent.online.setOptimizerState(numbers[1]);
      await agent.target.setWeights(numbers[2]);
      const unblock = losses.block();
      onTestFinished(unblock);
      lose();
      const refusal = { code: 'device-lost', remedy: expect.stringContaining('agent.save()') as string };
      await expect((async () => agent.act(Float32Array.of(1, 2, 3)))()).rejects.toMatchObject(refusal);
      await expect((async () => agent.learn())()).rejects.toMatchObject(refusal);
      const saved = await agent.save();
      const policy = await dqn.loadPolicy(await agent.savePolicy(), new Matching());
      const other = await makeAgent(dqn.wasm());
      await other.load(saved);
      expect(await numbersOf(other)).toEqual(numbers);
      expect(policy.qValues(Float32Array.of(1, 0, 0))).toEqual(await other.qValues(Float32Array.of(1, 0, 0)));
      expect(other.replay.size).toBe(agent.replay.size);
      expect((await other.learn()).update).toBe(agent.updates + 1);
      expect(told).toEqual([]);
      unblock();
      await observe(agent, new Random(1));
      for (let i = 0; i < 3; i++) expect(Number.isFinite((await agent.learn()).loss)).toBe(true);
      expect(told).toHaveLength(1);
      engine.dispose();
    });

    it('again and again is refused in the end, and says so', async () => {
      const engine = await begin();
      const network = await engine.createNetwork(
        { inputShape: [1], layers: [{ kind: 'dense', units: 1 }] },
        { random: new Random(1), optimizer: dqn.sgd().spec },
      );
      const before = await network.weights();
      const crash = async (): Promise<number> => network.update(Float32Array.of(1), 1, lose, { learningRate: 1 });
      await expect(crash()).rejects.toMatchObject({ code: 'device-lost' });
      expect(await network.weights()).toEqual(before);
      engine.dispose();
    });

    it('warns on the console where nobody asks to be told', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const engine = await begin({ onRecovered: undefined });
      const agent = await makeAgent(engine);
      lose();
      await agent.online.weights();
      expect(warn.mock.calls.flat().filter((said) => /the device was lost .*updates lost: 0/.test(String(said)))).toHaveLength(1);
      engine.dispose();
    });
  });
}
