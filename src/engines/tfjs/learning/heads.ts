import { ExpectedHead } from '../../../heads/expected.ts';
import type { DeviceHead } from './device-head.ts';
import { expectedOnDevice } from './expected-on-device.ts';

/** The head on the device, for so many actions; undefined for one that is not built in. */
export function headOnDevice(head: object, _actions: number): DeviceHead | undefined {
  // A class derived from one of these is not one of them.
  switch (head.constructor) {
    case ExpectedHead:
      return expectedOnDevice(head as ExpectedHead);
    default:
      return undefined;
  }
}
