// A network of TensorFlow.js's layers, one of them of one's own:  npx tsx examples/own-layer.ts
import { createAgent, doubleQ, epsilonGreedy, evaluate, hard, linear, loadPolicy, train } from '@scope/dqn';
import { CartPole } from '@scope/dqn/environments';
import { layersModel, tfjs } from '@scope/dqn/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';

/** Radial basis functions: exp(−‖x − c_j‖²) for every centre c_j. */
class RadialBasis extends layers.Layer {
  static readonly className = 'RadialBasis';
  readonly units: number;

  constructor(config: { units: number }) {
    super(config as object);
    this.units = config.units;
  }

  override build(shape: number[]) {
    this.addWeight('centres', [this.units, shape[1]], 'float32', initializers.randomUniform({ minval: -1, maxval: 1, seed: 1 }));
    super.build(shape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.exp(tf.neg(tf.sum(tf.square(tf.sub(tf.expandDims(x, 1), this.weights[0].read())), 2)));
  }

  override computeOutputShape([rows]: number[]) {
    return [rows, this.units];
  }

  // What the constructor takes: a file holds it, and a network is built from it.
  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
}
tf.serialization.registerClass(RadialBasis);

const engine = await tfjs({ backend: 'wasm' });
await tf.setBackend('wasm');
const model = sequential({ layers: [layers.inputLayer({ inputShape: [4] }), new RadialBasis({ units: 64 })] });

const environment = new CartPole();
const agent = await createAgent(environment, {
  engine,
  network: layersModel(model, { hidden: [32], dueling: true }),
  bootstrap: doubleQ(),
  explorer: epsilonGreedy(linear(1, 0.05, 2_000)),
  targetUpdater: hard({ period: 200 }),
  learningStarts: 500,
  learnPeriod: 2,
  seed: 1,
});
for await (const event of train(agent, environment, { steps: 4_000 })) {
  if (event.kind === 'episode' && event.episode % 20 === 0) console.log(`step ${event.step}: return ${event.return}`);
}
// The file holds the model: whoever loads it must only know the class.
const policy = await loadPolicy(await agent.savePolicy(), environment, { engine });
console.log(`greedy return ${(await evaluate(policy, new CartPole(), { episodes: 10, seed: 2 })).mean}`);
