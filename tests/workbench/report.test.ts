import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutMachine } from '../../src/node/index.ts';
import { meanCurve } from '../../src/workbench/report/curves.ts';
import { htmlReport, jsonLinesLogger, readLog, type ReportedRun } from '../../src/workbench/index.ts';

const refused = (where: string) =>
  expect.objectContaining({ code: 'invalid-option', where: expect.stringContaining(where) as string }) as Error;

describe('readLog', () => {
  const name = fc.string({ minLength: 1 });
  const number = fc.oneof(fc.double(), fc.constant(NaN));
  const entry = fc.oneof(
    fc.record({ scalars: fc.dictionary(name, number) }),
    fc.record({ name, text: fc.string({ unit: 'binary' }) }),
    fc.record({ name, histogram: fc.constant({ edges: [0, 1], counts: [3] }) }),
  );

  test('reads back what the logger of JSON lines wrote, whatever its names and numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), entry)), fc.nat(), async (entries, cut) => {
        let written = '';
        const logger = jsonLinesLogger({ empty: true, write: (line) => void (written += line) });
        const series = new Map<string, { step: number; value: number }[]>();
        const texts = new Map<string, string>();
        for (const [step, each] of entries) {
          if ('scalars' in each) {
            await logger.scalars(step, each.scalars);
            for (const [key, value] of Object.entries(each.scalars)) {
              series.set(key, [...(series.get(key) ?? []), { step, value: Number.isFinite(value) ? value : NaN }]);
            }
          } else if ('text' in each) {
            await logger.text?.(step, each.name, each.text);
            texts.set(each.name, each.text);
          } else await logger.histogram?.(step, each.name, each.histogram as never);
        }
        const read = readLog(written);
        // JSON has one zero.
        const plain = (all: typeof series) =>
          [...all].map(([key, values]) => [key, values.map(({ step, value }) => [step, value === 0 ? 0 : value])]);
        expect(plain(read.series as typeof series)).toEqual(plain(series));
        expect(read.texts).toEqual(texts);
        // A crash in the middle of the last line loses that line.
        const last = written.lastIndexOf('\n', written.length - 2) + 1;
        const torn = written.slice(0, last + (cut % Math.max(1, written.length - last - 1)));
        expect([...readLog(torn).series]).toEqual([...readLog(written.slice(0, last)).series]);
      }),
    );
  });

  test('refuses lines that are none', () => {
    for (const line of [
      '{',
      '7',
      '{"step":1}',
      '{"step":1.5,"scalars":{}}',
      '{"scalars":{"a":1}}',
      '{"step":1,"scalars":{"a":"1"}}',
    ])
      expect(() => readLog(`{"step":0,"scalars":{}}\n${line}\n`)).toThrow(refused('line 2'));
  });
});

describe('meanCurve', () => {
  const line = (...points: [step: number, value: number][]) => points.map(([step, value]) => ({ step, value }));

  test('lies between the runs, at steps that all have, by hand', () => {
    const curve = meanCurve([line([0, 0], [10, 10], [20, 10]), line([5, 1], [15, 3])]);
    expect(curve.map(({ step, mean }) => [step, mean])).toEqual([
      [5, 3],
      [10, 6],
      [15, 6.5],
    ]);
    for (const { low, mean, high } of curve) expect(low <= mean && mean <= high).toBe(true);
    expect(curve[0]).toMatchObject({ low: 1, high: 5 });
  });

  test('of one run is the run, without a band', () => {
    expect(meanCurve([line([3, 1], [5, NaN], [7, 2])])).toEqual([
      { step: 3, mean: 1, low: 1, high: 1 },
      { step: 7, mean: 2, low: 2, high: 2 },
    ]);
    expect(meanCurve([line([3, 1])])).toEqual([{ step: 3, mean: 1, low: 1, high: 1 }]);
  });

  test('stays where it got to behind the mean of its last steps', () => {
    // Four points at thirds of ten: the last two steps are nearest to the last of them, and make one at 9.5.
    const curve = meanCurve([line([0, 0], [5, 10], [9, 20], [10, 30])]);
    expect(curve.map(({ mean }) => mean)).toEqual([
      0,
      expect.closeTo((10 * 10) / 3 / 5),
      expect.closeTo(10 + (15 * (20 / 3 - 5)) / 4.5),
      25,
    ]);
  });

  test('is nothing where there is nothing to compare', () => {
    expect(meanCurve([])).toEqual([]);
    expect(meanCurve([line([1, NaN])])).toEqual([]);
    expect(meanCurve([line([0, 1], [5, 1]), line([6, 1], [9, 1])])).toEqual([]);
  });

  test('averages what lies between its points, and keeps what is constant or linear', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 150, max: 900 }),
        fc.double({ min: -9, max: 9, noNaN: true }),
        fc.double({ min: -9, max: 9, noNaN: true }),
        (n, a, b) => {
          const curve = meanCurve([Array.from({ length: n }, (_, i) => ({ step: i, value: a + (b * i) / n }))]);
          expect(curve).toHaveLength(100);
          for (const { step, mean } of curve.slice(1, -1)) expect(mean).toBeCloseTo(a + (b * step) / n, 6);
        },
      ),
    );
    // Spikes of alternating sign are noise.
    const noisy = Array.from({ length: 10_000 }, (_, i) => ({ step: i, value: 5 + (i % 2 === 0 ? 3 : -3) }));
    for (const { mean } of meanCurve([noisy])) expect(Math.abs(mean - 5)).toBeLessThan(0.1);
  });
});

describe('htmlReport', () => {
  const run = (group: string, seed: number, value: number): ReportedRun => ({
    group,
    settings: { seed, rule: group, discount: 0.99 },
    series: new Map([
      ['update/loss', [{ step: 10, value: 0.5 }]],
      [
        'evaluation/return',
        [
          { step: 0, value: 0 },
          { step: 1_000, value: 2 * value },
          { step: 2_000, value },
        ],
      ],
    ]),
  });
  const runs = [run('double', 1, 10), run('double', 2, 20), run('<max>', 1, 5)];

  test('tells of every group and of everything that was logged, returns first', () => {
    const html = htmlReport({ title: 'A & B', runs, about: { machine: '"x"' } });
    const cells = [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
      [...row.matchAll(/<t[dh]>(.*?)<\/t[dh]>/g)].map(([, cell]) => cell.replace(/<span.*?span>/, '')),
    );
    expect(cells).toEqual([
      ['', 'runs', 'steps', 'last return: mean [95 %]', 'interquartile mean', 'best return: mean'],
      ['double', '2', '2,000', '15 [10, 20]', '–', '30'],
      ['&lt;max&gt;', '1', '2,000', '5', '–', '10'],
      ['', 'double', '&lt;max&gt;'],
      ['seed', '1, 2', '1'],
      ['rule', 'double', '&lt;max&gt;'],
      ['discount', '0.99', '0.99'],
      ['machine', '&quot;x&quot;'],
    ]);
    expect([...html.matchAll(/<figcaption>(.*?)</g)].map(([, name]) => name)).toEqual(['evaluation/return', 'update/loss']);
    expect(html.match(/<path class="mean/g)).toHaveLength(4);
    expect(html).toContain('<title>A &amp; B</title>');
    expect(html).toContain('<title>double: 15 at the end</title>');
  });

  test('needs nothing else, and lets no name become markup', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        const evil = `${name}</title><script src="http://x">'`;
        const html = htmlReport({
          title: evil,
          about: { [evil]: evil },
          runs: [{ group: evil, settings: { [evil]: evil }, series: new Map([[evil, [{ step: 1, value: 1 }]]]) }],
        });
        expect(html).not.toMatch(/<script|<link|<img|@import|url\(/);
        const tags = [...html.matchAll(/<(\/?)([a-z][a-z\d]*)[^<>]*?(\/?)>/g)].filter(
          ([, , tag, closed]) => closed === '' && tag !== 'meta',
        );
        const open: string[] = [];
        for (const [, closes, tag] of tags) {
          if (closes === '') open.push(tag);
          else expect(open.pop()).toBe(tag);
        }
        expect(open).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('draws runs without returns, of one point, and with numbers that are none', () => {
    const html = htmlReport({
      title: 'a',
      runs: [
        { group: 'a', series: new Map([['x', [{ step: 1, value: NaN }]]]) },
        { group: 'b', series: new Map([['x', [{ step: 1, value: -3 }]]]) },
        { group: 'c', series: new Map() },
      ],
    });
    expect(html).toMatch(/<circle class="dot c1"/);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('draws a run with a line for every step', () => {
    const values = Array.from({ length: 200_000 }, (_, i) => ({ step: i + 1, value: i % 3 }));
    const html = htmlReport({ title: 'long', runs: [{ group: 'one', series: new Map([['episode/return', values]]) }] });
    expect(html).toContain('<td>200,000</td><td>1</td><td>–</td><td>2</td>');
  });

  test('refuses what is no run', () => {
    const wrong: [unknown, string][] = [
      [{ title: '', runs }, 'title'],
      [{ title: 'a', runs: [] }, 'runs'],
      [{ title: 'a', runs: [{ group: 7, series: new Map() }] }, 'runs[0].group'],
      [{ title: 'a', runs: [...runs, { group: 'a', series: {} }] }, 'runs[3].series'],
      [{ title: 'a', runs, abuot: {} }, 'htmlReport(options)'],
    ];
    for (const [options, where] of wrong) expect(() => htmlReport(options as never)).toThrow(refused(where));
  });

  test('takes the facts of this machine', () => {
    const facts = aboutMachine();
    expect(Object.keys(facts)).toEqual(['time', 'node', 'platform', 'processor']);
    expect(htmlReport({ title: 'a', runs, about: facts })).toContain(process.version);
  });
});
