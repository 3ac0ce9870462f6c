import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Blackjack, FrozenLake, randomLake, Taxi } from '../../src/environments/index.ts';
import type { FrozenLakeOptions, MdpTransition } from '../../src/environments/index.ts';
import { optimalActionValues } from '../../src/environments/finite-mdp.ts';
import { adam, createAgent, epsilonGreedy, hard, linear, mlp, train, uniform } from '../../src/index.ts';
import { valueIteration } from '../../src/testing/index.ts';
import { world } from './support.ts';
import blackjack from '../reference/gymnasium/blackjack-v1.json' with { type: 'json' };
import frozenLake from '../reference/gymnasium/frozen-lake-v1.json' with { type: 'json' };
import fickle from '../reference/gymnasium/taxi-v4.fickle.json' with { type: 'json' };
import taxi from '../reference/gymnasium/taxi-v4.json' with { type: 'json' };

// The files hold what the classes of Gymnasium 1.4.0 gave: `env.P`, `env.initial_state_distrib` and `env.action_mask(state)` as they are, every outcome
// as [probability, next state, reward, terminated]; the taxi's probabilities by their index. Episodes were recorded with a random generator that
// kept what it drew. Blackjack's chances come from playing every sequence of cards through `env.step`.

afterEach(() => vi.restoreAllMocks());

/** Makes every random stream give the numbers of a list, from its beginning and without those given; after that it throws. */
function feed(kind: 'float' | 'integer', values: number[]): void {
  vi.spyOn(Random.prototype, kind).mockImplementation((n = 1) => {
    const value = values.shift();
    if (value === undefined) throw new RangeError('a draw that was not expected');
    if (!(value < n)) throw new RangeError(`a draw of ${n} values for ${value}`);
    return value;
  });
}

/** A table of Gymnasium's as the library has it: impossible outcomes left out. */
function listed(P: readonly (readonly (readonly (readonly number[])[])[])[], probabilities?: readonly number[]): MdpTransition[] {
  return P.flatMap((actions, state) =>
    actions.flatMap((outcomes, action) =>
      outcomes.map(([p, nextState, reward, terminated]) => {
        const probability = probabilities === undefined ? p : probabilities[p];
        return { state, action, probability, nextState, reward, terminated: terminated === 1 };
      }),
    ),
  ).filter(({ probability }) => probability > 0);
}

/** Steps from every state with every action, and compares how often each outcome comes with the table, by five standard deviations. */
function expectFrequencies(environment: FrozenLake | Taxi, states: readonly number[], samples: number): void {
  for (const state of states) {
    for (let action = 0; action < environment.actionSpace.n; action++) {
      const chances = new Map<string, number>();
      for (const { state: s, action: a, probability, nextState, reward, terminated } of environment.transitions) {
        if (s !== state || a !== action) continue;
        const key = JSON.stringify([nextState, reward, terminated]);
        chances.set(key, (chances.get(key) ?? 0) + probability);
      }
      const counts = new Map<string, number>();
      for (let i = 0; i < samples; i++) {
        environment.reset({ options: { state: [state] } });
        const { observation, reward, terminated } = environment.step(action);
        const key = JSON.stringify([observation, reward, terminated]);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      expect([...chances.keys()]).toEqual(expect.arrayContaining([...counts.keys()]));
      for (const [key, chance] of chances) {
        const deviation = Math.sqrt(samples * chance * (1 - chance));
        expect(Math.abs((counts.get(key) ?? 0) - samples * chance)).toBeLessThanOrEqual(5 * deviation + 1e-9 * samples);
      }
    }
  }
}

/** The options that stand for Gymnasium's arguments. */
function lakeOptions(given: (typeof frozenLake.cases)[number]['arguments']): FrozenLakeOptions {
  const { is_slippery, success_rate, map_name, desc, reward_schedule } = given as {
    is_slippery?: boolean;
    success_rate?: number;
    map_name?: string;
    desc?: string[];
    reward_schedule?: number[];
  };
  const map = desc?.join('\n') ?? map_name;
  const [goalReward, holeReward, stepReward] = reward_schedule ?? [];
  return {
    ...(map === undefined ? {} : { map }),
    ...(is_slippery === false ? { successProbability: 1 } : success_rate === undefined ? {} : { successProbability: success_rate }),
    ...(reward_schedule === undefined ? {} : { goalReward, holeReward, stepReward }),
  };
}

describe('FrozenLake', () => {
  test.each(frozenLake.cases)('has every entry of the table of Gymnasium with $arguments', ({ arguments: given, P, starts }) => {
    const environment = new FrozenLake(lakeOptions(given));
    expect(environment.transitions).toEqual(listed(P));
    expect(environment.observationSpace.n).toBe(P.length);
    const seen = new Set(Array.from({ length: 60 }, () => environment.reset().observation));
    expect([...seen].sort()).toEqual(starts.flatMap((chance, cell) => (chance > 0 ? [cell] : [])));
  });

  test('steps as its table says', () => {
    expectFrequencies(new FrozenLake({ successProbability: 0.5, holeReward: -1 }), [0, 2, 4, 6, 14], 2000);
  });

  test('starts on all starts equally often', () => {
    const environment = new FrozenLake({ map: 'SFSG' });
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 2000; i++) counts[environment.reset().observation]++;
    expect([counts[1], counts[3]]).toEqual([0, 0]);
    expect(Math.abs(counts[0] - 1000)).toBeLessThan(120);
  });

  test('has the optimal values that are known', () => {
    const value = (options: FrozenLakeOptions, discount: number): number => {
      const environment = new FrozenLake(options);
      const { n } = environment.observationSpace;
      return Math.max(...optimalActionValues(environment.transitions, n, 4, discount).subarray(0, 4));
    };
    // Six steps, and fourteen, of which the last is rewarded.
    expect(value({ successProbability: 1 }, 0.9)).toBeCloseTo(0.9 ** 5, 12);
    expect(value({ successProbability: 1, map: '8x8' }, 0.9)).toBeCloseTo(0.9 ** 13, 12);
    // Without an end to the steps the slippery lake of 4 × 4 cells is crossed with 14/17 at most, and the one of 8 × 8 almost surely.
    expect(value({}, 1)).toBeCloseTo(14 / 17, 9);
    expect(value({ map: '8x8' }, 1)).toBeCloseTo(1, 9);
  });

  test('value iteration and policy iteration agree on its table', () => {
    const environment = new FrozenLake({ map: '8x8', stepReward: -0.01 });
    const q = optimalActionValues(environment.transitions, 64, 4, 0.95);
    const swept = valueIteration({ states: 64, actions: 4, discount: 0.95, transitions: environment.transitions });
    for (let i = 0; i < q.length; i++) expect(Math.abs(q[i] - swept[i])).toBeLessThan(1e-9);
  });

  test('is truncated after 100 steps, the large one after 200', () => {
    for (const [map, limit] of [
      ['4x4', 100],
      ['8x8', 200],
      ['SFFFG', 100],
    ] as const) {
      const environment = new FrozenLake({ map, successProbability: 1 });
      environment.reset();
      for (let step = 1; step <= limit; step++) {
        expect(environment.step(0)).toMatchObject({ observation: 0, truncated: step === limit, terminated: false });
      }
    }
  });

  test('refuses malformed maps and numbers, and ends to start from', () => {
    expect(() => new FrozenLake({ map: 'SF\nG' })).toThrow('FrozenLake(map): expected 2 cells in every row');
    expect(() => new FrozenLake({ map: '5x5' })).toThrow('the characters S, F, H and G alone but received "5" in row 0');
    expect(() => new FrozenLake({ map: 'toString' })).toThrow('FrozenLake(map)');
    expect(() => new FrozenLake({ map: 'FG' })).toThrow('at least one S');
    expect(() => new FrozenLake({ map: 'SF' })).toThrow('at least one G');
    expect(() => new FrozenLake({ map: 4 as unknown as string })).toThrow('expected a text but received 4');
    for (const name of ['successProbability', 'goalReward', 'holeReward', 'stepReward', 'maxEpisodeSteps']) {
      expect(() => new FrozenLake({ [name]: NaN })).toThrow(`FrozenLake(${name})`);
    }
    for (const successProbability of [-0.1, 1.1]) expect(() => new FrozenLake({ successProbability })).toThrow('[0, 1]');
    for (const cell of [5, 15, 16])
      expect(() => new FrozenLake().reset({ options: { state: [cell] } })).toThrow('neither goal nor hole');
    expect(() => new FrozenLake({ map: 'SFG' }).setState(new FrozenLake({ map: 'SGF' }).getState())).toThrow('"FrozenLake SFG"');
  });

  test('DQN learns the way over the ice that is not slippery', async () => {
    const environment = new FrozenLake({ successProbability: 1 });
    const steps = 4000;
    const agent = await createAgent(environment, {
      network: mlp({ hidden: [] }),
      replay: uniform({ capacity: steps }),
      explorer: epsilonGreedy(1),
      targetUpdater: hard({ period: 50 }),
      optimizer: adam({ learningRate: linear(0.02, 0.001, steps) }),
      discount: 0.9,
      learningStarts: 100,
      seed: 1,
    });
    for await (const _ of train(agent, environment, { steps }));
    let { observation } = environment.reset();
    const way: number[] = [];
    for (let ended = false; !ended;) {
      expect(way.length).toBeLessThan(6);
      const optimal = optimalActionValues(environment.transitions, 16, 4, 0.9).subarray(observation * 4, observation * 4 + 4);
      const action = agent.act(observation, { explore: false });
      expect(optimal[action]).toBeCloseTo(Math.max(...optimal), 9);
      const result = environment.step(action);
      ({ observation } = result);
      way.push(observation);
      ended = result.terminated;
    }
    expect(way.at(-1)).toBe(15);
  });
});

describe('randomLake', () => {
  /** Whether cells spread from the start to the goal, by sweeping until nothing changes. */
  function crossable(lines: readonly string[]): boolean {
    const size = lines.length;
    const wet = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
    wet[0][0] = true;
    for (let sweep = 0; sweep < size * size; sweep++) {
      for (let r = 0; r < size; r++) {
        for (let c = 0; c < size; c++) {
          if (lines[r][c] !== 'H' && (wet[r - 1]?.[c] || wet[r + 1]?.[c] || wet[r][c - 1] || wet[r][c + 1])) wet[r][c] = true;
        }
      }
    }
    return wet[size - 1][size - 1];
  }

  test('draws square maps with a way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 7 }),
        fc.double({ min: 0.4, max: 1, noNaN: true }),
        fc.integer(),
        (size, chance, seed) => {
          const map = randomLake({ size, frozenProbability: chance, seed });
          const lines = map.split('\n');
          expect(lines.map((line) => line.length)).toEqual(Array.from({ length: size }, () => size));
          expect(map.replaceAll('\n', '')).toMatch(/^S[FH]*G$/);
          expect(crossable(lines)).toBe(true);
          expect(randomLake({ size, frozenProbability: chance, seed })).toBe(map);
          expect(new FrozenLake({ map }).observationSpace.n).toBe(size * size);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('draws a map of its own for every seed, with as many holes as asked', () => {
    const maps = Array.from({ length: 200 }, (_, seed) => randomLake({ seed }));
    expect(new Set(maps).size).toBe(200);
    const holes = maps.join('').split('H').length - 1;
    // A fifth of 62 cells, fewer where only maps with a way are kept.
    expect(holes / (200 * 62)).toBeGreaterThan(0.15);
    expect(holes / (200 * 62)).toBeLessThan(0.2);
    expect(randomLake({ frozenProbability: 1 })).not.toContain('H');
  });

  test('refuses options out of range and chances that leave no way', () => {
    for (const size of [1, 101, 2.5]) expect(() => randomLake({ size })).toThrow('randomLake(size)');
    for (const frozenProbability of [0, 1.1, NaN]) {
      expect(() => randomLake({ frozenProbability })).toThrow('randomLake(frozenProbability)');
    }
    expect(() => randomLake({ size: 8, frozenProbability: 0.01 })).toThrow('has a way');
    expect(() => randomLake({ seed: NaN })).toThrow('randomLake(seed)');
  });
});

describe('Taxi', () => {
  test.each(taxi.cases)('has every entry of the table of Gymnasium with $arguments', ({ arguments: given, probabilities, P }) => {
    const successProbability = given.is_rainy === true ? 0.8 : 1;
    const { transitions } = new Taxi({ successProbability });
    const expected = listed(P, probabilities);
    expect(transitions).toHaveLength(given.is_rainy === true ? 7000 : 3000);
    expect(transitions).toEqual(expected);
  });

  test('gives the masks of Gymnasium, at resets and after steps, or none', () => {
    const environment = new Taxi();
    const bare = new Taxi({ actionMask: false });
    for (let state = 0; state < 500; state++) {
      expect(environment.reset({ options: { state: [state] } }).actionMask?.join('')).toBe(taxi.masks[state]);
      expect(bare.reset({ options: { state: [state] } })).not.toHaveProperty('actionMask');
      const action = state % 6;
      const { observation, actionMask } = environment.step(action);
      expect(actionMask?.join('')).toBe(taxi.masks[observation]);
      // The mask tells which actions change something.
      expect(observation !== state).toBe(taxi.masks[state][action] === '1');
      expect(bare.step(action)).not.toHaveProperty('actionMask');
    }
  });

  test('masks may be kept and changed', () => {
    const environment = new Taxi();
    const { observation, actionMask } = environment.reset({ seed: 1 });
    actionMask!.fill(7);
    expect(environment.reset({ options: { state: [observation] } }).actionMask?.join('')).toBe(taxi.masks[observation]);
  });

  test('starts in the 300 states of Gymnasium equally often', () => {
    const environment = new Taxi();
    const counts = new Map<number, number>();
    for (let i = 0; i < 30_000; i++) {
      const { observation } = environment.reset();
      counts.set(observation, (counts.get(observation) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(taxi.starts);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(55);
  });

  test('steps as its table says, in the rain too', () => {
    expectFrequencies(new Taxi(), [0, 16, 97, 241, 443, 499], 3);
    expectFrequencies(new Taxi({ successProbability: 0.6 }), [0, 97, 241, 330, 479], 1000);
  });

  test.each(fickle.episodes.map((episode, i) => ({ i, ...episode })))(
    'follows recorded episode $i with a fickle passenger',
    (episode) => {
      const environment = new Taxi({ successProbability: episode.rain ? 0.8 : 1, fickleProbability: 0.6 });
      environment.reset({ options: { state: [episode.start, episode.changesMind ? 1 : 0] } });
      for (const [i, action] of episode.actions.entries()) {
        const [luck, ...others] = episode.draws[i];
        feed('float', [luck]);
        feed('integer', others);
        const { observation, reward, terminated } = environment.step(action);
        expect({ observation, reward, terminated }).toEqual({
          observation: episode.states[i],
          reward: episode.rewards[i],
          terminated: episode.terminated[i] === 1,
        });
      }
    },
  );

  test('as many passengers are fickle as asked', () => {
    const environment = new Taxi({ fickleProbability: 0.3 });
    let fickle = 0;
    for (let i = 0; i < 2000; i++) {
      environment.reset();
      fickle += (environment.getState() as { world: number[] }).world[1];
    }
    expect(Math.abs(fickle - 600)).toBeLessThan(105);
  });

  test('its best policy, found by value and by policy iteration, drives every passenger home on the shortest way', () => {
    const environment = new Taxi();
    const { transitions } = environment;
    const q = valueIteration({ states: 500, actions: 6, discount: 0.99, transitions }, 1e-9);
    const exact = optimalActionValues(transitions, 500, 6, 0.99);
    for (let i = 0; i < q.length; i++) expect(Math.abs(q[i] - exact[i])).toBeLessThan(1e-8);

    // The steps between cells, by Floyd and Warshall.
    const steps = Array.from({ length: 25 }, (_, i) => Array.from({ length: 25 }, (_, j) => (i === j ? 0 : Infinity)));
    for (const { state, action, nextState } of transitions) {
      const [from, to] = [Math.floor(state / 20), Math.floor(nextState / 20)];
      if (action < 4 && from !== to) steps[from][to] = 1;
    }
    for (let k = 0; k < 25; k++) {
      for (let i = 0; i < 25; i++) for (let j = 0; j < 25; j++) steps[i][j] = Math.min(steps[i][j], steps[i][k] + steps[k][j]);
    }
    const stands = [0, 4, 20, 23];
    let sum = 0;
    for (const start of taxi.starts) {
      const [from, to] = [stands[Math.floor(start / 4) % 5], stands[start % 4]];
      let { observation, actionMask } = environment.reset({ options: { state: [start] } });
      let [undiscounted, value] = [0, 0];
      for (let step = 0, ended = false; !ended; step++) {
        const values = q.subarray(observation * 6, observation * 6 + 6);
        const action = values.indexOf(Math.max(...values));
        expect(actionMask![action]).toBe(1);
        const result = environment.step(action);
        undiscounted += result.reward;
        value += 0.99 ** step * result.reward;
        ({ observation, actionMask } = result);
        expect(result.truncated).toBe(false);
        ended = result.terminated;
      }
      expect(value).toBeCloseTo(Math.max(...q.subarray(start * 6, start * 6 + 6)), 8);
      // Every step but the last costs 1: those to the passenger, to pick him up, and to his destination.
      expect(undiscounted).toBe(20 - (steps[Math.floor(start / 20)][from] + 1 + steps[from][to]));
      sum += undiscounted;
    }
    // The best mean return over all starts that is known of Taxi-v3.
    expect(sum / 300).toBeCloseTo(7.93, 2);
  });

  test('refuses numbers out of range and states of another kind of passenger', () => {
    for (const name of ['successProbability', 'fickleProbability']) {
      for (const value of [-0.1, 1.1, NaN]) expect(() => new Taxi({ [name]: value })).toThrow(`Taxi(${name})`);
    }
    for (const state of [[500], [-1], [3, 0], [0.5]]) {
      expect(() => new Taxi().reset({ options: { state } })).toThrow('a whole number in [0, 499]');
    }
    for (const state of [[3], [3, 2], [3, 0, 0], [500, 1]]) {
      expect(() => new Taxi({ fickleProbability: 1 }).reset({ options: { state } })).toThrow('will change his mind');
    }
    expect(() => new Taxi().setState(new Taxi({ fickleProbability: 1 }).getState())).toThrow('expected a state of "Taxi"');
  });
});

describe('Blackjack', () => {
  const rules = { sab: 'wins', natural: 'pays' } as const;
  type Arguments = { sab?: boolean; natural?: boolean };
  const naturalsOf = (given: Arguments) => (given.sab === true ? rules.sab : given.natural === true ? rules.natural : 'counts');
  /** The chance of each card in thirteenths, by its number. */
  const WEIGHTS = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4];

  /** The draw that gives a card. */
  const drawOf = (card: number): number => card - 1;

  /** Plays every sequence of cards that the dealer may draw when the player sticks, and tells each game's chance, reward and cards. */
  function everyGame(
    environment: Blackjack,
    player: readonly number[],
    dealer: readonly number[],
    tell: (chance: number, reward: number, dealer: readonly number[]) => void,
  ): void {
    const state = [...dealer, 0, ...player];
    const cards: number[] = [];
    let drawn = 0;
    vi.spyOn(Random.prototype, 'integer').mockImplementation(() => drawOf(cards[drawn++] ?? 10));
    const go = (chance: number): void => {
      drawn = 0;
      environment.reset({ options: { state } });
      const { reward, terminated } = environment.step(0);
      if (!terminated) throw new Error('the dealer did not play');
      if (drawn <= cards.length) {
        const all = world(environment);
        tell(chance, reward, all.slice(0, all.indexOf(0)));
        return;
      }
      for (let card = 1; card <= 10; card++) {
        cards.push(card);
        go((chance * WEIGHTS[card]) / 13);
        cards.pop();
      }
    };
    go(1);
  }

  test.each(blackjack.stick)('gives every reward with the chance of Gymnasium with $arguments', ({ arguments: given, stick }) => {
    const environment = new Blackjack({ naturals: naturalsOf(given) });
    for (const [player, dealer, expected] of stick as [number[], number[], [number, number][]][]) {
      const chances = new Map<number, number>();
      everyGame(environment, player, dealer, (chance, reward) => chances.set(reward, (chances.get(reward) ?? 0) + chance));
      expect([...chances.keys()].sort((a, b) => a - b)).toEqual(expected.map(([reward]) => reward));
      for (const [reward, chance] of expected) expect(Math.abs(chances.get(reward)! - chance)).toBeLessThan(1e-12);
    }
  });

  test('a hit leads where it leads in Gymnasium', () => {
    const environment = new Blackjack();
    for (const [player, card, observation, reward, terminated] of blackjack.hit as [number[], number, number[], number, number][]) {
      environment.reset({ options: { state: [3, 4, 0, ...player] } });
      feed('integer', [drawOf(card)]);
      const result = environment.step(1);
      expect([...result.observation]).toEqual(observation);
      expect(result).toMatchObject({ reward, terminated: terminated === 1, truncated: false });
    }
  });

  test('plays recorded games', () => {
    for (const game of blackjack.games) {
      const environment = new Blackjack({ naturals: naturalsOf(game.arguments) });
      const cards = game.cards.map(drawOf);
      feed('integer', cards);
      expect([...environment.reset().observation]).toEqual(game.observations[0]);
      for (const [i, action] of game.actions.entries()) {
        const result = environment.step(action);
        expect([...result.observation]).toEqual(game.observations[i + 1]);
        expect(result.reward).toBe(game.rewards[i]);
        expect(result.terminated).toBe(game.terminated[i] === 1);
      }
      expect(cards).toEqual([]);
    }
  });

  test('draws tens four times as often as any other card', () => {
    const environment = new Blackjack();
    const counts = Array.from({ length: 11 }, () => 0);
    const games = 26_000;
    for (let i = 0; i < games; i++) counts[environment.reset().observation[1]]++;
    for (let card = 0; card <= 10; card++) {
      const chance = WEIGHTS[card] / 13;
      expect(Math.abs(counts[card] - games * chance)).toBeLessThanOrEqual(5 * Math.sqrt(games * chance * (1 - chance)));
    }
  });

  test('the best policy is the one computed from the rules of Gymnasium', () => {
    const environment = new Blackjack();
    // A state is (sum, showing, usable ace); its number is 22 · (10 · usable + showing − 1) + sum.
    const number = (sum: number, showing: number, usable: number): number => 22 * (10 * usable + showing - 1) + sum;
    const handOf = (sum: number, usable: number): number[] => {
      if (usable === 1) return [1, sum - 11];
      return sum === 21 ? [10, 9, 2] : [Math.max(2, sum - 10), Math.min(10, sum - 2)];
    };
    const transitions: MdpTransition[] = [];
    for (let showing = 1; showing <= 10; showing++) {
      /** The chance of each final sum of the dealer, which does not depend on the player. */
      const finals = Array.from({ length: 40 }, () => 0);
      for (let hole = 1; hole <= 10; hole++) {
        everyGame(environment, [10, 2], [showing, hole], (chance, _, dealer) => {
          const points = dealer.reduce((sum, card) => sum + card);
          finals[dealer.includes(1) && points <= 11 ? points + 10 : points] += (chance * WEIGHTS[hole]) / 13;
        });
      }
      expect(finals.reduce((sum, chance) => sum + chance)).toBeCloseTo(1, 12);
      for (const usable of [0, 1]) {
        for (let sum = usable === 1 ? 12 : 4; sum <= 21; sum++) {
          const state = number(sum, showing, usable);
          const reward = finals.reduce((value, chance, points) => value + chance * (points > 21 ? 1 : Math.sign(sum - points)), 0);
          transitions.push({ state, action: 0, probability: 1, nextState: state, reward, terminated: true });
          for (let card = 1; card <= 10; card++) {
            environment.reset({ options: { state: [showing, 10, 0, ...handOf(sum, usable)] } });
            feed('integer', [drawOf(card)]);
            const { observation, reward, terminated } = environment.step(1);
            const nextState = terminated ? state : number(observation[0], observation[1], observation[2]);
            transitions.push({ state, action: 1, probability: WEIGHTS[card] / 13, nextState, reward, terminated });
          }
        }
      }
    }
    const q = valueIteration({ states: 440, actions: 2, discount: 0.999_999, transitions }, 1e-6);
    /** The smallest sum from which on to stick, for each card of the dealer's. */
    const sticksFrom = (usable: number): number[] =>
      Array.from({ length: 10 }, (_, i) => {
        let sum = 21;
        while (sum > 12 && q[2 * number(sum - 1, i + 1, usable)] >= q[2 * number(sum - 1, i + 1, usable) + 1]) sum--;
        return sum;
      });
    expect({ hard: sticksFrom(0), usable: sticksFrom(1) }).toEqual(blackjack.sticksFrom);
  });

  test('deals the cards it is told, and refuses others', () => {
    const environment = new Blackjack();
    const deal = (state: readonly number[]) => environment.reset({ options: { state } }).observation;
    expect([...deal([10, 2, 0, 1, 7])]).toEqual([18, 10, 1]);
    expect([...deal([1, 2, 0, 10, 1, 7])]).toEqual([18, 1, 0]);
    expect([...deal([1, 2, 0, 1, 1])]).toEqual([12, 1, 1]);
    for (const state of [
      [10, 2, 1, 7],
      [10, 0, 1, 7],
      [10, 2, 3, 0, 1, 7],
      [10, 2, 0, 7],
      [10, 2, 0, 10, 10, 2],
      [11, 2, 0, 1, 7],
      [10, 2, 0, 1, 7, 0],
      [10, 2.5, 0, 1, 7],
      [-1, 2, 0, 1, 7],
    ]) {
      expect(() => deal(state), String(state)).toThrow("the dealer's cards");
    }
  });

  test('shows the hidden card after the end alone', () => {
    const environment = new Blackjack();
    environment.reset({ options: { state: [10, 8, 0, 10, 9] } });
    expect(environment.render('svg')).toContain('>?<');
    expect(environment.render('svg')).not.toContain('>8<');
    expect(environment.step(0).reward).toBe(1);
    expect(environment.render('svg')).toContain('>8<');
    expect(environment.render('ansi')).toContain('dealer 18, player 19');
  });

  test('refuses rules that it does not know', () => {
    expect(() => new Blackjack({ naturals: 'sab' as 'wins' })).toThrow("Blackjack(naturals): expected 'wins', 'pays' or 'counts'");
  });
});
