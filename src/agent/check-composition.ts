import { DqnError } from '../common/errors.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { traitsOf } from '../networks/traits.ts';
import type { ResolvedAgentOptions } from './options.ts';

/**
 * How many estimates of all action values the parts ask for, side by side.
 * @throws DqnError `invalid-option` if an explorer and a bootstrap rule both ask for several, or one does beside a head of quantiles at fractions.
 */
export function headsOf({ explorer, bootstrap, head }: ResolvedAgentOptions): number {
  const heads = explorer.heads ?? 1;
  const networks = bootstrap.networks ?? 1;
  if (networks > 1 && heads > 1) {
    refuse(
      'bootstrap',
      `a rule of one network beside ${explorer.kind} with ${heads} heads`,
      `${bootstrap.kind}, which trains ${networks}`,
      'Use doubleQ(), or another explorer.',
    );
  }
  if (networks > 1 && head.quantiles) {
    refuse(
      'bootstrap',
      `a rule of one network beside ${head.kind}`,
      `${bootstrap.kind}, which trains ${networks}`,
      'Use doubleQ(), or the quantile() head.',
    );
  }
  if (heads > 1 && head.quantiles) {
    refuse(
      'explorer',
      `an explorer of one head beside ${head.kind}`,
      `${explorer.kind} with ${heads} heads`,
      'Use the quantile() head, or another explorer.',
    );
  }
  return Math.max(heads, networks);
}

/**
 * Refuses parts that make no sense together, in words.
 * @throws DqnError `invalid-option` naming the part that does not fit the others.
 */
export function checkComposition(options: ResolvedAgentOptions, spec: NetworkSpec, actions: number, heads: number): void {
  const { head, bootstrap, explorer, replay, nStep, targetUpdater } = options;
  const traits = traitsOf(spec);
  if (explorer.noise !== undefined && !traits.noisy) {
    refuse(
      'explorer',
      'noisy layers in the network',
      `${explorer.kind} with a network that has none`,
      'Pass noisy: true to the network, or use epsilonGreedy().',
    );
  }
  const wanted = head.quantiles === undefined ? 'none' : head.quantiles.kind === 'implicitQuantiles' ? 'given' : 'proposed';
  if (traits.fractions !== wanted) {
    const layer = head.quantiles?.kind;
    refuse(
      'network',
      layer
        ? `a network that ends in ${layer}, for the head ${head.kind}`
        : `a network without quantile fractions, for the head ${head.kind}`,
      traits.fractions === 'none' ? 'one without it' : `one whose fractions are ${traits.fractions}`,
      'Build the last layer from NetworkIo.quantiles, as mlp() does.',
    );
  }
  const recurrent = traits.stateSize > 0;
  const sequences = 'sequences' in replay;
  if (recurrent !== sequences) {
    refuse(
      'replay',
      recurrent ? 'a replay of sequences for a network with memory' : 'a replay of transitions for a network without memory',
      replay.kind,
      recurrent ? 'Use sequences().' : 'Use uniform() or prioritized(), or a network made by recurrent().',
    );
  }
  if (!sequences && replay.singleStep && nStep !== 1) {
    refuse('nStep', `1 with the replay ${replay.kind}`, `${nStep}`, 'Leave nStep out.');
  }
  if ((bootstrap.targets ?? 1) > 1 && targetUpdater.blends) {
    refuse('targetUpdater', `copies for ${bootstrap.kind}`, `${targetUpdater.kind}, which blends`, 'Use hard({ period }).');
  }
  bootstrap.check?.({ actions, nStep, heads, head });
}

function refuse(option: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where: `createAgent({ ${option} })`, expected, received, remedy });
}
