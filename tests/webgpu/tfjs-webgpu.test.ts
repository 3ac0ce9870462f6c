import { memory } from '@tensorflow/tfjs-core';
import { tfjs } from '../../src/tfjs/index.ts';
import { testEngine } from '../support/engine-suite.ts';

testEngine('TensorFlow.js on webgpu, in Node', {
  backend: 'webgpu',
  start: () => tfjs({ backend: 'webgpu' }),
  crossed: false,
  late: true,
  runs: 2,
  updates: 130,
  memory: () => memory().numTensors,
});
