import fc from 'fast-check';
import { createBatch } from '../../replay/batch.ts';
import type { Batch, ReplayLayout, Transition } from '../../replay/replay-buffer.ts';
import { dyadicArb, maskArb } from './values.ts';

/** What {@link transitionArb} may be told. */
export interface TransitionOptions {
  /** Whether transitions come with a mask of next actions. Default `sometimes`. */
  readonly masks?: 'never' | 'sometimes' | 'always';
}

/** What {@link batchArb} must be told. */
export interface BatchOptions {
  /** B. */
  readonly size: number;
  /** Whether the batch has masks of next actions. Default `never`. */
  readonly masks?: 'never' | 'always';
}

/** Layouts of small problems. */
export function layoutArb(): fc.Arbitrary<ReplayLayout> {
  return fc.record({
    observationSize: fc.integer({ min: 1, max: 4 }),
    observationType: fc.constantFrom('float32', 'uint8'),
    actions: fc.integer({ min: 1, max: 4 }),
  });
}

function framesArb({ observationSize, observationType }: ReplayLayout): fc.Arbitrary<Float32Array | Uint8Array> {
  const lengths = { minLength: observationSize, maxLength: observationSize };
  if (observationType === 'uint8') return fc.uint8Array(lengths);
  return fc.array(dyadicArb({ min: -100, max: 100 }), lengths).map((values) => Float32Array.from(values));
}

/**
 * Transitions that a buffer of this layout takes: of environments 0 … 2, about a third of them terminated (discount 0), with and without masks.
 */
export function transitionArb(layout: ReplayLayout, { masks = 'sometimes' }: TransitionOptions = {}): fc.Arbitrary<Transition> {
  const fields = {
    stream: fc.nat(2),
    observation: framesArb(layout),
    action: fc.nat(layout.actions - 1),
    reward: dyadicArb({ min: -10, max: 10 }),
    discount: fc.constantFrom(0.99, 0, 0.5, 1),
    nextObservation: framesArb(layout),
  };
  const maskedArb = fc.record({ ...fields, nextActionMask: maskArb({ batch: 1, actions: layout.actions }) });
  if (masks === 'always') return maskedArb;
  return masks === 'never' ? fc.record(fields) : fc.oneof(fc.record(fields), maskedArb);
}

/** Batches as a replay buffer of this layout gives them, of `size` transitions; weights in (0, 1], ids in the order of the rows. */
export function batchArb(layout: ReplayLayout, { size, masks = 'never' }: BatchOptions): fc.Arbitrary<Batch> {
  const rowArb = fc.tuple(transitionArb(layout, { masks }), fc.constantFrom(1, 0.5, 0.25));
  return fc.array(rowArb, { minLength: size, maxLength: size }).map((rows) => {
    const batch = createBatch(size, layout, masks === 'always');
    rows.forEach(([transition, weight], b) => {
      batch.observations.set(transition.observation, b * layout.observationSize);
      batch.nextObservations.set(transition.nextObservation, b * layout.observationSize);
      batch.nextActionMasks?.set(transition.nextActionMask ?? [], b * layout.actions);
      batch.actions[b] = transition.action;
      batch.rewards[b] = transition.reward;
      batch.discounts[b] = transition.discount;
      batch.weights[b] = weight;
      batch.ids[b] = b;
    });
    return batch;
  });
}
