import type { NetworkSpec } from '../networks/spec.ts';
import type { Agent } from './agent.ts';

/**
 * What an agent is made of, as far as its saved state depends on it. Learning rates, schedules, batch sizes and periods
 * are left out on purpose: they may differ when training goes on.
 */
export function composition(agent: Pick<Agent<never>, 'options' | 'actionSpace' | 'replay'> & { online: { spec: NetworkSpec } }) {
  const { options, online, actionSpace, replay } = agent;
  return {
    network: JSON.stringify(online.spec),
    head: `${options.head.kind}, width ${options.head.width}, ${JSON.stringify(options.head.settings ?? {})}`,
    targets: options.bootstrap.targets ?? 1,
    explorer: options.explorer.fresh ? options.explorer.kind : 'without memory',
    actions: actionSpace.n,
    optimizer: options.optimizer.spec.kind,
    replay: `${replay.kind}, capacity ${replay.capacity}`,
    nStep: options.nStep,
    discount: options.discount,
  };
}
