import type { Batch, ReplayLayout } from './replay-buffer.ts';

/** An empty batch for transitions of a layout: zeros, and weights of one. */
export function createBatch(size: number, { observationSize, actions }: ReplayLayout, masked: boolean): Batch {
  return {
    size,
    observations: new Float32Array(size * observationSize),
    actions: new Int32Array(size),
    rewards: new Float32Array(size),
    discounts: new Float32Array(size),
    nextObservations: new Float32Array(size * observationSize),
    ...(masked ? { nextActionMasks: new Uint8Array(size * actions) } : {}),
    weights: new Float32Array(size).fill(1),
    ids: new Float64Array(size),
  };
}

/** Bytes of all arrays of a batch. */
export function batchByteLength(batch: Batch): number {
  let bytes = 0;
  for (const value of Object.values(batch)) if (ArrayBuffer.isView(value)) bytes += value.byteLength;
  return bytes;
}
