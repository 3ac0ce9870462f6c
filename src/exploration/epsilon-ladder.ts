import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { anyPossible } from './any-possible.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';
import { greedyAction } from './greedy.ts';

/** What {@link epsilonLadder} takes. */
export interface EpsilonLadderOptions {
  /** ε of the first environment, in [0, 1]. Default 0.4. */
  readonly base?: number;
  /** α, at least 0: how fast ε falls. Default 7. */
  readonly alpha?: number;
  /** N: how many environments there are, at least 1. */
  readonly streams: number;
}

/** See {@link epsilonLadder}. */
export class EpsilonLadder implements Explorer {
  readonly kind = 'epsilonLadder';
  /** `[N]`: ε of each environment. */
  readonly epsilons: readonly number[];

  /** @throws DqnError `invalid-option` as {@link epsilonLadder}. */
  constructor({ base = 0.4, alpha = 7, streams, ...unknown }: EpsilonLadderOptions) {
    checkRest('epsilonLadder(options)', unknown);
    checkNumber('epsilonLadder(base)', base, { min: 0, max: 1 });
    checkNumber('epsilonLadder(alpha)', alpha, { min: 0 });
    checkInteger('epsilonLadder(streams)', streams, { min: 1, max: 1_000_000 });
    this.epsilons = Object.freeze(Array.from({ length: streams }, (_, i) => base ** (1 + (alpha * i) / Math.max(1, streams - 1))));
  }

  /** @throws DqnError `invalid-option` if there are more than N environments, `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, streams, random }: ExplorerInput, out: Int32Array): void {
    const { epsilons } = this;
    for (let n = 0; n < batch; n++) {
      const stream = streams[n];
      if (stream >= epsilons.length) throw tooManyStreams(stream, epsilons.length);
      out[n] =
        random.float() < epsilons[stream] ? anyPossible(n, actions, masks, random) : greedyAction(qValues, n, actions, masks);
    }
  }

  /** The mean of all ε. */
  rate(): number {
    return this.epsilons.reduce((sum, epsilon) => sum + epsilon, 0) / this.epsilons.length;
  }
}

/**
 * ε-greedy with a constant ε of its own for each of N environments, `ε_i = base^(1 + α i / (N − 1))`, i = 0 … N − 1: from bold to nearly greedy
 * (Horgan et al. 2018, section 4.1). A single environment gets the base.
 * @throws DqnError `invalid-option` if a name is misspelt, `base` is outside [0, 1], `alpha` below 0 or `streams` not a whole number of at least 1.
 */
export function epsilonLadder(options: EpsilonLadderOptions): EpsilonLadder {
  return new EpsilonLadder(options);
}

function tooManyStreams(stream: number, known: number): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: 'epsilonLadder(streams)',
    expected: 'as many streams as there are environments',
    received: `${known}, and environment number ${stream}`,
    remedy: `Pass at least ${stream + 1}.`,
  });
}
