import type { Agent } from '../../agent/agent.ts';
import { checkNames, checkNumber } from '../../common/check.ts';
import { checkName, type CheckpointStore } from '../../training/checkpoint-store.ts';
import type { Callback } from './callback.ts';

/** What {@link keepBest} is made of. */
export interface KeepBestOptions {
  /** Whose policy is kept. */
  readonly agent: Pick<Agent<unknown>, 'savePolicy'>;
  /** Where it is kept. */
  readonly store: CheckpointStore;
  /** By which name. */
  readonly name: string;
  /** Only mean returns above this one are kept: that of the best so far, where a run is resumed. Default: any. */
  readonly above?: number;
}

/** Tells what it has kept. */
export interface KeepBest extends Callback {
  /** The best evaluation, whose policy is in the store; nothing before the first. */
  readonly best: { readonly step: number; readonly mean: number } | undefined;
}

/**
 * Keeps the policy (`Agent.savePolicy()`) of the evaluation with the best mean return, in the place of the one before. Of equal means the first stays. The run must have `evaluation` set.
 *
 * @throws DqnError `invalid-option`; in a run as the store's `save` does.
 */
export function keepBest(options: KeepBestOptions): KeepBest {
  checkNames('keepBest(options)', options, { agent: true, store: true, name: true, above: true });
  const { agent, store, name } = options;
  checkName('keepBest({ name })', name);
  const above = options.above === undefined ? -Infinity : checkNumber('keepBest({ above })', options.above);
  let best: KeepBest['best'];
  return {
    name: 'keepBest',
    get best() {
      return best;
    },
    async onEvent(event) {
      if (event.kind !== 'evaluation' || !(event.mean > (best?.mean ?? above))) return;
      await store.save(name, await agent.savePolicy());
      best = { step: event.step, mean: event.mean };
    },
  };
}
