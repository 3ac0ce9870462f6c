// The update as one writes it by hand in TensorFlow.js: tf.sequential models and optimizer.minimize.
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

tf.enableProdMode();
setWasmPaths(join(dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm'))), '/'));

function network(sizes) {
  const model = sequential();
  for (let i = 1; i < sizes.length; i++) {
    const activation = i < sizes.length - 1 ? 'relu' : 'linear';
    model.add(layers.dense({ units: sizes[i], activation, inputShape: i === 1 ? [sizes[0]] : undefined }));
  }
  return model;
}

/** The same work as PyTorch's peer, on the backend that is set. */
function learner(sizes, batch) {
  const online = network(sizes);
  const target = network(sizes);
  target.setWeights(online.getWeights());
  const optimizer = tf.train.adam(2.5e-4);
  const actions = sizes[sizes.length - 1];
  const observations = tf.randomNormal([batch, sizes[0]], 0, 1, 'float32', 1);
  const nextObservations = tf.randomNormal([batch, sizes[0]], 0, 1, 'float32', 2);
  const rewards = tf.randomNormal([batch], 0, 1, 'float32', 3);
  const going = tf.ones([batch]);
  const taken = tf.oneHot(
    tf.tensor1d(
      Int32Array.from({ length: batch }, (_, i) => i % actions),
      'int32',
    ),
    actions,
  );
  const state = tf.slice(observations, [0, 0], [1, sizes[0]]).dataSync();
  return {
    update() {
      tf.tidy(() => {
        const best = tf.max(target.predictOnBatch(nextObservations), 1);
        const targets = tf.add(rewards, tf.mul(tf.mul(best, going), 0.99));
        optimizer.minimize(() => {
          const estimates = tf.sum(tf.mul(online.apply(observations, { training: true }), taken), 1);
          return tf.losses.huberLoss(targets, estimates);
        });
      });
    },
    act: () => tf.tidy(() => tf.argMax(online.predictOnBatch(tf.tensor2d(state, [1, sizes[0]])), 1).dataSync()[0]),
    dispose() {
      online.dispose();
      target.dispose();
      optimizer.dispose();
      tf.dispose([observations, nextObservations, rewards, going, taken]);
    },
  };
}

/**
 * TensorFlow.js on one backend.
 * @param backend `wasm` (SIMD, one thread) or `cpu` (plain JavaScript).
 * @returns `{ description, ask(request), close() }` as the PyTorch peer gives, for `update` and `act`.
 */
export function tfjsPeer(backend) {
  const known = new Map();
  return {
    description: `TensorFlow.js ${tf.version_core}, ${backend}`,
    async ask({ what, sizes, batch, count }) {
      await tf.setBackend(backend);
      const key = `${sizes} ${batch}`;
      if (!known.has(key)) known.set(key, learner(sizes, batch));
      const run = known.get(key)[what];
      const began = performance.now();
      for (let i = 0; i < count; i++) run();
      return { ms: (performance.now() - began) / count };
    },
    async close() {
      await tf.setBackend(backend);
      for (const each of known.values()) each.dispose();
    },
  };
}
