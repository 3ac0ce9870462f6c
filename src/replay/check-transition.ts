import { checkInteger } from '../common/check.ts';
import { DqnError, describe, type ErrorCode } from '../common/errors.ts';
import { checkSame, readFields, type StateFields } from '../common/read-state.ts';
import type { ReplayLayout } from './replay-buffer.ts';

/**
 * Refuses a malformed layout.
 * @throws DqnError `invalid-option`.
 */
export function checkLayout({ observationSize, observationType, actions, stacking }: ReplayLayout): void {
  checkInteger('ReplayLayout.observationSize', observationSize, { min: 1 });
  checkInteger('ReplayLayout.actions', actions, { min: 1 });
  if (observationType !== 'float32' && observationType !== 'uint8') {
    throw refused('invalid-option', 'ReplayLayout.observationType', "'float32' or 'uint8'", observationType, "Pass 'float32'.");
  }
  if (!stacking) return;
  checkInteger('ReplayLayout.stacking.frames', stacking.frames, { min: 2 });
  if (observationSize % stacking.frames !== 0) {
    const expected = `a divisor of the ${observationSize} numbers of an observation`;
    throw refused('invalid-option', 'ReplayLayout.stacking.frames', expected, stacking.frames, 'Leave stacking out.');
  }
}

/** A copy of the layout as a state can hold it. */
export function layoutState({ observationSize, observationType, actions, stacking }: ReplayLayout) {
  return {
    observationSize,
    observationType,
    actions,
    stackedFrames: stacking?.frames ?? 1,
    interleaved: stacking?.interleaved ?? false,
  };
}

/**
 * Refuses a saved state, in its field `layout`, of another layout.
 * @throws DqnError `incompatible-checkpoint`, or `invalid-checkpoint` if there is no layout.
 */
export function checkSameLayout(where: string, fields: StateFields, layout: ReplayLayout): void {
  checkSame(`${where}.layout`, readFields(`${where}.layout`, fields.layout), layoutState(layout));
}

/**
 * Refuses an observation that does not fit the layout. Either array class is welcome where its values fit.
 * @throws DqnError `invalid-observation` on a wrong class or length, a NaN or infinite number, or a number that is no byte where bytes are kept.
 */
export function checkObservation(where: string, layout: ReplayLayout, values: Float32Array | Uint8Array): void {
  const floats = values instanceof Float32Array;
  if ((!floats && !(values instanceof Uint8Array)) || values.length !== layout.observationSize) {
    throw refused(
      'invalid-observation',
      where,
      `a Float32Array or Uint8Array of length ${layout.observationSize}`,
      values,
      'Pass the observation as its space flattens it.',
    );
  }
  if (!floats) return;
  const bytes = layout.observationType === 'uint8';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (bytes ? value !== (value & 255) : value - value !== 0) {
      const expected = bytes ? 'whole numbers in [0, 255]' : 'finite numbers';
      throw refused('invalid-observation', `${where}[${i}]`, expected, value, 'Look at the environment that gave it.');
    }
  }
}

/** @throws DqnError `invalid-action` if the action is not a whole number in [0, actions). */
export function checkAction(where: string, { actions }: ReplayLayout, action: number): void {
  if (action >= 0 && action < actions && action % 1 === 0) return;
  throw refused('invalid-action', where, `a whole number in [0, ${actions - 1}]`, action, 'Pass the index of an action.');
}

/** @throws DqnError `invalid-option` if the discount is not in [0, 1]. */
export function checkDiscount(where: string, discount: number): void {
  if (discount >= 0 && discount <= 1) return;
  throw refused('invalid-option', where, 'a number in [0, 1]', discount, 'Pass γⁿ, or 0 where the episode terminated.');
}

/** @throws DqnError `invalid-action` if the mask is not one byte an action. */
export function checkMask(where: string, { actions }: Pick<ReplayLayout, 'actions'>, mask: Uint8Array | undefined): void {
  if (mask === undefined || (mask instanceof Uint8Array && mask.length === actions)) return;
  throw refused('invalid-action', where, `a Uint8Array of length ${actions}`, mask, 'Pass one byte an action, 1 or 0.');
}

/** The most environments of one vector: a guard against memory taken for a stray number. */
const maxStreams = 2 ** 16;

/** @throws DqnError `invalid-option` if the stream is not a whole number in [0, 65536). */
export function checkStream(where: string, stream: number): void {
  if (stream >= 0 && stream < maxStreams && stream % 1 === 0) return;
  throw refused('invalid-option', where, `a whole number in [0, ${maxStreams - 1}]`, stream, 'Pass the number of the environment.');
}

function refused(code: ErrorCode, where: string, expected: string, received: unknown, remedy: string): DqnError {
  return new DqnError({ code, where, expected, received: describe(received), remedy });
}
