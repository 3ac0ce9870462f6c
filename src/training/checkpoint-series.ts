import { checkInteger, checkNames } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { checkName, type CheckpointStore } from './checkpoint-store.ts';

/** What {@link checkpointSeries} is made of. */
export interface CheckpointSeriesOptions {
  /** Where they are kept. */
  readonly store: CheckpointStore;
  /** The run's name, of at most 87 characters: its checkpoints are called `name.000000001000`, after the step. */
  readonly name: string;
  /** How many are kept, at least 1. Default 2: the latest, and one more should it be damaged. */
  readonly keep?: number;
}

/** The latest sound checkpoint of a run. */
export interface LatestCheckpoint {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was wrong with later ones, which were passed over. */
  readonly damaged: readonly DqnError[];
}

/** The last checkpoints of a run. */
export interface CheckpointSeries {
  /**
   * Keeps a checkpoint, whole or in parts, and only then forgets what is one too many: those of later steps, which the run has not come to, and then the oldest.
   * @returns its name.
   * @throws DqnError as the store's `save` does; those before are kept then.
   */
  save(step: number, bytes: Uint8Array | readonly Uint8Array[]): Promise<string>;
  /**
   * The latest that is whole, or nothing where there is none at all.
   * @throws DqnError `invalid-checkpoint` where there are some and all are damaged, or as the store does.
   */
  latest(): Promise<LatestCheckpoint | undefined>;
}

/**
 * The last checkpoints of a run in a store, by their steps.
 *
 * @example
 * ```ts
 * import { checkpointSeries, createAgent, memoryStore, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 *
 * const series = checkpointSeries({ store: memoryStore(), name: 'cart-pole' });
 * const agent = await createAgent(new CartPole(), { seed: 1 });
 * const resume = (await series.latest())?.bytes;
 * for await (const event of train(agent, new CartPole(), { steps: 2_000, checkpointPeriod: 500, resume })) {
 *   if (event.kind === 'checkpoint') await series.save(event.step, event.bytes);
 * }
 * ```
 * @throws DqnError `invalid-option`.
 */
export function checkpointSeries(options: CheckpointSeriesOptions): CheckpointSeries {
  checkNames('checkpointSeries(options)', options, { store: true, name: true, keep: true });
  const { store, name, keep = 2 } = options;
  checkName('checkpointSeries({ name })', typeof name === 'string' ? nameAt(name, 0) : name);
  checkInteger('checkpointSeries({ keep })', keep, { min: 1 });
  /** From the earliest on. */
  const names = async () => {
    const all = await store.list();
    return all.filter((other) => other.startsWith(`${name}.`) && /^\d{12}$/.test(other.slice(name.length + 1)));
  };
  return {
    async save(step, bytes) {
      checkInteger('CheckpointSeries.save(step)', step, { min: 0, max: 1e12 - 1 });
      const saved = nameAt(name, step);
      await store.save(saved, bytes);
      const others = (await names()).filter((other) => other !== saved);
      // Later ones go first: they are damaged, or of a run that went back to before them.
      const doomed = others.filter((other) => other > saved).concat(others);
      for (const old of doomed.slice(0, Math.max(0, others.length + 1 - keep))) await store.delete(old);
      return saved;
    },
    async latest() {
      const damaged: DqnError[] = [];
      for (const candidate of (await names()).toReversed()) {
        try {
          const bytes = await store.load(candidate);
          if (bytes) return { name: candidate, bytes, damaged };
        } catch (error) {
          if (!(error instanceof DqnError) || error.code !== 'invalid-checkpoint') throw error;
          damaged.push(error);
        }
      }
      if (damaged.length > 0) throw damaged[0];
      return undefined;
    },
  };
}

/** The name of a run's checkpoint: sorted, they are in the order of their steps. */
function nameAt(name: string, step: number): string {
  return `${name}.${String(step).padStart(12, '0')}`;
}
