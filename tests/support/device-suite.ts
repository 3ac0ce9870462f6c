// What whole updates on a device must show: called by a test of each backend, in Node and in browsers.
import { memory, Tensor } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Engine, FeedForwardOptions } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { expectClose } from './closeness.ts';
import { drive, expectSameWeights, makeAgent, observe } from './device-agents.ts';

const CASES: readonly [string, FeedForwardOptions][] = [
  ['expected × doubleQ', { bootstrap: dqn.doubleQ() }],
  ['expected, rescaled × munchausen', { head: dqn.expected({ rescale: true }), bootstrap: dqn.munchausen() }],
  [
    'categorical × softmaxQ',
    { head: dqn.categorical({ atoms: 11, vMin: -2, vMax: 3 }), bootstrap: dqn.softmaxQ({ temperature: 0.3 }) },
  ],
  ['quantile × clippedDoubleQ', { head: dqn.quantile({ quantiles: 5 }), bootstrap: dqn.clippedDoubleQ() }],
  [
    'implicitQuantile × expectedSarsa',
    { head: dqn.implicitQuantile({ cosines: 4, online: 3, target: 5, act: 2 }), bootstrap: dqn.expectedSarsa({ epsilon: 0.2 }) },
  ],
  [
    'fullyParameterisedQuantile × mellowmaxQ',
    { head: dqn.fullyParameterisedQuantile({ fractions: 4, cosines: 4 }), bootstrap: dqn.mellowmaxQ({ omega: 5 }) },
  ],
];

/** What is tested. */
export interface DeviceCase {
  /** Starts an engine that runs whole updates; called often. */
  readonly start: () => Promise<Engine>;
  /** The relative error of weights after some updates that the precision of the device allows. */
  readonly relative: number;
}

/** Tests updates on a device against those of the embedded engine, through the core. */
export function testDeviceUpdates(name: string, { start, relative }: DeviceCase): void {
  describe(`updates on ${name}`, () => {
    afterEach(() => vi.restoreAllMocks());

    it.each(CASES)('learn the same as through the core: %s', async (_, options) => {
      const all = { replay: dqn.uniform({ capacity: 64 }), ...options };
      const engine = await start();
      const [device, core] = [await makeAgent(engine, all), await makeAgent(dqn.wasm(), all)];
      const reports = [await drive(device, 14), await drive(core, 14)];
      expectSameWeights(await device.online.weights(), await core.online.weights(), relative);
      expect(reports[0].length).toBe(7);
      // The first two reports are both of the first update.
      for (const { maxQ, tdErrors } of reports[0].slice(0, 2)) {
        expectClose([maxQ, ...tdErrors], [reports[1][0].maxQ, ...reports[1][0].tdErrors], { relative, name: 'report' });
      }
      engine.dispose();
    });

    it('read numbers once an update, and leave nothing behind', async () => {
      const engine = await start();
      const agent = await makeAgent(engine);
      await drive(agent, 12);
      const data = vi.spyOn(Tensor.prototype, 'data');
      const sync = vi.spyOn(Tensor.prototype, 'dataSync');
      const used: number[] = [];
      for (let i = 0; i < 5; i++) {
        await agent.learn();
        used.push(memory().numTensors);
      }
      expect(data.mock.calls.length + sync.mock.calls.length).toBe(5);
      expect(used).toEqual(used.map(() => used[0]));
      engine.dispose();
    });

    it('that are not finite leave the network alone', async () => {
      const engine = await start();
      const agent = await makeAgent(engine, {
        head: dqn.expected({ loss: 'squared' }),
        maxGradientNorm: Infinity,
        learningStarts: 1000,
      });
      const random = new Random(1);
      await drive(agent, 20, random);
      await agent.learn();
      const before = await agent.online.weights();
      for (let i = 0; i < 64; i++) await observe(agent, random, 1e30);
      await agent.learn();
      const next = async () => agent.learn();
      await expect(next()).rejects.toMatchObject({ code: 'diverged' });
      expect(await agent.online.weights()).toEqual(before);
      engine.dispose();
    });

    it('through weights that are NaN are told of, whichever pass they are in', async () => {
      const engine = await start();
      for (const bad of ['online', 'target'] as const) {
        const agent = await makeAgent(engine, { learningStarts: 1000, bootstrap: dqn.maxQ() });
        await drive(agent, 20);
        const weights = await agent[bad].weights();
        await agent[bad].setWeights(weights.map((each) => ({ ...each, values: each.values.map(() => NaN) })));
        const before = await agent.online.weights();
        const first = async () => agent.learn();
        await expect(first()).rejects.toMatchObject({ code: 'diverged' });
        expect(await agent.online.weights()).toEqual(before);
      }
      engine.dispose();
    });
  });
}
