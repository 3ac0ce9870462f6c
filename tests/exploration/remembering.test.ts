import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedArgmax } from '../../src/bellman/greedy.ts';
import { deepCopy } from '../../src/common/deep.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { bootstrapped } from '../../src/exploration/bootstrapped.ts';
import { epsilonZGreedy } from '../../src/exploration/epsilon-z-greedy.ts';
import type { RememberingExplorer } from '../../src/exploration/explorer.ts';
import { simHash } from '../../src/exploration/state-key.ts';
import { ucb } from '../../src/exploration/ucb.ts';
import { select, shares, expectShares } from '../support/explorer-input.ts';

const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
const ACTIONS = 4;
const HEADS = 3;

const explorers: readonly (readonly [string, () => RememberingExplorer])[] = [
  ['epsilonZGreedy', () => epsilonZGreedy({ epsilon: 0.5 })],
  ['bootstrapped', () => bootstrapped({ heads: HEADS, epsilon: 0.1 })],
  ['ucb', () => ucb({ coefficient: 1 })],
  ['ucb with simHash', () => ucb({ coefficient: 1, key: simHash({ bits: 3, seed: 1 }) })],
];

/** A world that any explorer can act in: values, masks, observations and ends of episodes, all drawn. */
class World {
  readonly random: Random;
  readonly log: number[] = [];
  constructor(seed: number) {
    this.random = new Random(seed);
  }

  step(explorer: RememberingExplorer, draws: Random): void {
    const { random } = this;
    const batch = 1 + random.integer(3);
    const streams = Int32Array.from({ length: batch }, (_, n) => n * (1 + random.integer(2)));
    const masks = Uint8Array.from({ length: batch * ACTIONS }, () => random.integer(2));
    for (let n = 0; n < batch; n++) masks[n * ACTIONS + random.integer(ACTIONS)] = 1;
    const qValues = Float32Array.from({ length: batch * ACTIONS * (explorer.heads ?? 1) }, () => random.integer(5));
    const observations = Float32Array.from({ length: batch * 2 }, () => random.integer(3) - 1);
    const input = { batch, actions: ACTIONS, qValues, masks, streams, observations, observationSize: 2, random: draws };
    select(explorer, input).forEach((action, n) => {
      expect(masks[n * ACTIONS + action]).toBe(1);
      this.log.push(action);
    });
    if (random.integer(4) === 0) explorer.endEpisode?.(random.integer(3));
  }
}

describe.each(explorers)('%s', (_name, create) => {
  it('chooses possible actions only, and the same from the same seeds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, other) => {
        const run = () => {
          const world = new World(seed);
          const [explorer, draws] = [create(), new Random(other)];
          for (let k = 0; k < 40; k++) world.step(explorer, draws);
          return world.log;
        };
        expect(run()).toEqual(run());
      }),
    );
  });

  it('goes on from a saved state exactly, in the middle of episodes', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(40), (seed, before) => {
        const [explorer, world, draws] = [create(), new World(seed), new Random(seed + 1)];
        for (let k = 0; k < before; k++) world.step(explorer, draws);
        const saved = deepCopy(explorer.getState());
        const [restored, twin, twinDraws] = [create(), new World(0), new Random(0)];
        twin.step(restored, twinDraws); // what it remembers of another run must go
        restored.setState(deepCopy(saved));
        expect(restored.getState()).toEqual(saved);
        twin.random.restore(world.random.state());
        twinDraws.restore(draws.state());
        const start = world.log.length;
        twin.log.length = 0;
        for (let k = 0; k < 20; k++) {
          world.step(explorer, draws);
          twin.step(restored, twinDraws);
        }
        expect(twin.log).toEqual(world.log.slice(start));
        expect(restored.getState()).toEqual(explorer.getState());
      }),
    );
  });

  it('gives agents memories of their own, with the same options', () => {
    const shared = create();
    const untouched = deepCopy(shared.getState());
    const [first, second] = [shared.fresh?.() as RememberingExplorer, shared.fresh?.() as RememberingExplorer];
    expect({ ...first }).toEqual({ ...shared });
    const world = new World(3);
    const draws = new Random(4);
    for (let k = 0; k < 30; k++) world.step(first, draws);
    expect(first.getState()).not.toEqual(untouched);
    expect(second.getState()).toEqual(untouched);
    expect(shared.getState()).toEqual(untouched);
    expect(first.fresh?.().getState()).toEqual(untouched);
  });

  it('does not let one environment’s episode disturb another', () => {
    const run = (disturbed: boolean) => {
      const explorer = create();
      const log: number[] = [];
      const draws = new Random(9);
      for (let k = 0; k < 30; k++) {
        log.push(...select(explorer, { batch: 1, actions: ACTIONS, qValues: new Float32Array(ACTIONS * HEADS), random: draws }));
        if (disturbed) explorer.endEpisode?.(1);
      }
      return log;
    };
    expect(run(true)).toEqual(run(false));
  });

  it('refuses damaged states and keeps what it had', () => {
    const [explorer, world, draws] = [create(), new World(1), new Random(2)];
    for (let k = 0; k < 20; k++) world.step(explorer, draws);
    const saved = deepCopy(explorer.getState()) as Record<string, State>;
    const hostile: unknown[] = [null, 3, 'x', [], new Int32Array(2), {}];
    for (const key of Object.keys(saved)) {
      const { [key]: _gone, ...rest } = saved;
      hostile.push(rest, { ...saved, [key]: 'x' }, { ...saved, [key]: new Float64Array(2) }, { ...saved, [key]: -5 });
      hostile.push({ ...saved, [key]: Int32Array.of(-2) }, { ...saved, [key]: new Uint32Array(3) });
    }
    for (const state of hostile) {
      expect(() => explorer.setState(state as State)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/-checkpoint$/) as string }),
      );
      expect(explorer.getState()).toEqual(saved);
    }
  });
});

describe('epsilonZGreedy', () => {
  const one = (explorer: RememberingExplorer, random: Random, masks?: Uint8Array) =>
    select(explorer, { batch: 1, actions: 3, qValues: Float32Array.of(0, 1, 0), random, ...(masks ? { masks } : {}) })[0];

  /** How long actions are held, told by the explorer's own state. */
  function durations(exponent: number, maxDuration: number, count: number): number[] {
    const explorer = epsilonZGreedy({ epsilon: 1, exponent, maxDuration });
    const random = new Random(1);
    return Array.from({ length: count }, () => {
      one(explorer, random);
      const { left } = explorer.getState() as { left: Int32Array };
      const steps = left[0] + 1;
      explorer.endEpisode(0);
      return steps;
    });
  }

  it.each([
    [2, 5],
    [1.5, 8],
    [3, 10_000],
  ])('draws durations n with probability in proportion to n^−μ (μ = %s, at most %s)', (exponent, longest) => {
    const drawn = durations(exponent, longest, 60_000);
    expect(Math.min(...drawn)).toBe(1);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(longest);
    const weights = Array.from({ length: longest }, (_, i) => (i + 1) ** -exponent);
    const total = weights.reduce((a, b) => a + b, 0);
    // The first seven durations by themselves, all longer ones together.
    const bins = 8;
    const given = Array.from({ length: bins }, () => 0);
    const exact = given.slice();
    for (const n of drawn) given[Math.min(n, bins) - 1] += 1 / drawn.length;
    weights.forEach((w, i) => (exact[Math.min(i, bins - 1)] += w / total));
    expectShares(given, exact);
  });

  it('holds an action for its duration, step by step', () => {
    const explorer = epsilonZGreedy({ epsilon: 1, exponent: 1.01 });
    const random = new Random(5);
    for (let k = 0; k < 50; k++) {
      const action = one(explorer, random);
      let { left } = deepCopy(explorer.getState()) as { left: Int32Array };
      for (; left[0] > 0 && left[0] < 300; left = (deepCopy(explorer.getState()) as { left: Int32Array }).left) {
        const before = random.state();
        expect(one(explorer, random)).toBe(action);
        expect(random.state()).toEqual(before);
        expect((explorer.getState() as { left: Int32Array }).left[0]).toBe(left[0] - 1);
      }
      explorer.endEpisode(0);
    }
  });

  it('is ε-greedy where durations are 1, and greedy for ε = 0', () => {
    expectShares(shares(epsilonZGreedy({ epsilon: 0.3, maxDuration: 1 }), [1, 5, 2]), [0.1, 0.8, 0.1]);
    expectShares(shares(epsilonZGreedy({ epsilon: 0 }), [1, 5, 2]), [0, 1, 0]);
  });

  it('drops a held action with the episode, and where it is impossible', () => {
    const held = (action: number, left: number) => {
      const explorer = epsilonZGreedy({ epsilon: 0 });
      explorer.setState({ held: Int32Array.of(action), left: Int32Array.of(left) });
      return explorer;
    };
    const random = new Random(1);
    const going = held(2, 2);
    expect([one(going, random), one(going, random), one(going, random)]).toEqual([2, 2, 1]);
    const ended = held(2, 9);
    ended.endEpisode(0);
    expect(one(ended, random)).toBe(1);
    const masked = held(2, 9);
    expect(one(masked, random, Uint8Array.of(1, 0, 0))).toBe(0);
    expect(one(masked, random)).toBe(1); // it does not come back
    expect(one(held(7, 9), random)).toBe(1); // another number of actions
  });

  it('refuses options out of range', () => {
    expect(epsilonZGreedy({ epsilon: 0.1 })).toMatchObject({ kind: 'epsilonZGreedy', exponent: 2, maxDuration: 10_000 });
    expect(epsilonZGreedy({ epsilon: 0.1 }).rate(3)).toBe(0.1);
    expect(() => epsilonZGreedy({ epsilon: 2 })).toThrow(refused('epsilonZGreedy(epsilon)'));
    expect(() => epsilonZGreedy({ epsilon: 0, exponent: 1 })).toThrow(refused('epsilonZGreedy(exponent)'));
    expect(() => epsilonZGreedy({ epsilon: 0, maxDuration: 0 })).toThrow(refused('epsilonZGreedy(maxDuration)'));
    expect(() => select(epsilonZGreedy({ epsilon: { kind: 'mine', at: () => -1 } }), { batch: 1, actions: 1 })).toThrow(
      refused("epsilonZGreedy(epsilon), schedule 'mine' at step 0"),
    );
    const masks = new Uint8Array(2);
    for (const epsilon of [0, 1]) {
      expect(() => select(epsilonZGreedy({ epsilon }), { batch: 1, actions: 2, masks })).toThrow(
        expect.objectContaining({ code: 'invalid-environment' }),
      );
    }
  });
});

describe('bootstrapped', () => {
  it('draws one head an episode, all alike, and follows it greedily', () => {
    const explorer = bootstrapped({ heads: 3 });
    const random = new Random(8);
    // Head k prefers action k.
    const qValues = Float32Array.of(1, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1);
    const counts = [0, 0, 0];
    const episodes = 6000;
    for (let e = 0; e < episodes; e++) {
      const first = select(explorer, { batch: 1, actions: 3, qValues, random })[0];
      for (let k = 0; k < 3; k++) expect(select(explorer, { batch: 1, actions: 3, qValues, random })).toEqual([first]);
      counts[first]++;
      explorer.endEpisode(0);
    }
    const chi = counts.reduce((sum, c) => sum + (c - episodes / 3) ** 2 / (episodes / 3), 0);
    expect(chi).toBeLessThan(2 + 5 * 2);
  });

  it('reads the row of the drawn head and masks it', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (seed, heads, batch) => {
        const random = new Random(seed);
        const explorer = bootstrapped({ heads });
        const qValues = Float32Array.from({ length: batch * heads * 3 }, () => random.integer(9));
        const masks = Uint8Array.from({ length: batch * 3 }, (_, i) => (i % 3 === 1 ? 1 : random.integer(2)));
        const chosen = select(explorer, { batch, actions: 3, qValues, masks, random });
        const { drawn } = explorer.getState() as { drawn: Int32Array };
        chosen.forEach((action, n) => {
          const row = qValues.subarray((n * heads + drawn[n]) * 3, (n * heads + drawn[n] + 1) * 3);
          expect(action).toBe(maskedArgmax(row, 0, 3, masks.subarray(n * 3, n * 3 + 3)));
        });
      }),
    );
  });

  it('draws for each environment by itself', () => {
    const explorer = bootstrapped({ heads: 10 });
    const streams = 200;
    select(explorer, { batch: streams, actions: 1, qValues: new Float32Array(streams * 10) });
    const { drawn } = explorer.getState() as { drawn: Int32Array };
    expect(new Set(drawn).size).toBe(10);
  });

  it('explores by ε where it is asked to', () => {
    const explorer = bootstrapped({ heads: 1, epsilon: 0.3 });
    expectShares(shares(explorer, [1, 5, 2]), [0.1, 0.8, 0.1]);
    expect(explorer.rate(0)).toBe(0.3);
  });

  it('says what the agent must provide, and refuses options out of range', () => {
    expect(bootstrapped()).toMatchObject({ kind: 'bootstrapped', heads: 10, headProbability: 1 });
    expect(bootstrapped({ heads: 4, probability: 0.5 }).fresh()).toMatchObject({ heads: 4, headProbability: 0.5 });
    expect(() => bootstrapped({ heads: 0 })).toThrow(refused('bootstrapped(heads)'));
    expect(() => bootstrapped({ probability: 0 })).toThrow(refused('bootstrapped(probability)'));
    expect(() => bootstrapped({ epsilon: -1 })).toThrow(refused('bootstrapped(epsilon)'));
    expect(() => select(bootstrapped({ heads: 1 }), { batch: 1, actions: 2, masks: new Uint8Array(2) })).toThrow(
      expect.objectContaining({ code: 'invalid-environment', where: 'Explorer.select(masks), state 0 of the batch' }),
    );
    const other = bootstrapped({ heads: 4 }).getState();
    expect(() => bootstrapped({ heads: 5 }).setState(other)).toThrow(expect.objectContaining({ code: 'incompatible-checkpoint' }));
  });
});
