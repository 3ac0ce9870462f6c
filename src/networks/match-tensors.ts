import { DqnError, describe } from '../common/errors.ts';
import type { ParameterInfo } from './plan.ts';
import type { NamedTensor } from './q-network.ts';

function refuse(where: string, expected: string, received: string): never {
  const remedy = 'Load it into a network of the spec and optimizer that it was saved from.';
  throw new DqnError({ code: 'incompatible-checkpoint', where, expected, received, remedy });
}

/**
 * The tensors in the order of `wanted`.
 * @throws DqnError `incompatible-checkpoint` naming the first that is missing, has another shape, or is not wanted.
 */
export function matchTensors(where: string, wanted: readonly ParameterInfo[], tensors: readonly NamedTensor[]): NamedTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const matched = wanted.map(({ name, shape }) => {
    const tensor = byName.get(name);
    const expected = `a tensor ${name} of shape [${shape.join(', ')}]`;
    if (!tensor) return refuse(where, expected, 'none of that name');
    byName.delete(name);
    const sameShape = tensor.shape.length === shape.length && shape.every((size, i) => tensor.shape[i] === size);
    if (!sameShape) refuse(where, expected, `one of shape [${tensor.shape.join(', ')}]`);
    const size = shape.reduce((product, each) => product * each, 1);
    if (!(tensor.values instanceof Float32Array) || tensor.values.length !== size) {
      refuse(where, `${size} numbers in ${name}`, describe(tensor.values));
    }
    return tensor;
  });
  const [extra] = byName.keys();
  if (extra !== undefined) refuse(where, `no tensor but ${wanted.map(({ name }) => name).join(', ') || 'none'}`, extra);
  return matched;
}
