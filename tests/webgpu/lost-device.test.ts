import { tfjs } from '../../src/tfjs/index.ts';
import { testRecovery } from '../support/recovery-suite.ts';
import { blockWebGpu, destroyDevice } from '../support/lose-device.ts';

testRecovery('webgpu, in Node', {
  backend: 'webgpu',
  few: true,
  start: (options) => tfjs({ backend: 'webgpu', ...options }),
  lose: destroyDevice,
  block: blockWebGpu,
});
