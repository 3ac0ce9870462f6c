import { deviceEngine } from '../support/device-engine.ts';
import { testDeviceUpdates } from '../support/device-suite.ts';

testDeviceUpdates('wasm', { start: () => deviceEngine('wasm', 'sync'), relative: 1e-5 });
