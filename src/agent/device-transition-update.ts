import { chain, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { DeviceReport, DeviceUpdate } from '../networks/device-update.ts';
import type { ForwardOptions } from '../networks/q-network.ts';
import type { Batch } from '../replay/replay-buffer.ts';
import type { AveragedNetwork } from './averaged-network.ts';
import type { UpdateParts } from './transition-update.ts';

/** {@link TransitionUpdate} on an engine's device: hands over the batch and draws the same random numbers in the same order. */
export class DeviceTransitionUpdate {
  readonly #parts: UpdateParts;
  readonly #device: DeviceUpdate;

  constructor(parts: UpdateParts, device: DeviceUpdate) {
    this.#parts = parts;
    this.#device = device;
  }

  /** Hands over an update, and gives what waits for its numbers: those of the means, and a TD error for every transition. */
  run(batch: Batch, learningRate: number, step: number): () => MaybePromise<DeviceReport> {
    const { options, target, rows } = this.#parts;
    const { size, observations, nextObservations } = batch;
    rows.reserve(size);
    const pending = this.#device.run({
      size,
      observations,
      nextObservations,
      ...rows.spread(batch),
      step,
      // Told by what it has: the class is loaded for those alone who average.
      targets: (target as Partial<AveragedNetwork<Timing>>).inUse ?? [target],
      passes: this.#draw(size),
      learningRate,
      maxGradientNorm: options.maxGradientNorm,
    });
    return () => chain(pending.read(), (report) => ({ ...report, tdErrors: byTransition(report.tdErrors, size) }));
  }

  #draw(size: number) {
    const { options, draws } = this.#parts;
    const { usesOnline, usesCurrent } = options.bootstrap;
    const noise = draws.noise();
    const targetNoise = draws.noise();
    // Copied: the arrays are used again for the next pass.
    const drawn = (use: 'act' | 'online', ofNoise: number | undefined): ForwardOptions => ({
      noise: ofNoise,
      fractions: draws.fractions(use, size)?.slice(),
    });
    const online = usesOnline ? drawn('act', noise) : {};
    const current = usesCurrent ? drawn('act', targetNoise) : {};
    const next = { noise: targetNoise, fractions: draws.joint(size)?.both };
    return { online, current, next, learn: drawn('online', noise) };
  }
}

/** Over several estimates of a transition the mean size of their TD errors. */
function byTransition(tdErrors: Float32Array, size: number): Float32Array {
  const heads = tdErrors.length / size;
  if (heads === 1) return tdErrors;
  return Float32Array.from({ length: size }, (_, r) => {
    const own = tdErrors.subarray(r * heads, (r + 1) * heads);
    return own.reduce((sum, error) => sum + Math.abs(error), 0) / heads;
  });
}
