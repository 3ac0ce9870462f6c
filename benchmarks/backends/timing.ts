// Whole updates and single actions of an agent on one engine: the same in a process of Node and in a page.
import {
  adam,
  box,
  cnn,
  createAgent,
  discrete,
  minAtarConvolutions,
  mlp,
  natureConvolutions,
  Random,
  uniform,
  wasm,
  type Agent,
  type Engine,
  type NetworkFactory,
  type Space,
} from '../../src/index.ts';

interface Problem {
  readonly shape: readonly number[];
  readonly actions: number;
  readonly batch: number;
  readonly network: NetworkFactory<false>;
}

/** By what the table calls them. Images are bytes. */
export const PROBLEMS: Readonly<Record<string, Problem>> = {
  '8→64→64→4, batch 32': { shape: [8], actions: 4, batch: 32, network: mlp({ hidden: [64, 64] }) },
  '8→256→256→4, batch 128': { shape: [8], actions: 4, batch: 128, network: mlp({ hidden: [256, 256] }) },
  'MinAtar 10×10×4, batch 32': {
    shape: [10, 10, 4],
    actions: 6,
    batch: 32,
    network: cnn({ convolutions: minAtarConvolutions, hidden: [128] }),
  },
  'Atari 84×84×4, batch 32': {
    shape: [84, 84, 4],
    actions: 6,
    batch: 32,
    network: cnn({ convolutions: natureConvolutions, hidden: [512] }),
  },
};

/** Which engine, and where it runs. */
export type EngineName = 'embedded' | 'wasm' | 'webgl' | 'webgpu';

/** A way to time one agent. */
export interface Timing {
  /** @returns milliseconds for an update, with everything that was queued done. */
  update(count: number): Promise<number>;
  /** @returns milliseconds for a greedy action. */
  act(count: number): Promise<number>;
  dispose(): void;
}

/** Makes an engine; those of TensorFlow.js are loaded on demand. */
export async function makeEngine(name: EngineName): Promise<Engine> {
  if (name === 'embedded') return wasm();
  const { tfjs } = await import('../../src/tfjs/index.ts');
  return name === 'wasm' && 'document' in globalThis ? tfjs({ backend: name, wasmPaths: '/' }) : tfjs({ backend: name });
}

/** Makes an agent with a replay buffer to draw from. */
export function prepare(engine: Engine, name: string): Promise<Timing> {
  const { shape } = PROBLEMS[name];
  const random = new Random(1);
  const length = shape.reduce((product, size) => product * size, 1);
  return shape.length > 1
    ? fill(engine, name, 300, box({ low: 0, high: 255, shape: [...shape], dtype: 'uint8' }), () =>
        Uint8Array.from({ length }, () => random.integer(256)),
      )
    : fill(engine, name, 5_000, box({ low: -Infinity, high: Infinity, shape: [...shape] }), () =>
        Float32Array.from({ length }, () => random.normal()),
      );
}

async function fill<Observation>(
  engine: Engine,
  name: string,
  capacity: number,
  observationSpace: Space<Observation>,
  draw: () => Observation,
): Promise<Timing> {
  const { actions, batch, network } = PROBLEMS[name];
  const agent: Agent<Observation, 'sync' | 'async'> = await createAgent(
    { observationSpace, actionSpace: discrete(actions) },
    {
      engine,
      network,
      replay: uniform({ capacity }),
      optimizer: adam({ learningRate: 2.5e-4 }),
      batchSize: batch,
      learningStarts: capacity,
      seed: 1,
    },
  );
  const random = new Random(2);
  let observation = draw();
  for (let i = 0; i < capacity; i++) {
    const nextObservation = draw();
    agent.observe({
      observation,
      action: random.integer(actions),
      reward: random.normal(),
      nextObservation,
      terminated: random.float() < 0.05,
      truncated: false,
    });
    observation = nextObservation;
  }
  const act = () => agent.act(observation, { explore: false });
  const time = async (count: number, run: () => unknown, end?: () => unknown) => {
    const began = performance.now();
    for (let i = 0; i < count; i++) {
      const answer = run();
      // Where the answer is there at once, as on the embedded engine, nothing waits.
      if (answer instanceof Promise) await answer;
    }
    await end?.();
    return (performance.now() - began) / count;
  };
  return {
    // An action is read back: behind it nothing is queued any more.
    update: async (count) => {
      await act();
      return time(count, () => agent.learn(), act);
    },
    act: (count) => time(count, act),
    dispose: () => agent.dispose(),
  };
}
