import { fullyParameterisedQuantile } from '../heads/fully-parameterised-quantile.ts';
import { qrDqn } from './qr-dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * FQF (Yang et al. 2019): 32 fractions that the network proposes, moved at a rate of 2.5e-9. The paper moves them by RMSProp of their own, here they share Adam.
 */
export function fqf(): AgentPreset {
  return {
    ...qrDqn(),
    head: fullyParameterisedQuantile({ fractions: 32, cosines: 64, kappa: 1, proposalRate: 5e-5 }),
  };
}
