import { CartPole } from '../../src/environments/index.ts';
import { createAgent, mlp, uniform, wasm, type CheckpointStore } from '../../src/index.ts';
import type { TrainingSetup } from '../../src/remote/serve.ts';

/** What the workers of the tests are told. */
export interface Config {
  readonly steps: number;
  readonly hidden?: number;
  /** What the environment does at its hundredth step. */
  readonly mishap?: 'throws' | 'dies' | 'hangs';
  /** Keeps checkpoints by this name. */
  readonly run?: string;
}

/** A CartPole that may meet a mishap. */
class Risky extends CartPole {
  #steps = 0;
  readonly #mishap: (() => void) | undefined;

  constructor(mishap: (() => void) | undefined) {
    super();
    this.#mishap = mishap;
  }

  override step(action: number) {
    if (++this.#steps === 100) this.#mishap?.();
    return super.step(action);
  }
}

/** A small run, the same in every worker. @param die - ends the worker at once. */
export async function cartPoleRecipe(
  { steps, hidden = 16, mishap, run }: Config,
  die: () => void,
  store?: CheckpointStore,
): Promise<TrainingSetup<Float32Array, 'sync'>> {
  const mishaps = {
    throws: () => {
      throw new TypeError('the world ends');
    },
    dies: die,
    hangs: () => {
      for (;;);
    },
  };
  const environment = new Risky(mishap && mishaps[mishap]);
  const agent = await createAgent(environment, {
    network: mlp({ hidden: [hidden] }),
    replay: uniform({ capacity: 10_000 }),
    batchSize: 8,
    learningStarts: 20,
    seed: 5,
    // Node and browsers may differ in fused multiply-add.
    engine: wasm({ simd: 'strict' }),
  });
  const checkpoints = store && run !== undefined ? { store, name: run } : undefined;
  return { agent, environment, options: { steps, checkpointPeriod: checkpoints && 200 }, checkpoints };
}
