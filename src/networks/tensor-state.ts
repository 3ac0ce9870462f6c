import { damagedState, readFields, readList, type StateFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { NamedTensor } from './q-network.ts';

/** Named tensors as the state of a checkpoint. */
export function tensorsToState(tensors: readonly NamedTensor[]): readonly State[] {
  return tensors.map(({ name, shape, values }) => ({ name, shape: [...shape], values }));
}

/**
 * The inverse of {@link tensorsToState}, from a field of a saved object.
 * @throws DqnError `invalid-checkpoint` if it is malformed.
 */
export function readTensors(where: string, fields: StateFields, key: string): NamedTensor[] {
  return readList(where, fields, key).map((item, i) => {
    const path = `${where}.${key}[${i}]`;
    const { name, shape, values } = readFields(path, item);
    const isTensor =
      typeof name === 'string' && Array.isArray(shape) && shape.every(Number.isSafeInteger) && values instanceof Float32Array;
    if (!isTensor) throw damagedState(path, 'a tensor with name, shape and Float32Array', item);
    return { name, shape: shape as number[], values };
  });
}
