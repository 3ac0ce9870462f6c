import { describe, expect, expectTypeOf, it } from 'vitest';
import { bootstrapped, createAgent, implicitQuantile, noisyGreedy, uniform } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { cnn } from '../../src/networks/cnn.ts';
import { mlp } from '../../src/networks/mlp.ts';
import type { NetworkFactory, NetworkIo } from '../../src/networks/network-factory.ts';
import { randomPrior } from '../../src/networks/random-prior.ts';
import { recurrent } from '../../src/networks/recurrent.ts';
import { traitsOf } from '../../src/networks/traits.ts';

const io: NetworkIo = { inputShape: [8], actions: 4, width: 1, heads: 1, outputSize: 4 };
const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });

describe('randomPrior', () => {
  it('puts a network beside another of its kind, of which the scale is three', () => {
    const network = mlp({ hidden: [16], dueling: true });
    const { layers } = network.build(io);
    expect(randomPrior(network).build({ ...io, inputScale: 0.5 })).toEqual({
      inputShape: [8],
      inputScale: 0.5,
      layers: [{ kind: 'randomPrior', layers, prior: layers, scale: 3 }],
    });
  });

  it('takes another prior and scale', () => {
    const prior = mlp({ hidden: [4] });
    expect(randomPrior(mlp({ hidden: [16] }), { prior, scale: 0 }).build(io).layers).toEqual([
      { kind: 'randomPrior', layers: mlp({ hidden: [16] }).build(io).layers, prior: prior.build(io).layers, scale: 0 },
    ]);
  });

  it('remembers where the network does', () => {
    const factory = randomPrior(recurrent({ units: 5 }), { prior: mlp({ hidden: [] }) });
    expectTypeOf(factory).toEqualTypeOf<NetworkFactory<true>>();
    expect(factory.recurrent).toBe(true);
    expect(traitsOf(factory.build(io)).stateSize).toBe(5);
    expect(traitsOf(randomPrior(recurrent({ units: 5 })).build(io)).stateSize).toBe(10);
    expect(randomPrior(mlp({ hidden: [] })).recurrent).toBeUndefined();
  });

  it('explores by the noise of the network alone, for a prior is without', async () => {
    const [noisy, quiet] = [mlp({ hidden: [], noisy: true }), mlp({ hidden: [] })];
    expect(traitsOf(randomPrior(noisy, { prior: quiet }).build(io)).noisy).toBe(true);
    expect(traitsOf(randomPrior(quiet, { prior: noisy }).build(io)).noisy).toBe(false);
    const network = randomPrior(quiet, { prior: noisy });
    await expect(createAgent(new CartPole(), { network, explorer: noisyGreedy() })).rejects.toThrow('noisy layers in the network');
  });

  it('gives every head a prior of its own', async () => {
    const agent = await createAgent(new CartPole(), {
      network: randomPrior(mlp({ hidden: [8] }), { scale: 5 }),
      explorer: bootstrapped({ heads: 3 }),
      replay: uniform({ capacity: 100 }),
      seed: 1,
    });
    expect(agent.online.spec.layers).toMatchObject([{ layers: [{}, { units: 6 }], prior: [{}, { units: 6 }] }]);
    const weights = new Map(agent.online.weights().map(({ name, values }) => [name, values]));
    expect(weights.get('layers.0.prior.1.weight')).not.toEqual(weights.get('layers.0.layers.1.weight'));
    agent.dispose();
  });

  it('refuses what it cannot do, naming it', async () => {
    const network = mlp({ hidden: [4] });
    expect(() => randomPrior(network, { scale: -1 })).toThrow(refused('randomPrior(scale)'));
    expect(() => randomPrior(network, { scale: NaN })).toThrow(refused('randomPrior(scale)'));
    // @ts-expect-error: misspelt
    expect(() => randomPrior(network, { beta: 1 })).toThrow(refused('randomPrior(options)'));
    const given: NetworkFactory<false> = { ...network, initialWeights: () => [] };
    expect(() => randomPrior(given)).toThrow(refused('randomPrior(network)'));
    expect(() => randomPrior(network, { prior: given })).toThrow(refused('randomPrior(network)'));
    const options = { network: randomPrior(network), head: implicitQuantile() };
    await expect(createAgent(new CartPole(), options)).rejects.toThrow(refused('randomPrior, head'));
    const narrow: NetworkFactory<false> = { kind: 'narrow', build: (each) => network.build({ ...each, outputSize: 3 }) };
    expect(() => randomPrior(network, { prior: narrow }).build(io)).toThrow(refused('network.layers.0.prior'));
    const images = cnn({ convolutions: [{ filters: 2, kernelSize: 3 }], hidden: [] });
    expect(() => randomPrior(network, { prior: images }).build(io)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});
