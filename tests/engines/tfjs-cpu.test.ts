import { memory } from '@tensorflow/tfjs-core';
import { tfjs } from '../../src/tfjs/index.ts';
import { testEngine } from '../support/engine-suite.ts';

testEngine('TensorFlow.js on cpu', {
  backend: 'cpu',
  start: () => tfjs({ backend: 'cpu' }),
  updates: 300,
  memory: () => memory().numTensors,
});
