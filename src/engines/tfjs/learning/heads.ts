import { CategoricalHead } from '../../../heads/categorical.ts';
import { ExpectedHead } from '../../../heads/expected.ts';
import { FullyParameterisedQuantileHead } from '../../../heads/fully-parameterised-quantile.ts';
import { ImplicitQuantileHead } from '../../../heads/implicit-quantile.ts';
import { QuantileHead } from '../../../heads/quantile.ts';
import { categoricalOnDevice } from './categorical-on-device.ts';
import type { DeviceHead } from './device-head.ts';
import { expectedOnDevice } from './expected-on-device.ts';
import { fullyParameterisedOnDevice } from './fully-parameterised-on-device.ts';
import { implicitQuantileOnDevice, quantileOnDevice } from './quantiles-on-device.ts';

/** The head on the device, for so many actions; undefined for one that is not built in. */
export function headOnDevice(head: object, actions: number): DeviceHead | undefined {
  // A class derived from one of these is not one of them.
  switch (head.constructor) {
    case ExpectedHead:
      return expectedOnDevice(head as ExpectedHead);
    case CategoricalHead:
      return categoricalOnDevice(head as CategoricalHead);
    case QuantileHead:
      return quantileOnDevice(head as QuantileHead);
    case ImplicitQuantileHead:
      return implicitQuantileOnDevice(head as ImplicitQuantileHead, actions);
    case FullyParameterisedQuantileHead:
      return fullyParameterisedOnDevice(head as FullyParameterisedQuantileHead, actions);
    default:
      return undefined;
  }
}
