import { describe, expect, it } from 'vitest';
import { radarPlot } from '../../benchmarks/probes/radar-plot.ts';
import { deepSeaScore, memoryScore, regretScore, scalingScore, swingUpScore } from '../../benchmarks/probes/scores.ts';

describe('the scores of probes', () => {
  it('of regret are 1 without any, 0 at the baseline, and never outside', () => {
    expect(regretScore(0, 10, 1.6)).toBe(1);
    expect(regretScore(8, 10, 1.6)).toBeCloseTo(0.5, 12);
    expect(regretScore(16, 10, 1.6)).toBe(0);
    expect(regretScore(40, 10, 1.6)).toBe(0);
    expect(regretScore(-5, 10, 1.6)).toBe(1);
  });

  it('over noise scales are the mean less half the standard deviation', () => {
    expect(scalingScore([0.5, 0.5])).toBe(0.5);
    expect(scalingScore([0.2, 0.8])).toBeCloseTo(0.35, 12);
    // The lower bound is clipped by itself.
    expect(scalingScore([0, 0, 0, 1])).toBeCloseTo(0.125, 12);
  });

  it('of memory count the runs with less than 3/4 of the mistakes of guessing', () => {
    expect(memoryScore([{ episodes: 1000, perfect: 500 }])).toBe(0);
    expect(memoryScore([{ episodes: 1000, perfect: 625 }])).toBe(0);
    expect(
      memoryScore([
        { episodes: 1000, perfect: 626 },
        { episodes: 1000, perfect: 400 },
      ]),
    ).toBe(0.5);
  });

  it('of the swing-up are half for returns, half for one good episode', () => {
    expect(swingUpScore([0, 0])).toBe(0);
    expect(swingUpScore([-50])).toBe(0);
    expect(swingUpScore([0, 350])).toBeCloseTo(0.5 * 0.25 + 0.5, 12);
    expect(swingUpScore([100, 100])).toBeCloseTo(0.5 * (100 / 700), 12);
    expect(swingUpScore([700])).toBe(1);
  });

  it('of deep seas count those solved sooner than by chance, at the looks of bsuite', () => {
    const never = { size: 4, bad: Array.from({ length: 500 }, () => true) };
    // Good from episode 101 on: 100 bad ones are less than 9 in 10 after episode 111; the next look is at 120.
    const late = { bad: Array.from({ length: 500 }, (_, i) => i < 100) };
    expect(deepSeaScore([never])).toBe(0);
    expect(deepSeaScore([{ size: 5, ...late }])).toBe(1);
    expect(deepSeaScore([{ size: 4, ...late }])).toBe(0);
    expect(deepSeaScore([never, { size: 5, ...late }])).toBe(0.5);
  });
});

describe('radarPlot', () => {
  it('puts every score on its axis, and the name of each agent in the legend', () => {
    const svg = radarPlot('a < b', ['up', 'right', 'down (far)', 'left'], [{ name: 'dqn', scores: [1, 0.5, 0, 0.25] }]);
    expect(svg).toContain('<title>a &lt; b</title>');
    expect(svg).toContain('>dqn</text>');
    // From the centre: up by 160, right by 80, down by the least radius of 8, left by 40.
    expect(svg).toContain('d="M0,-160L80,0L0,8L-40,0Z"');
    // What is in brackets has a line of its own.
    expect([...svg.matchAll(/dy="(\d+)">([^<]*)</g)].map(([, dy, text]) => [Number(dy), text])).toEqual([
      [0, 'up'],
      [0, 'right'],
      [0, 'down'],
      [14, '(far)'],
      [0, 'left'],
    ]);
  });
});
