import { checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { checkNetworkSpec } from './check-spec.ts';
import type { NetworkFactory } from './network-factory.ts';

/** Options of {@link randomPrior}. */
export interface RandomPriorOptions {
  /** β: what the prior's outputs are multiplied by, at least 0. Default 3. */
  readonly scale?: number;
  /** The prior, where it is not to be like the network. */
  readonly prior?: NetworkFactory;
}

/**
 * A network with a randomised prior function (Osband, Aslanides and Cassirer 2018, eq. 3): `Q(s, a) = f(s, a) + β p(s, a)`, where f learns and p, drawn at
 * random like it, never changes. Where there is data, f learns to make up for p; where there is none, the estimates differ as their priors do. With
 * `bootstrapped()` each estimate has a prior of its own, which keeps ten of them apart for longer than their first weights do: deep exploration.
 *
 * @example
 * ```ts
 * import { bootstrapped, createAgent, mlp, randomPrior } from '@scope/dqn';
 * import { DeepSea } from '@scope/dqn/environments';
 *
 * const agent = await createAgent(new DeepSea(), {
 *   network: randomPrior(mlp({ hidden: [64] }), { scale: 3 }),
 *   explorer: bootstrapped({ heads: 10 }),
 * });
 * ```
 * @throws DqnError `invalid-option` if `scale` is negative or not finite, or a network brings weights of its own; when the agent is created, if the head's quantiles take
 * fractions, or the prior does not fit.
 */
export function randomPrior<Recurrent extends boolean>(
  network: NetworkFactory<Recurrent>,
  options: RandomPriorOptions = {},
): NetworkFactory<Recurrent> {
  checkNames('randomPrior(options)', options, { scale: true, prior: true });
  const { scale = 3, prior = network } = options;
  checkNumber('randomPrior(scale)', scale, { min: 0 });
  for (const each of [network, prior]) {
    if (each.initialWeights) {
      refuse(
        'randomPrior(network)',
        'networks whose weights are drawn',
        `${each.kind}, with weights of its own`,
        'Pass mlp(), cnn() or another one.',
      );
    }
  }
  return {
    kind: 'randomPrior',
    ...(network.recurrent === undefined ? {} : { recurrent: network.recurrent }),
    build: (io) => {
      if (io.quantiles) {
        refuse(
          'randomPrior, head',
          'a head whose quantiles take no fractions',
          io.quantiles.kind,
          'Use quantile(), categorical() or expected().',
        );
      }
      const { layers, ...spec } = network.build(io);
      return checkNetworkSpec({ ...spec, layers: [{ kind: 'randomPrior', layers, prior: prior.build(io).layers, scale }] });
    },
  };
}

function refuse(where: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where, expected, received, remedy });
}
