import { tfjs } from '../../src/tfjs/index.ts';
import { blockWebGl, loseContext } from '../support/lose-device.ts';
import { testRecovery } from '../support/recovery-suite.ts';

testRecovery('webgl', {
  backend: 'webgl',
  few: true,
  start: (options) => tfjs({ backend: 'webgl', ...options }),
  lose: loseContext,
  block: blockWebGl,
});
