import '../support/all-layers.ts';
import { memory } from '@tensorflow/tfjs-core';
import { tfjs } from '../../src/tfjs/index.ts';
import { testEngine } from '../support/engine-suite.ts';

const few = { crossed: false, late: true, runs: 2, updates: 130, memory: () => memory().numTensors };

testEngine('TensorFlow.js on webgl', { ...few, backend: 'webgl', start: () => tfjs({ backend: 'webgl' }) });
testEngine('TensorFlow.js on webgpu', { ...few, backend: 'webgpu', start: () => tfjs({ backend: 'webgpu' }) });
