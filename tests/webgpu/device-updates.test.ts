import { tfjs } from '../../src/tfjs/index.ts';
import { testDeviceUpdates } from '../support/device-suite.ts';

testDeviceUpdates('webgpu, in Node', { start: () => tfjs({ backend: 'webgpu' }), relative: 1e-4 });
