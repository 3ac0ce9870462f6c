import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPreset, type RegisteredPreset } from '../../src/cli/presets.ts';
import { Halving } from '../../src/cli/tune/halving.ts';
import { importance } from '../../src/cli/tune/importance.ts';
import { parzen, shares } from '../../src/cli/tune/parzen.ts';
import { nextPlace, type Place } from '../../src/cli/tune/sampler.ts';
import { ordinarySpace, settingsAt, valueAt, type SearchSpace } from '../../src/cli/tune/search-space.ts';
import { ranked, StudyFile, type Trial } from '../../src/cli/tune/study-file.ts';
import { tuningPlot } from '../../src/cli/tune/tuning-plot.ts';
import { Random } from '../../src/common/random.ts';

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('densities', () => {
  test('have mass 1, whatever was seen', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), fc.integer({ min: 2, max: 6 }), (points, n) => {
        for (const density of [parzen(points), shares(points, n)]) {
          let mass = 0;
          // A multiple of every n, so that no cell lies across two choices.
          for (let i = 0; i < 6_000; i++) mass += density.at((i + 0.5) / 6_000) / 6_000;
          expect(mass).toBeCloseTo(1, 3);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('are what is drawn', () => {
    const random = new Random(3);
    for (const density of [parzen([0.1, 0.15, 0.9]), shares([0.1, 0.15, 0.9], 4)]) {
      const counts = Array.from({ length: 4 }, () => 0);
      for (let i = 0; i < 20_000; i++) counts[Math.floor(density.draw(random) * 4)]++;
      counts.forEach((count, quarter) => {
        let mass = 0;
        for (let i = 0; i < 1_000; i++) mass += density.at((quarter + (i + 0.5) / 1_000) / 4) / 4_000;
        expect(count / 20_000).toBeCloseTo(mass, 1);
      });
    }
  });
});

describe('search spaces', () => {
  test('reach every value of a range, and no other', () => {
    const range = { low: 2, high: 5, whole: true };
    const values = Array.from({ length: 400 }, (_, i) => valueAt(range, (i + 0.5) / 400));
    expect(new Set(values)).toEqual(new Set([2, 3, 4, 5]));
    for (const value of [2, 3, 4, 5]) expect(values.filter((other) => other === value)).toHaveLength(100);
    fc.assert(
      fc.property(unit, fc.constantFrom('linear' as const, 'log' as const), fc.boolean(), (u, scale, whole) => {
        const value = valueAt({ low: 1, high: 900, scale, whole }, u) as number;
        expect(value).toBeGreaterThanOrEqual(1);
        expect(value).toBeLessThanOrEqual(900);
        expect(!whole || Number.isInteger(value)).toBe(true);
      }),
    );
    expect(valueAt({ low: 1e-4, high: 1e-2, scale: 'log' }, 0.5)).toBe(1e-3);
    expect(valueAt({ choices: ['a', 'b'] }, 0.49)).toBe('a');
  });

  test('put parts of lines into what is there', () => {
    const base = { learningRate: { from: 1, to: 0.5, fraction: 0.25 }, epsilon: 0.1, nStep: 3 };
    expect(settingsAt(base, { 'learningRate.from': 2, 'epsilon.to': 0.01, batchSize: 8 })).toEqual({
      learningRate: { from: 2, to: 0.5, fraction: 0.25 },
      epsilon: { from: 1, to: 0.01, fraction: 0.2 },
      nStep: 3,
      batchSize: 8,
    });
  });

  test('leave out what a preset has no use for', () => {
    const namesFor = (preset: string, base = {}) => Object.keys(ordinarySpace(findPreset(preset) as RegisteredPreset, base));
    expect(namesFor('rainbow')).not.toContain('epsilon.to');
    expect(namesFor('default')).toEqual(expect.arrayContaining(['epsilon.to', 'targetPeriod']));
    expect(namesFor('default', { targetRate: 0.01 })).not.toContain('targetPeriod');
  });
});

const bowl: SearchSpace = { x: { low: 0, high: 1 }, y: { choices: [0, 1, 2, 3] }, idle: { low: 0, high: 1 } };
/** Best at x = 0.3 and the third choice; idle changes nothing. */
const height = ({ x, y }: Place) => -((x - 0.3) ** 2) - (Math.floor(y * 4) === 2 ? 0 : 0.2);

function search(sampler: 'random' | 'tpe', seed: number): Place[] {
  const places: Place[] = [];
  for (let trial = 0; trial < 60; trial++) {
    const order = places.toSorted((a, b) => height(b) - height(a));
    places.push(nextPlace(bowl, sampler, order, new Random(seed).split(`trial ${trial}`)));
  }
  return places.sort((a, b) => height(b) - height(a));
}

describe('samplers', () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed);

  test('estimators find more good places than chance does', () => {
    const middle = (sampler: 'random' | 'tpe') => seeds.map((seed) => height(search(sampler, seed)[29])).sort((a, b) => a - b)[6];
    expect(middle('tpe')).toBeGreaterThan(-0.05);
    expect(middle('random')).toBeLessThan(-0.1);
  });

  test('what matters is told apart from what does not', () => {
    for (const seed of seeds) {
      const told = importance(bowl, search('random', seed)) as Record<string, number>;
      expect(told.x + told.y + told.idle).toBeCloseTo(1, 10);
    }
    const mean = (name: string) =>
      seeds.reduce((sum, seed) => sum + (importance(bowl, search('random', seed))?.[name] ?? 0), 0) / 12;
    expect(mean('x')).toBeGreaterThan(1.5 * mean('idle'));
    expect(mean('y')).toBeGreaterThan(1.5 * mean('idle'));
    expect(importance(bowl, search('random', 1).slice(0, 9))).toBeUndefined();
  });
});

test('halving lets the best third of a rung go on, as a sort does', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 30 }), (scores) => {
      const halving = new Halving(100);
      expect(halving.rungs).toEqual([100, 300]);
      const seen: number[] = [];
      for (const score of scores) {
        seen.push(score);
        const kept = seen.toSorted((a, b) => b - a).slice(0, Math.max(1, Math.floor(seen.length / 3)));
        expect(halving.goesOn(100, score)).toBe(seen.length < 3 || kept.includes(score));
        expect(halving.goesOn(200, score)).toBe(true);
      }
    }),
  );
});

describe('the file of a study', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dqn-study-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const header = { configuration: { environment: 'CartPole-v1' }, space: bowl, sampler: 'tpe', halving: true } as const;
  const place = { x: 0.1, y: 0.2, idle: 0.3 };
  const running: Trial = { number: 1, place, state: 'running', scores: [] };

  test('gives each trial as its last line tells it, and leaves out a line that was cut off', async () => {
    const path = join(folder, 'study.jsonl');
    expect(await new StudyFile(path).open(header)).toEqual([]);
    const file = new StudyFile(path);
    await file.add(running);
    await file.add({ ...running, number: 2 });
    await file.add({ ...running, state: 'finished', scores: [[10, 3]] });
    await appendFile(path, '{"number":2,"pla');
    const trials = [
      { ...running, state: 'finished', scores: [[10, 3]] },
      { ...running, number: 2 },
    ];
    expect(await new StudyFile(path).open(header)).toEqual(trials);
    await file.add({ ...running, number: 3 });
    expect(await new StudyFile(path).open(header)).toEqual([...trials, { ...running, number: 3 }]);
    const before = await readFile(path, 'utf8');
    await expect(new StudyFile(path).open({ ...header, sampler: 'random' })).rejects.toThrow('is of another study');
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  test('ranks those that came further first', () => {
    const trial = (number: number, state: Trial['state'], ...scores: (readonly [number, number])[]): Trial => ({
      number,
      place,
      state,
      scores,
    });
    const order = ranked([
      trial(1, 'stopped', [10, 500]),
      trial(2, 'finished', [10, 1], [91, 20]),
      trial(3, 'failed', [91, 900]),
      trial(4, 'finished', [10, 1], [91, 30]),
      trial(5, 'running', [91, 900]),
    ]);
    expect(order.map(({ number }) => number)).toEqual([4, 2, 1]);
    expect(tuningPlot('a < b', order, { x: 0.7, y: 0.3 })).toMatch(/^<svg [^]*a &lt; b[^]*70 %[^]*<\/svg>\n$/);
  });
});
