// A network with memory where one look is not enough:  npx tsx examples/recurrent.ts
import { adam, box, createAgent, discrete, epsilonGreedy, evaluate, linear, Random, recurrent, sequences, train } from '@scope/dqn';
import type { Environment } from '@scope/dqn';

/** A sign at the door says which way to turn at the end of a corridor of six cells, where it can no longer be seen. */
class Corridor implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: -1, high: 1, shape: [2] }); // the sign, and whether this is the end
  readonly actionSpace = discrete(2); // at the end: left, right; before it both go on
  #random = new Random(0);
  #sign = 1;
  #cell = Infinity;

  reset({ seed }: { seed?: number } = {}) {
    if (seed !== undefined) this.#random = new Random(seed);
    this.#sign = this.#random.integer(2) === 0 ? -1 : 1;
    this.#cell = 0;
    return { observation: Float32Array.of(this.#sign, 0), info: {} };
  }

  step(action: number) {
    if (this.#cell > 5) throw new Error('reset first');
    const terminated = this.#cell === 5;
    const reward = terminated ? (action === 1 ? this.#sign : -this.#sign) : 0;
    this.#cell++;
    return { observation: Float32Array.of(0, this.#cell === 5 ? 1 : 0), reward, terminated, truncated: false, info: {} };
  }
}

const environment = new Corridor();
const agent = await createAgent(environment, {
  network: recurrent({ units: 16 }), // a GRU; its agent learns from sequences
  replay: sequences({ capacity: 5_000, length: 6, burnIn: 0 }),
  explorer: epsilonGreedy(linear(1, 0.05, 2_000)),
  optimizer: adam({ learningRate: 5e-3 }),
  batchSize: 16,
  learningStarts: 200,
  learnPeriod: 4,
  seed: 1,
});
for await (const event of train(agent, environment, { steps: 4_000 })) {
  if (event.kind === 'update' && event.update % 200 === 0) console.log(`step ${event.step}: loss ${event.loss.toFixed(4)}`);
}
// `evaluate` says where an episode begins, so that the network forgets the one before.
const { mean } = await evaluate(agent, new Corridor(), { episodes: 50 });
console.log(`turned the right way in ${25 * (1 + mean)} of 50 episodes`);
