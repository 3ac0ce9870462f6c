import { checkInteger, checkNames } from '../../common/check.ts';
import type { CheckpointSeries } from '../../training/checkpoint-series.ts';
import type { Callback, WatchedRun } from './callback.ts';

/** What {@link keepCheckpoints} is made of. */
export interface KeepCheckpointsOptions {
  /** Where they are kept, and how many. */
  readonly series: CheckpointSeries;
  /** Environment steps between them. */
  readonly period: number;
}

/**
 * Keeps a checkpoint of the whole run every so many environment steps, and one at its end, unless a step failed half-way. Each is taken where all events of a step have been told, so that a
 * resumed run leaves none out.
 *
 * @throws DqnError `invalid-option`; in a run as the series' `save` does.
 */
export function keepCheckpoints(options: KeepCheckpointsOptions): Callback {
  checkNames('keepCheckpoints(options)', options, { series: true, period: true });
  const { series } = options;
  const period = checkInteger('keepCheckpoints({ period })', options.period, { min: 1 });
  // Steps of the agent: at the last event, and at the last checkpoint.
  let now = 0;
  let kept: number | undefined;
  let due = false;
  const keep = async (run: WatchedRun) => {
    due = false;
    await series.save(now, await run.checkpointParts());
    kept = now;
  };
  return {
    name: 'keepCheckpoints',
    begin() {
      now = 0;
      kept = undefined;
      due = false;
    },
    onEvent(event, run) {
      if (event.kind === 'step' && event.step % period === 0) due = true;
      now = event.step;
      return due && run.pending === 0 ? keep(run) : undefined;
    },
    async end(run) {
      // Where a step failed half-way its events are still to be told.
      if (run.pending === 0 && now > 0 && kept !== now) await keep(run);
    },
  };
}
