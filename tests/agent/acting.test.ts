import { describe, expect, test } from 'vitest';
import {
  box,
  createAgent,
  discrete,
  greedy,
  mlp,
  noisyGreedy,
  recurrent,
  sequences,
  wasm,
  type Engine,
  type Explorer,
} from '../../src/index.ts';
import type { MaybePromise, Timing } from '../../src/common/maybe-promise.ts';
import type { ForwardOptions } from '../../src/networks/q-network.ts';

const spaces = { observationSpace: box({ low: 0, high: 1, shape: [2] }), actionSpace: discrete(3) };
const first = Float32Array.of(0, 1);
const second = Float32Array.of(1, 0);

/** The embedded engine, with every forward pass done by `pass`. */
function engineWith<M extends Timing>(pass: (forward: () => Float32Array) => MaybePromise<Float32Array>): Engine<M> {
  const inner = wasm();
  const engine: Pick<Engine, 'prepare' | 'createNetwork'> = {
    prepare: (spec) => inner.prepare?.(spec),
    createNetwork(spec, options) {
      const network = inner.createNetwork(spec, options);
      const forward = network.forward.bind(network);
      const passing = (observations: Float32Array, batch: number, given?: ForwardOptions) =>
        pass(() => forward(observations, batch, given));
      return Object.assign(network, { forward: passing as typeof network.forward });
    },
  };
  return { ...inner, ...engine } as Engine<M>;
}

test.each([-1, 2, 0])('an explorer that chooses what cannot be is refused by its name: %d', async (choice) => {
  const explorer: Explorer = { kind: 'wild', select: ({ batch }, out) => void out.fill(choice, 0, batch) };
  const agent = await createAgent({ ...spaces, actionSpace: discrete(2) }, { network: mlp({ hidden: [4] }), explorer });
  const actionMask = Uint8Array.of(0, 1);
  const refused = { code: 'invalid-part', where: 'Explorer.select() of "wild"', received: String(choice) };
  expect(() => agent.act(first, { actionMask })).toThrow(expect.objectContaining(refused));
  expect(() => agent.actBatch([first, second], { actionMasks: [undefined, actionMask] })).toThrow(expect.objectContaining(refused));
});

describe('on an engine that takes its time', () => {
  const later = engineWith<'async'>(async (forward) => forward().slice());

  test('acts that overlap keep their masks apart, as of an evaluation beside training', async () => {
    const agent = await createAgent(spaces, { engine: later, explorer: greedy() });
    const acting = [
      agent.act(first, { actionMask: Uint8Array.of(1, 0, 0) }),
      agent.act(second, { actionMask: Uint8Array.of(0, 0, 1), explore: false }),
    ];
    expect(await Promise.all(acting)).toEqual([0, 2]);
    const batch = agent.actBatch([first, second], { actionMasks: [Uint8Array.of(0, 1, 0), Uint8Array.of(1, 0, 0)] });
    const single = agent.act(first, { actionMask: Uint8Array.of(0, 0, 1), explore: false });
    expect([...(await batch), await single]).toEqual([1, 0, 2]);
  });

  test('acts that overlap carry on each the memory of its own environment', async () => {
    const make = () =>
      createAgent(spaces, {
        engine: later,
        network: recurrent({ units: 4 }),
        replay: sequences({ capacity: 100, length: 4, burnIn: 0 }),
        explorer: greedy(),
      });
    const [together, inTurn] = [await make(), await make()];
    for (let step = 0; step < 2; step++) {
      await Promise.all([together.act(first, { stream: 0 }), together.act(second, { stream: 1 })]);
      await inTurn.act(first, { stream: 0 });
      await inTurn.act(second, { stream: 1 });
    }
    const [one, other] = [await together.getState(), await inTurn.getState()];
    expect(one).toEqual(other);
  });

  test('acts that overlap are explored each for its own environment', async () => {
    const seen: number[] = [];
    const explorer: Explorer = {
      kind: 'recording',
      select({ streams }, out) {
        seen.push(streams[0]);
        out[0] = 0;
      },
    };
    const agent = await createAgent(spaces, { engine: later, explorer });
    await Promise.all([agent.act(first, { stream: 1 }), agent.act(second, { stream: 0 })]);
    expect(seen).toEqual([1, 0]);
  });
});

test('after a pass that failed, a vector is acted in as before with noise held for an episode', async () => {
  let lost = false;
  const engine = engineWith<'sync'>((forward) => {
    if (lost) throw new Error('lost');
    return forward();
  });
  const network = mlp({ hidden: [8], noisy: true });
  const agent = await createAgent(spaces, { engine, network, explorer: noisyGreedy({ hold: 'episode' }) });
  const before = agent.actBatch([first, second]);
  lost = true;
  expect(() => agent.actBatch([first, second])).toThrow('lost');
  lost = false;
  expect(agent.actBatch([first, second])).toEqual(before);
});
