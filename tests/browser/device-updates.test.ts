import { tfjs } from '../../src/tfjs/index.ts';
import { testDeviceUpdates } from '../support/device-suite.ts';

testDeviceUpdates('webgl', { start: () => tfjs({ backend: 'webgl' }), relative: 1e-4 });
testDeviceUpdates('webgpu', { start: () => tfjs({ backend: 'webgpu' }), relative: 1e-4 });
