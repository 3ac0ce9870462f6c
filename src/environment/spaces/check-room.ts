import { DqnError } from '../../common/errors.ts';

/** Throws `invalid-option` unless `size` numbers fit into an array of `length` numbers at `offset`. */
export function checkRoom(where: string, length: number, offset: number, size: number): void {
  if (offset >= 0 && offset + size <= length) return;
  throw new DqnError({
    code: 'invalid-option',
    where,
    expected: `room for ${size} numbers at offset ${offset}`,
    received: `an array of length ${length}`,
    remedy: 'Pass an array of at least offset + flatSize numbers.',
  });
}
