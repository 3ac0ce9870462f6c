import { DqnError } from '../common/errors.ts';
import type { NamedTensor, QNetwork } from '../networks/q-network.ts';

/**
 * Lets a network start with the weights that its factory gives.
 * @param networks - how many networks lie in it side by side; each starts so.
 * @throws DqnError `invalid-option` where several networks would then be the same, `incompatible-checkpoint` on a tensor of another shape or none of its names.
 */
export async function startWith(network: QNetwork, given: readonly NamedTensor[], networks: number): Promise<void> {
  const drawn = await network.weights();
  const placed = new Map<string, NamedTensor>();
  for (const tensor of given) {
    for (let i = 0; i < networks; i++) {
      const name = networks === 1 ? tensor.name : tensor.name.replace(/^layers\./, `layers.0.branches.${i}.`);
      placed.set(name, { ...tensor, name });
    }
  }
  if (networks > 1 && placed.size === drawn.length) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'createAgent({ network })',
      expected: `${networks} networks that start with weights of their own`,
      received: 'the same weights for all of them',
      remedy: 'Let the network draw its weights.',
    });
  }
  const all = drawn.map((tensor) => placed.get(tensor.name) ?? tensor);
  await network.setWeights([...all, ...[...placed.values()].filter((tensor) => !all.includes(tensor))]);
}
