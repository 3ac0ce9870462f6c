// Run as a web worker: its device is lost in the middle of training.
import { findBackend } from '@tensorflow/tfjs-core';
import { serveTraining } from '../../src/browser/index.ts';
import { tfjs } from '../../src/tfjs/index.ts';
import { Matching, matchingAgent } from '../support/matching.ts';
import { destroyDevice, loseContext } from '../support/lose-device.ts';

const lose = { webgl: loseContext, webgpu: destroyDevice };

export interface Config {
  readonly backend: keyof typeof lose;
  readonly steps: number;
}

serveTraining({
  async create({ backend, steps }: Config) {
    const words = new BroadcastChannel('recoveries');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none
    const engine = await tfjs({ backend, copyPeriod: 10, onRecovered: (recovery) => words.postMessage(recovery) });
    const environment = new Matching((step) => {
      if (step === 50) void lose[backend](findBackend(backend));
    });
    return { agent: await matchingAgent(engine, environment), environment, options: { steps } };
  },
});
