import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { CliffWalking, DeepSea, GridWorld } from '../../src/environments/index.ts';
import type { FullEnvironment } from './support.ts';
import { finish, world } from './support.ts';

/** Where one step from a cell leads without luck: [observation, reward, terminated]. */
function outcome(environment: FullEnvironment, cell: number, action: number): [unknown, number, boolean] {
  environment.reset({ options: { state: [cell] } });
  const { observation, reward, terminated } = environment.step(action);
  return [observation, reward, terminated];
}

describe('GridWorld', () => {
  // Cells of the default map:  0  1  2  3=G
  //                            4  5# 6  7=X
  //                            8S 9 10 11
  test('moves by a hand-made table', () => {
    const environment = new GridWorld({ slipProbability: 0 });
    const table: [number, number, number, number, boolean][] = [
      // cell, action, next, reward, terminated
      [8, 0, 4, -0.04, false],
      [8, 1, 9, -0.04, false],
      [8, 2, 8, -0.04, false],
      [8, 3, 8, -0.04, false],
      [0, 0, 0, -0.04, false],
      [4, 1, 4, -0.04, false],
      [1, 2, 1, -0.04, false],
      [6, 3, 6, -0.04, false],
      [9, 0, 9, -0.04, false],
      [11, 1, 11, -0.04, false],
      [2, 1, 3, 0.96, true],
      [6, 1, 7, -1.04, true],
      [11, 0, 7, -1.04, true],
      [2, 2, 6, -0.04, false],
      [10, 3, 9, -0.04, false],
    ];
    for (const [cell, action, next, reward, terminated] of table) {
      expect(outcome(environment, cell, action)).toEqual([next, reward, terminated]);
    }
  });

  test('slips to either side equally often', () => {
    const environment = new GridWorld({ slipProbability: 0.4, map: '...\n.S.\n..G' });
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 20_000; i++) {
      environment.reset();
      const { observation } = environment.step(0);
      counts.set(observation, (counts.get(observation) ?? 0) + 1);
    }
    // Up with 0.6, left and right with 0.2 each; five standard deviations.
    expect([...counts.keys()].sort()).toEqual([1, 3, 5]);
    expect(Math.abs(counts.get(1)! - 12_000)).toBeLessThan(350);
    expect(Math.abs(counts.get(3)! - 4000)).toBeLessThan(285);
    expect(Math.abs(counts.get(5)! - 4000)).toBeLessThan(285);
  });

  test('always slipping never goes ahead', () => {
    const environment = new GridWorld({ slipProbability: 1, map: '...\n.S.\n..G' });
    for (let i = 0; i < 200; i++) expect([3, 5]).toContain(outcome(environment, 4, 0)[0]);
  });

  test('the default world has the utilities of the textbook', () => {
    // Russell and Norvig, figure 17.3 of the third edition: the optimal utilities with discount 1.
    const textbook = new Map([
      [0, 0.812],
      [1, 0.868],
      [2, 0.918],
      [4, 0.762],
      [6, 0.66],
      [8, 0.705],
      [9, 0.655],
      [10, 0.611],
      [11, 0.388],
    ]);
    const environment = new GridWorld();
    const samples = 8000;
    const model = [...textbook.keys()].map((cell) => ({
      cell,
      actions: [0, 1, 2, 3].map((action) => {
        const next = new Map<number, number>();
        let reward = 0;
        for (let i = 0; i < samples; i++) {
          environment.reset({ options: { state: [cell] } });
          const result = environment.step(action);
          reward += result.reward / samples;
          if (!result.terminated) next.set(result.observation, (next.get(result.observation) ?? 0) + 1 / samples);
        }
        return { reward, next };
      }),
    }));
    const values = new Float64Array(12);
    for (let sweep = 0; sweep < 200; sweep++) {
      for (const { cell, actions } of model) {
        values[cell] = Math.max(
          ...actions.map(({ reward, next }) =>
            [...next].reduce((sum, [state, probability]) => sum + probability * values[state], reward),
          ),
        );
      }
    }
    for (const [cell, utility] of textbook) expect(Math.abs(values[cell] - utility)).toBeLessThan(0.03);
  });

  test('takes any map: several starts, own rewards, blanks around', () => {
    const environment = new GridWorld({
      map: '\n   #S#\n   XSG\n\n',
      slipProbability: 0,
      stepReward: 0,
      goalReward: 5,
      pitReward: -3,
    });
    expect(environment.observationSpace.n).toBe(6);
    const seen = new Set(Array.from({ length: 50 }, () => environment.reset().observation));
    expect([...seen].sort()).toEqual([1, 4]);
    expect(outcome(environment, 4, 1)).toEqual([5, 5, true]);
    expect(outcome(environment, 4, 3)).toEqual([3, -3, true]);
    expect(outcome(environment, 1, 1)).toEqual([1, 0, false]);
  });

  test('never enters a wall nor leaves the map, on random maps', () => {
    const mapArb = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 6 })).chain(([rows, columns]) =>
      fc
        .array(fc.constantFrom('.', '.', '#', 'X', 'G', 'S'), { minLength: rows * columns - 2, maxLength: rows * columns - 2 })
        .map((cells) => ['S', ...cells, 'G'].join(''))
        .map((cells) => Array.from({ length: rows }, (_, row) => cells.slice(row * columns, (row + 1) * columns))),
    );
    fc.assert(
      fc.property(mapArb, fc.integer(), (lines, seed) => {
        const environment = new GridWorld({ map: lines.join('\n'), slipProbability: 0.3 });
        const cells = lines.join('');
        const columns = lines[0].length;
        const random = new Random(seed);
        let cell = environment.reset({ seed }).observation;
        expect(cells[cell]).toBe('S');
        for (let i = 0; i < 60; i++) {
          const result = environment.step(random.integer(4));
          const next = result.observation;
          expect(cells[next]).not.toBe('#');
          const distance =
            Math.abs((next % columns) - (cell % columns)) + Math.abs(Math.floor(next / columns) - Math.floor(cell / columns));
          expect(distance).toBeLessThanOrEqual(1);
          expect(result.terminated).toBe('GX'.includes(cells[next]));
          cell = result.terminated || result.truncated ? environment.reset().observation : next;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('refuses malformed maps and numbers, saying where', () => {
    const refused =
      (map: unknown): (() => unknown) =>
      () =>
        new GridWorld({ map: map as string });
    expect(refused('S.\n.')).toThrow('GridWorld(map): expected 2 cells in every row, as in row 0 but received 1 in row 1.');
    expect(refused('S?G')).toThrow('received "?" in row 0');
    expect(refused('...G')).toThrow('expected at least one S but received a map without S');
    expect(refused('S...')).toThrow('expected at least one G');
    expect(refused('')).toThrow('expected at least one S');
    expect(refused(3)).toThrow('expected a text but received 3');
    expect(() => new GridWorld({ slipProbability: 1.1 })).toThrow('GridWorld(slipProbability)');
    expect(() => new GridWorld({ stepReward: NaN })).toThrow('GridWorld(stepReward)');
    expect(() => new GridWorld({ goalReward: Infinity })).toThrow('GridWorld(goalReward)');
    expect(() => new GridWorld({ pitReward: NaN })).toThrow('GridWorld(pitReward)');
    for (const cell of [3, 5, 7, 12])
      expect(() => new GridWorld().reset({ options: { state: [cell] } })).toThrow('neither wall nor');
  });

  test('a state of another map is not loaded', () => {
    const environment = new GridWorld({ map: 'SG' });
    expect(() => environment.setState(new GridWorld({ map: 'SG\n..' }).getState())).toThrow('expected a state of "GridWorld SG"');
  });
});

describe('CliffWalking', () => {
  test('every step is that of the book', () => {
    const environment = new CliffWalking();
    for (let cell = 0; cell <= 36; cell++) {
      for (let action = 0; action < 4; action++) {
        const row = Math.min(3, Math.max(0, Math.floor(cell / 12) + [-1, 0, 1, 0][action]));
        const column = Math.min(11, Math.max(0, (cell % 12) + [0, 1, 0, -1][action]));
        const falls = row === 3 && column > 0 && column < 11;
        const expected = falls ? [36, -100, false] : [row * 12 + column, -1, row === 3 && column === 11];
        expect(outcome(environment, cell, action)).toEqual(expected);
      }
    }
  });

  test('the shortest way returns -13, the safe one -17', () => {
    const across = Array.from({ length: 11 }, () => 1);
    const ways = [
      [0, ...across, 2],
      [0, 0, 0, ...across, 2, 2, 2],
    ];
    for (const way of ways) {
      const environment = new CliffWalking();
      expect(environment.reset().observation).toBe(36);
      const results = way.map((action) => environment.step(action));
      expect(results.reduce((sum, { reward }) => sum + reward, 0)).toBe(-way.length);
      expect(results.map(({ terminated }) => terminated)).toEqual(way.map((_, i) => i === way.length - 1));
    }
  });

  test('a fall does not end the episode', () => {
    const environment = new CliffWalking();
    environment.reset();
    expect(environment.step(1)).toMatchObject({ observation: 36, reward: -100, terminated: false, truncated: false });
    expect(environment.step(0)).toMatchObject({ observation: 24, reward: -1 });
  });
});

describe('DeepSea', () => {
  const sizeArb = fc.integer({ min: 2, max: 12 });

  /** Which action moves right at a cell, found by trying. */
  function right(environment: DeepSea, row: number, column: number): number {
    environment.reset({ options: { state: [row, column] } });
    return environment.step(1).reward !== 0 ? 1 : 0;
  }

  test('always right returns 0.99, and nothing else does', () => {
    fc.assert(
      fc.property(sizeArb, fc.integer(), (size, mappingSeed) => {
        const environment = new DeepSea({ size, mappingSeed });
        const way = Array.from({ length: size }, (_, i) => right(environment, i, i));
        environment.reset();
        const results = way.map((action) => environment.step(action));
        expect(results.reduce((sum, { reward }) => sum + reward, 0)).toBeCloseTo(0.99, 12);
        expect(results.map(({ terminated }) => terminated)).toEqual(way.map((_, i) => i === size - 1));
        for (let wrong = 0; wrong < size; wrong++) {
          environment.reset();
          let sum = 0;
          for (let i = 0; i < size; i++) {
            // From the wrong turn on, go right again: the treasure is out of reach all the same.
            const [row, column] = world(environment);
            const state = environment.getState();
            const action = right(environment, row, column);
            environment.setState(state);
            sum += environment.step(i === wrong ? 1 - action : action).reward;
          }
          expect(sum).toBeCloseTo((-0.01 * (size - 1)) / size, 12);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('moves by a hand-made table', () => {
    const size = 4;
    const environment = new DeepSea({ size, mappingSeed: 5 });
    const cost = -0.01 / size;
    const table: [number, number, 'left' | 'right', number, number][] = [
      // row, column, move, next column, reward
      [0, 0, 'right', 1, cost],
      [0, 0, 'left', 0, 0],
      [1, 1, 'left', 0, 0],
      [1, 1, 'right', 2, cost],
      [2, 0, 'left', 0, 0],
      [3, 2, 'right', 3, cost],
      [3, 3, 'right', 3, cost + 1],
      [3, 3, 'left', 2, 0],
    ];
    for (const [row, column, move, nextColumn, reward] of table) {
      const action = move === 'right' ? right(environment, row, column) : 1 - right(environment, row, column);
      const first = environment.reset({ options: { state: [row, column] } }).observation;
      expect(first.indexOf(1)).toBe(row * size + column);
      expect(first.reduce((a, b) => a + b)).toBe(1);
      const result = environment.step(action);
      expect(result.reward).toBe(reward);
      expect(world(environment)).toEqual([row + 1, nextColumn]);
      expect(result).toMatchObject({ terminated: row === 3, truncated: false });
      expect(result.observation.indexOf(1)).toBe(row === 3 ? -1 : (row + 1) * size + nextColumn);
    }
  });

  test('the mapping depends on its seed alone, and uses both actions', () => {
    const mapping = (mappingSeed: number): number[] => {
      const environment = new DeepSea({ size: 8, mappingSeed });
      environment.reset({ seed: 1234 + mappingSeed });
      return Array.from({ length: 36 }, (_, i) => {
        const row = Math.floor((Math.sqrt(8 * i + 1) - 1) / 2);
        return right(environment, row, i - (row * (row + 1)) / 2);
      });
    };
    expect(mapping(3)).toEqual(mapping(3));
    expect(mapping(3)).not.toEqual(mapping(4));
    const ones = [0, 1, 2, 3, 4, 5, 6, 7].flatMap(mapping).reduce((a, b) => a + b);
    expect(ones / (8 * 36)).toBeGreaterThan(0.4);
    expect(ones / (8 * 36)).toBeLessThan(0.6);
  });

  test('lasts exactly N steps, and knows its size and mapping', () => {
    const environment = new DeepSea({ size: 5 });
    expect(environment.observationSpace.shape).toEqual([5, 5]);
    environment.reset();
    let steps = 0;
    finish(environment, () => steps++ % 2);
    expect(steps).toBe(5);
    expect(() => environment.setState(new DeepSea({ size: 5, mappingSeed: 1 }).getState())).toThrow('a state of "DeepSea 5 0"');
    for (const state of [
      [0, 1],
      [5, 0],
      [2, -1],
      [0.5, 0],
    ]) {
      expect(() => environment.reset({ options: { state } })).toThrow('a row and a column not beyond it');
    }
    expect(() => new DeepSea({ size: 1 })).toThrow('DeepSea(size)');
    expect(() => new DeepSea({ mappingSeed: NaN })).toThrow('DeepSea(mappingSeed)');
  });
});
