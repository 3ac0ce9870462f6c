import { tfjs } from '../../src/tfjs/index.ts';
import { blockWebGl, blockWebGpu, destroyDevice, loseContext } from '../support/lose-device.ts';
import { testRecovery } from '../support/recovery-suite.ts';

testRecovery('webgl', {
  backend: 'webgl',
  few: true,
  start: (options) => tfjs({ backend: 'webgl', ...options }),
  lose: loseContext,
  block: blockWebGl,
});
testRecovery('webgpu', {
  backend: 'webgpu',
  few: true,
  start: (options) => tfjs({ backend: 'webgpu', ...options }),
  lose: destroyDevice,
  block: blockWebGpu,
});
