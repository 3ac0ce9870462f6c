import { findBackend, memory } from '@tensorflow/tfjs-core';
import { box, createAgent, discrete, hard, mlp, prioritized, Random } from '../../src/index.ts';
import { tfjs } from '../../src/tfjs/index.ts';

/** Backends whose memory is looked at. */
export type LeakBackend = 'cpu' | 'wasm' | 'webgl' | 'webgpu';

/** What is in use. */
export interface Used {
  readonly tensors: number;
  readonly bytes: number;
  /** Of the `wasm` backend: bytes of its memory. */
  readonly heap?: number;
}

/** What was in use, when. */
export interface LeakReport {
  readonly warm: Used;
  readonly end: Used;
  readonly disposed: Used;
  readonly seconds: number;
}

const WARM_UP = 200;

/** Trains a small agent: prioritized replay, hard targets, copies to the host on a GPU. */
export async function measure(backend: LeakBackend, updates: number): Promise<LeakReport> {
  const engine = await tfjs({ backend });
  const used = (): Used => {
    const { numTensors, numBytes } = memory();
    const { wasm } = findBackend(backend) as { wasm?: { HEAPU8: Uint8Array } };
    return { tensors: numTensors, bytes: numBytes, ...(wasm ? { heap: wasm.HEAPU8.length } : {}) };
  };
  const spaces = { observationSpace: box({ low: -1, high: 1, shape: [4] }), actionSpace: discrete(2) };
  const agent = await createAgent<Float32Array, 'async'>(spaces, {
    engine,
    network: mlp({ hidden: [8] }),
    replay: prioritized({ capacity: 256 }),
    targetUpdater: hard({ period: 20 }),
    batchSize: 8,
    learningStarts: 1,
    seed: 1,
  });
  const random = new Random(1);
  const draw = (): Float32Array => Float32Array.from({ length: 4 }, () => random.uniform(-1, 1));
  const learn = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await agent.observe({
        observation: draw(),
        action: random.integer(2),
        reward: random.normal(),
        nextObservation: draw(),
        terminated: i % 50 === 49,
        truncated: false,
      });
      await agent.learn();
    }
    // Numbers that are on their way arrive, and both networks have just passed.
    await agent.getState();
    await new Promise((resolve) => void setTimeout(resolve, 200));
    for (const network of [agent.online, agent.target]) await network.forward(draw(), 1);
  };
  await learn(WARM_UP);
  const warm = used();
  const begin = performance.now();
  await learn(updates);
  const seconds = (performance.now() - begin) / 1000;
  const end = used();
  agent.dispose();
  engine.dispose();
  return { warm, end, disposed: used(), seconds };
}
