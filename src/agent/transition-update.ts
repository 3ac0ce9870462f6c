import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { DeviceUpdate } from '../networks/device-update.ts';
import type { OutputFocus, QNetwork } from '../networks/q-network.ts';
import type { Batch } from '../replay/replay-buffer.ts';
import type { BellmanRows } from './bellman-rows.ts';
import { gatherRows, none, sized } from './arrays.ts';
import type { Draws } from './draws.ts';
import type { ResolvedAgentOptions } from './options.ts';

/** What an update works with. */
export interface UpdateParts {
  readonly options: ResolvedAgentOptions;
  readonly online: QNetwork;
  readonly target: QNetwork;
  readonly rows: BellmanRows;
  readonly draws: Draws;
  /** A. */
  readonly actions: number;
  /** Runs updates on single transitions, where the engine can; otherwise the core does. */
  readonly device?: DeviceUpdate;
}

/**
 * One gradient update on single transitions: values the next observations with the target network, lets the bootstrap rule weigh the next
 * actions, and moves the online network by the head's gradient. The online network has the same noise wherever it is asked, the target
 * network one of its own.
 */
export class TransitionUpdate {
  readonly #parts: UpdateParts;
  #nextOutputs = none;
  #policyOutputs = none;
  /** Where the loss reads one action's outputs alone: those. */
  readonly #focus: { -readonly [K in keyof OutputFocus]: OutputFocus[K] } | undefined;

  constructor(parts: UpdateParts) {
    const { head } = parts.options;
    this.#parts = parts;
    if (head.readsTakenAlone && parts.rows.heads === 1) this.#focus = { width: head.width, groups: new Int32Array(0) };
  }

  /** Does the update and gives the gradient norm before clipping. */
  run(batch: Batch, learningRate: number, step: number): MaybePromise<number> {
    const { options, online, target, rows, draws, actions } = this.#parts;
    const { bootstrap, maxGradientNorm } = options;
    const { size, observations, nextObservations } = batch;
    rows.reserve(size);
    const noise = draws.noise();
    const targetNoise = draws.noise();

    const learn = (): MaybePromise<number> => {
      const fractions = draws.fractions('online', size);
      if (fractions) rows.fractions = fractions;
      const clip = maxGradientNorm === Infinity ? undefined : maxGradientNorm;
      const focus = this.#focus;
      if (focus) focus.groups = batch.actions;
      return online.update(observations, size, rows.gradient, { learningRate, maxGradientNorm: clip, noise, fractions, focus });
    };
    const next = (): MaybePromise<number> => {
      const joint = draws.joint(size);
      const asked = joint ? { noise: targetNoise, fractions: joint.both } : withNoise(targetNoise);
      return chain(target.forward(nextObservations, size, asked), (outputs) => {
        let nextOutputs = outputs;
        if (joint) {
          const both = (joint.target + joint.act) * actions;
          nextOutputs = this.#nextOutputs = sized(this.#nextOutputs, size * joint.target * actions);
          gatherRows(outputs, both, 0, joint.target * actions, size, undefined, nextOutputs);
          const policyOutputs = (this.#policyOutputs = sized(this.#policyOutputs, size * joint.act * actions));
          rows.readTarget(gatherRows(outputs, both, joint.target * actions, joint.act * actions, size, undefined, policyOutputs));
        } else rows.readTarget(outputs);
        rows.aim(batch, nextOutputs, joint?.targets ?? none, step);
        return learn();
      });
    };
    const current = (): MaybePromise<number> => {
      if (!bootstrap.usesCurrent) return next();
      const passing = target.forward(observations, size, passOptions(draws, size, targetNoise));
      return chain(passing, (outputs) => {
        rows.readCurrent(outputs);
        return next();
      });
    };
    if (!bootstrap.usesOnline) return current();
    return chain(online.forward(nextObservations, size, passOptions(draws, size, noise)), (outputs) => {
      rows.readOnline(outputs);
      return current();
    });
  }
}

function passOptions(draws: Draws, size: number, noise: number | undefined) {
  const fractions = draws.fractions('act', size);
  return fractions ? { noise, fractions } : withNoise(noise);
}

function withNoise(noise: number | undefined) {
  return noise === undefined ? undefined : { noise };
}
