import { testModels } from '../support/layers-model-suite.ts';

testModels('webgl', ['LSTM', 'convolutions']);
testModels('webgpu', ['attention']);
