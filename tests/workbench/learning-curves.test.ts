import { describe, expect, test } from 'vitest';
import { learningCurves, type ReportedRun } from '../../src/workbench/index.ts';
import { checkXml } from '../support/check-xml.ts';

/** A run that has logged the same number at steps 0, 100, … */
const run = (group: string, value: number, name = 'evaluation/return'): ReportedRun => ({
  group,
  series: new Map([[name, [0, 100, 200].map((step) => ({ step, value }))]]),
});

describe('learningCurves', () => {
  test('draws one curve a group: the interquartile mean, which minds no outlier, with its band', () => {
    const svg = learningCurves({
      title: 'a < b',
      runs: [...[1, 5, 5, 5, 1000].map((value) => run('many', value)), run('one', 7)],
    });
    expect(checkXml(svg).filter((name) => name === 'path')).toHaveLength(6);
    // ⌊5/4⌋ is cut at either end; the mean would be 203.2.
    expect(svg).toContain('many (5 runs): 5 at the end');
    expect(svg).toContain('one (1 run): 7 at the end');
    expect(svg).toContain('>a &lt; b<');
    expect(svg.match(/class="band c[01]"/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|var\(/);
  });

  test('draws returns of training where no run was evaluated, and any other number by its name', () => {
    const runs = [run('a', 3, 'episode/return'), run('a', 4, 'update/loss')];
    expect(learningCurves({ title: 't', runs })).toContain('>episode/return: interquartile mean');
    expect(learningCurves({ title: 't', runs, name: 'update/loss' })).toContain('a (2 runs): 4');
  });

  test('refuses a name that no run has logged, runs without a log, and unknown options', () => {
    const runs = [run('a', 3)];
    expect(() => learningCurves({ title: 't', runs, name: 'evaluation/retrun' })).toThrow(
      /expected one of evaluation\/return but received "evaluation\/retrun"/,
    );
    expect(() => learningCurves({ title: 't', runs: [{ group: 'a', series: new Map() }] })).toThrow(
      /expected runs that have logged numbers/,
    );
    const wrong: [object, string][] = [
      [{ runs: undefined }, 'learningCurves({ runs })'],
      [{ runs: new Map() }, 'learningCurves({ runs })'],
      [{ runs: [{ group: 'a', series: {} }] }, 'learningCurves({ runs[0].series })'],
      [{ title: undefined }, 'learningCurves({ title })'],
    ];
    for (const [change, where] of wrong) {
      expect(() => learningCurves({ title: 't', runs, ...change })).toThrow(
        expect.objectContaining({ code: 'invalid-option', where }),
      );
    }
    // @ts-expect-error an unknown option
    expect(() => learningCurves({ title: 't', runs, nmae: 'x' })).toThrow(/nmae/);
  });
});
