import type { Activation, LayerSpec } from '../../networks/spec.ts';

/** The numbers of activations in `kernels/activations.ts`. */
export const ACTIVATION_CODES: Readonly<Record<Activation, number>> = {
  linear: 0,
  relu: 1,
  leakyRelu: 2,
  elu: 3,
  tanh: 4,
  sigmoid: 5,
  silu: 6,
};

/** Whether many outputs of a layer may be zero. */
export function endsInRelu(spec: LayerSpec): boolean {
  return 'activation' in spec && spec.activation === 'relu';
}
