// An environment that is learned within a hundred steps, on any device, in pages and workers.
import * as dqn from '../../src/index.ts';
import type { Agent, Engine } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';

/** States, and actions. */
export const STATES = 3;

/** State i is seen as a 1 in place i, and action i is right there. */
export class Matching implements dqn.Environment<Float32Array, number> {
  readonly observationSpace = dqn.box({ low: 0, high: 1, shape: [STATES] });
  readonly actionSpace = dqn.discrete(STATES);
  readonly #onStep: (step: number) => void;
  readonly #random = new Random(4);
  #state = 0;
  #steps = 0;

  constructor(onStep: (step: number) => void = () => undefined) {
    this.#onStep = onStep;
  }

  #next(): Float32Array {
    this.#state = this.#random.integer(STATES);
    return Float32Array.from({ length: STATES }, (_, i) => Number(i === this.#state));
  }

  reset() {
    return { observation: this.#next(), info: {} };
  }

  step(action: number) {
    this.#onStep(++this.#steps);
    const reward = Number(action === this.#state);
    return { observation: this.#next(), reward, terminated: false, truncated: this.#steps % 10 === 0, info: {} };
  }
}

/** An agent that learns it: from its twentieth step on. */
export function matchingAgent(engine: Engine, environment: Matching, head?: dqn.ValueHead): Promise<Agent<Float32Array, 'async'>> {
  return dqn.createAgent<Float32Array, 'async'>(environment, {
    engine: engine as Engine<'async'>,
    network: dqn.mlp({ hidden: [16] }),
    head,
    discount: 0,
    replay: dqn.uniform({ capacity: 500 }),
    explorer: dqn.epsilonGreedy(0.5),
    optimizer: dqn.adam({ learningRate: 0.02 }),
    targetUpdater: dqn.hard({ period: 20 }),
    batchSize: 16,
    learningStarts: 20,
    seed: 2,
  });
}
