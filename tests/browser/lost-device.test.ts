import { tfjs } from '../../src/tfjs/index.ts';
import { blockWebGpu, destroyDevice } from '../support/lose-device.ts';
import { testRecovery } from '../support/recovery-suite.ts';

testRecovery('webgpu', {
  backend: 'webgpu',
  few: true,
  start: (options) => tfjs({ backend: 'webgpu', ...options }),
  lose: destroyDevice,
  block: blockWebGpu,
});
