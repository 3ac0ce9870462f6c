import { implicitQuantile } from '../heads/implicit-quantile.ts';
import { qrDqn } from './qr-dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * IQN (Dabney et al. 2018b): N = N' = 8 sampled fractions, 32 to act by, 64 cosines. Act averse to risk with `head: implicitQuantile({ …, risk: cvar({ eta: 0.25 }) })`.
 */
export function iqn(): AgentPreset {
  return {
    ...qrDqn(),
    head: implicitQuantile({ online: 8, target: 8, act: 32, cosines: 64, kappa: 1 }),
  };
}
