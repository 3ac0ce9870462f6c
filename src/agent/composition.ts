import { checkSame, incompatibleState, type StateFields } from '../common/read-state.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import type { Agent } from './agent.ts';

type Composed = Pick<Agent<never>, 'options' | 'actionSpace' | 'replay'> & { online: { spec: NetworkSpec } };

/**
 * What an agent is made of, as far as its saved state depends on it. Learning rates, schedules, batch sizes and periods
 * are left out on purpose: they may differ when training goes on.
 */
export function composition(agent: Composed) {
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

/**
 * Refuses a saved composition that is not the agent's.
 * @throws DqnError `incompatible-checkpoint` naming the first part that differs, `invalid-checkpoint` if one is missing.
 */
export function checkSameComposition(where: string, fields: StateFields, agent: Composed): void {
  const own = composition(agent);
  const { network } = fields;
  if (typeof network === 'string' && network !== own.network) {
    throw incompatibleState(`${where}.network`, ...fromDifference(own.network, network));
  }
  checkSame(where, fields, own);
}

/** Both from a little before where they begin to differ: specs are longer than a message, and begin alike. */
function fromDifference(...specs: [string, string]): [string, string] {
  const [a, b] = specs.map((spec) => spec.replaceAll('"', ''));
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const excerpt = (text: string) => `…${text.slice(Math.max(0, at - 20))}`;
  return [excerpt(a), excerpt(b)];
}
