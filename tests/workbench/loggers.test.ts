import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAgent, epsilonGreedy, linear, mlp, prioritized, train, type ReplaySpec } from '../../src/index.ts';
import { crc32c } from '../../src/workbench/loggers/crc32c.ts';
import { histogramOfCounts } from '../../src/workbench/loggers/histogram.ts';
import { MessageWriter } from '../../src/common/message-writer.ts';
import {
  csvLogger,
  histogramOf,
  jsonLinesLogger,
  logTraining,
  memoryLogger,
  runTraining,
  tensorBoardLogger,
  withCallbacks,
  type Logger,
  type Sink,
} from '../../src/workbench/index.ts';
import { evaluation, fakeRun, stepOf } from '../support/fake-run.ts';
import { naiveQuantile } from '../support/quantile.ts';
import { naiveCrc32c, readEvents } from '../support/read-events.ts';
import { Parrot } from '../support/tiny-environments.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function textSink(empty = true): Sink<string> & { text: string; closed: number } {
  const sink = {
    empty,
    text: '',
    closed: 0,
    write: (content: string) => void (sink.text += content),
    close: () => void sink.closed++,
  };
  return sink;
}

function byteSink(empty = true): Sink<Uint8Array> & { readonly bytes: () => Uint8Array } {
  const parts: number[] = [];
  return { empty, write: (content) => void parts.push(...content), bytes: () => Uint8Array.from(parts) };
}

describe('csvLogger', () => {
  test('writes a header, then a number a line', () => {
    const sink = textSink();
    const logger = csvLogger(sink);
    logger.scalars(5, {});
    logger.scalars(10, { loss: 0.5, 'a "b", c': -1e-7 });
    logger.scalars(20, { loss: NaN });
    expect(sink.text).toBe('step,name,value\n10,loss,0.5\n10,"a ""b"", c",-1e-7\n20,loss,NaN\n');
    expect(logger.close?.()).toBeUndefined();
    expect(sink.closed).toBe(1);
  });

  test('writes no second header', () => {
    const sink = textSink(false);
    csvLogger(sink).scalars(1, { a: 2 });
    expect(sink.text).toBe('1,a,2\n');
  });
});

describe('jsonLinesLogger', () => {
  test('writes what was logged', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })), fc.string(), (values, text) => {
        // JSON knows no −0.
        const scalars = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value + 0]));
        const sink = textSink();
        const logger = jsonLinesLogger(sink);
        logger.scalars(7, scalars);
        logger.text?.(8, 'note', text);
        logger.histogram?.(9, 'h', histogramOf([1, 2, 3], 2));
        const lines = sink.text.trimEnd().split('\n');
        const [first, second, third] = lines.map((line) => JSON.parse(line) as unknown);
        expect(lines).toHaveLength(3);
        expect(first).toEqual({ step: 7, scalars: JSON.parse(JSON.stringify(scalars)) as unknown });
        expect(second).toEqual({ step: 8, name: 'note', text });
        expect(third).toEqual({ step: 9, name: 'h', histogram: histogramOf([1, 2, 3], 2) });
      }),
    );
  });
});

describe('memoryLogger', () => {
  test('keeps what was logged, by name', () => {
    const logger = memoryLogger();
    logger.scalars(1, { a: 1, b: 2 });
    logger.scalars(2, { a: 3 });
    logger.text?.(1, 'note', 'old');
    logger.text?.(2, 'note', 'new');
    logger.histogram?.(1, 'h', histogramOf([1]));
    expect(logger.series.get('a')).toEqual([
      { step: 1, value: 1 },
      { step: 2, value: 3 },
    ]);
    expect(logger.series.get('b')).toEqual([{ step: 1, value: 2 }]);
    expect([...logger.texts]).toEqual([['note', 'new']]);
    expect(logger.histograms.get('h')).toEqual([{ step: 1, histogram: histogramOf([1]) }]);
  });
});

describe('histogramOf', () => {
  test('by hand', () => {
    expect(histogramOf([0, 1, 1.5, 4], 4)).toEqual({
      min: 0,
      max: 4,
      count: 4,
      sum: 6.5,
      sumOfSquares: 19.25,
      limits: [1, 2, 3, 4],
      counts: [2, 1, 0, 1],
    });
    expect(histogramOf([2, 2, 2])).toMatchObject({ limits: [2], counts: [3] });
    expect(histogramOfCounts([0, 3, 0, 2, 0])).toEqual({
      min: 1,
      max: 3,
      count: 5,
      sum: 9,
      sumOfSquares: 21,
      limits: [0.5, 1.5, 2.5, 3.5, 4.5],
      counts: [0, 3, 0, 2, 0],
    });
  });

  test('puts each value into the first bin whose end is not below it', () => {
    const valueArb = fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.integer({ min: -5, max: 5 }));
    fc.assert(
      fc.property(fc.array(valueArb, { minLength: 1 }), fc.integer({ min: 1, max: 40 }), (values, bins) => {
        const { limits, counts, min, max, count } = histogramOf(values, bins);
        expect([min, max, count]).toEqual([Math.min(...values), Math.max(...values), values.length]);
        const naive = limits.map((_, k) => values.filter((x) => limits.findIndex((limit) => x <= limit) === k).length);
        expect(counts).toEqual(naive);
        expect(limits.at(-1)).toBe(max);
        for (let k = 1; k < limits.length; k++) expect(limits[k]).toBeGreaterThanOrEqual(limits[k - 1]);
      }),
    );
  });

  test('refuses none, NaN and no bins', () => {
    expect(() => histogramOf([])).toThrow('at least one value');
    expect(() => histogramOf([1, NaN])).toThrow('histogramOf(values)[1]');
    expect(() => histogramOf([1], 0)).toThrow('histogramOf(bins)');
  });
});

describe('tensorBoardLogger', () => {
  test('sums up as CRC-32C does', () => {
    // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and rising; and the check value of the catalogue of CRCs.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(crc32c(bytes)).toBe(naiveCrc32c(bytes))));
  });

  test('writes numbers as the examples of the encoding do', () => {
    // protobuf.dev, "Encoding": field 1 = 150 is 08 96 01, field 2 = "testing" is 12 07 and the letters, a message with field 3 = {1: 150} is 1a 03 08 96 01.
    const inner = new MessageWriter().integer(1, 150);
    expect([...inner.bytes()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new MessageWriter().text(2, 'testing').bytes()]).toEqual([0x12, 7, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect([...new MessageWriter().message(3, inner).bytes()]).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
  });

  test('writes what an independent reader reads', () => {
    const nameArb = fc.string({ unit: 'grapheme', maxLength: 200 });
    const stepArb = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
    const dictionaryArb = fc.dictionary(nameArb, fc.float(), { minKeys: 1, maxKeys: 5 });
    fc.assert(
      fc.property(
        stepArb,
        dictionaryArb,
        nameArb,
        fc.array(fc.double({ noNaN: true, min: -9, max: 9 }), { minLength: 1 }),
        (step, values, text, spread) => {
          const sink = byteSink();
          const logger = tensorBoardLogger(sink);
          const histogram = histogramOf(spread);
          logger.scalars(step, values);
          logger.scalars(step, {});
          logger.histogram?.(step, 'h', histogram);
          logger.text?.(step, 'note', text);
          const [version, scalars, second, third, ...rest] = readEvents(sink.bytes());
          expect(rest).toEqual([]);
          expect(version).toMatchObject({ fileVersion: 'brain.Event:2', step: 0, values: [] });
          expect(Math.abs(version.wallTime - Date.now() / 1_000)).toBeLessThan(60);
          expect(scalars.step).toBe(step);
          expect(scalars.values.map(({ tag, simpleValue }) => [tag, simpleValue])).toEqual(Object.entries(values));
          expect(second.values).toMatchObject([{ tag: 'h', histogram }]);
          expect(third.values).toMatchObject([{ tag: 'note', tensor: { type: 7n, sizes: [1n], texts: [text] }, plugin: 'text' }]);
        },
      ),
    );
  });

  /** The beginning of a PNG file of 300 × 2 pixels. */
  const png = (color: number) =>
    Uint8Array.from([...Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), 0, 0, 1, 44, 0, 0, 0, 2, 8, color, 0, 0, 0]);

  // As summary.proto counts colour spaces: 1 grey, 2 grey and opacity, 3 RGB, 4 RGBA. A palette is of RGB.
  test.each([
    [0, 1n],
    [2, 3n],
    [3, 3n],
    [4, 2n],
    [6, 4n],
  ])('writes pictures whose colours are of PNG type %d', (color, colorspace) => {
    const sink = byteSink();
    const bytes = png(color);
    tensorBoardLogger(sink).image?.(7, 'picture', bytes);
    const [, { step, values }] = readEvents(sink.bytes());
    expect({ step, values }).toMatchObject({
      step: 7,
      values: [{ tag: 'picture', image: { width: 300n, height: 2n, colorspace, bytes } }],
    });
  });

  test.each([
    [undefined],
    ['GIF89a'],
    [[1, 2, 3]],
    [png(2).subarray(0, 20)],
    [png(5)],
    [png(2).fill(0, 12, 16)],
    [Array.from(png(2))],
  ])('refuses pictures that are no PNG: %j', (bytes) => {
    const sink = byteSink();
    expect(() => tensorBoardLogger(sink).image?.(1, 'picture', bytes as Uint8Array)).toThrow('expected the bytes of a PNG file');
    expect(sink.bytes()).toHaveLength(0);
  });

  test('begins a file once', () => {
    const sink = byteSink(false);
    tensorBoardLogger(sink).scalars(1, { a: 1 });
    expect(readEvents(sink.bytes()).map(({ fileVersion }) => fileVersion)).toEqual([undefined]);
  });
});

describe('logTraining', () => {
  const agentOf = (replay?: ReplaySpec) =>
    createAgent(new Parrot(), {
      network: mlp({ hidden: [8] }),
      ...(replay && { replay }),
      batchSize: 4,
      learningStarts: 25,
      explorer: epsilonGreedy(linear(1, 0, 100)),
      seed: 1,
    });

  test('logs the means of what was told since the line before', async () => {
    const agent = await agentOf();
    const logger = memoryLogger();
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const evaluating = { environment: new Parrot(), period: 30, episodes: 2 };
    const gauges = { 'memory/heap': () => 42 };
    const { observation } = new Parrot().reset();
    const observations = [observation, observation.map((x) => x + 1)];
    const logging = logTraining({
      agent,
      loggers: [logger],
      period: 20,
      hyperparameters: { rate: 0.5, 'a|b': 'x|y' },
      gauges,
      observations,
    });
    const run = withCallbacks(train(agent, new Parrot(), { steps: 50, evaluation: evaluating }), [logging]);
    const fresh = (): Record<'returns' | 'losses' | 'q' | 'largest' | 'td' | 'each' | 'norms' | 'actions', number[]> => ({
      returns: [],
      losses: [],
      q: [],
      largest: [],
      td: [],
      each: [],
      norms: [],
      actions: [0, 0],
    });
    const windows: ReturnType<typeof fresh>[] = [];
    for await (const event of run) {
      const window = (windows[Math.ceil(event.step / 20) - 1] ??= fresh());
      if (event.kind === 'step') {
        now += 100;
        window.actions[event.action]++;
      }
      if (event.kind === 'episode') window.returns.push(event.return);
      if (event.kind === 'update') {
        window.losses.push(event.loss);
        window.q.push(event.meanQ);
        window.largest.push(event.maxQ);
        window.td.push(event.meanTdError);
        window.each.push(...event.tdErrors.map(Math.abs));
        window.norms.push(event.gradientNorm);
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const of = (name: string) => logger.series.get(name);
    const all = (values: readonly number[]) => [20, 40, 50].map((step, i) => ({ step, value: values[i] }));
    expect(of('episode/return')).toEqual(all(windows.map(({ returns }) => mean(returns))));
    expect(of('episode/length')).toEqual(all([8, 8, 8]));
    expect(of('episode/count')).toEqual(all([2, 3, 1]));
    const updates = windows.slice(1);
    expect(updates.map(({ losses }) => losses.length)).toEqual([16, 10]);
    const later = (values: readonly number[]) => [40, 50].map((step, i) => ({ step, value: values[i] }));
    expect(of('update/loss')).toEqual(later(updates.map(({ losses }) => mean(losses))));
    expect(of('update/meanQ')).toEqual(later(updates.map(({ q }) => mean(q))));
    expect(of('update/maxQ')).toEqual(later(updates.map(({ largest }) => Math.max(...largest))));
    for (const [name, probability] of [
      ['update/tdErrorP10', 0.1],
      ['update/tdErrorP50', 0.5],
      ['update/tdErrorP90', 0.9],
      ['update/maxTdError', 1],
    ] as const) {
      const quantiles = updates.map(({ each }) => expect.closeTo(naiveQuantile(each, probability), 12) as number);
      expect(of(name), name).toEqual(later(quantiles));
    }
    expect([...logger.series.keys()].filter((name) => name.includes('riority'))).toEqual([]);
    expect(of('update/meanTdError')).toEqual(later(updates.map(({ td }) => mean(td))));
    expect(of('update/gradientNorm')).toEqual(later(updates.map(({ norms }) => mean(norms))));
    expect(of('update/learningRate')).toEqual(later([1e-3, 1e-3]));
    expect(of('exploration/rate')).toEqual(
      all([0.8, 0.6, 0.5]).map(({ step, value }) => ({ step, value: expect.closeTo(value) as number })),
    );
    expect(of('replay/fill')).toEqual(all([20, 40, 50].map((size) => size / 100_000)));
    expect(of('memory/heap')).toEqual(all([42, 42, 42]));
    // The clock moves after a callback has seen a step. The first line is written with step 20, the second with the update after step 40: 2.1 s later.
    expect(of('speed/stepsPerSecond')?.[1]).toEqual({ step: 40, value: 20 / 2.1 });
    expect(of('speed/updatesPerSecond')?.[1]).toEqual({ step: 40, value: 16 / 2.1 });
    expect(of('evaluation/return')).toHaveLength(1);
    expect(of('evaluation/length')).toEqual([{ step: 30, value: 8 }]);
    const rows = observations.map((each) => [...agent.qValues(each)]);
    expect(of('q/max')?.at(-1)).toEqual({ step: 50, value: Math.max(...rows.flat()) });
    expect(of('q/mean')?.at(-1)).toEqual({ step: 50, value: mean(rows.map((row) => Math.max(...row))) });
    expect(logger.histograms.get('q/values')?.at(-1)).toEqual({ step: 50, histogram: histogramOf(rows.flat()) });
    expect(logger.histograms.get('actions')?.map(({ histogram }) => histogram.counts)).toEqual(
      windows.map(({ actions }) => actions),
    );
    expect(logger.texts.get('hyperparameters')).toBe('| name | value |\n| --- | --- |\n| rate | 0.5 |\n| a\\|b | x\\|y |');
  });

  test('logs largest values, quantiles and priorities to every kind of file', async () => {
    const replay = prioritized({ capacity: 100, priorityExponent: 1, priorityEpsilon: 0 });
    const agent = await agentOf(replay);
    const [csv, lines, events] = [textSink(), textSink(), byteSink()];
    const loggers = [csvLogger(csv), jsonLinesLogger(lines), tensorBoardLogger(events)];
    await runTraining(train(agent, new Parrot(), { steps: 50 }), [logTraining({ agent, loggers, period: 30 })]);
    const json = lines.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; scalars?: Record<string, number> })
      .flatMap(({ step, scalars = {} }) => Object.entries(scalars).map(([name, value]) => ({ step, name, value })));
    const told = readEvents(events.bytes()).flatMap(({ step, values }) =>
      values.map(({ tag, simpleValue }) => ({ step, tag, simpleValue })),
    );
    for (const name of ['maxQ', 'tdErrorP10', 'tdErrorP50', 'tdErrorP90', 'maxTdError'].map((each) => `update/${each}`)) {
      const values = json.filter((each) => each.name === name);
      expect(values.map(({ step }) => step)).toEqual([30, 50]);
      for (const { step, value } of values) {
        expect(csv.text.split('\n')).toContain(`${step},${name},${value}`);
        expect(told).toContainEqual({ step, tag: name, simpleValue: Math.fround(value) });
      }
    }
    const { sampler } = agent.replay.getState() as { sampler: { values: Float64Array; largest: number } };
    const last = json.filter(({ step, name }) => step === 50 && name.startsWith('replay/'));
    expect(last.map(({ name, value }) => [name, value])).toEqual([
      ['replay/fill', 0.5],
      ['replay/meanPriority', expect.closeTo(sampler.values.reduce((sum, p) => sum + p, 0) / 50, 12)],
      ['replay/maxPriority', sampler.largest],
    ]);
  });

  test('changes nothing', async () => {
    const replay = prioritized({ capacity: 40 });
    const [plain, logged] = [await agentOf(replay), await agentOf(replay)];
    await runTraining(train(plain, new Parrot(), { steps: 60 }), []);
    const observations = [new Parrot().reset().observation];
    const logging = logTraining({ agent: logged, loggers: [memoryLogger()], period: 7, observations });
    await runTraining(train(logged, new Parrot(), { steps: 60 }), [logging]);
    expect(await logged.save()).toEqual(await plain.save());
  });

  test('logs an evaluation at once, the rest once a step is told, and nothing twice', async () => {
    const agent = await agentOf();
    const order: string[] = [];
    const logger: Logger = { scalars: async (step, values) => void order.push(`${step} ${Object.keys(values)[0]}`) };
    await runTraining(fakeRun([stepOf(1), stepOf(2, evaluation(2, 5))]), [logTraining({ agent, loggers: [logger], period: 2 })]);
    expect(order).toEqual(['2 evaluation/return', '2 episode/count']);
  });

  test('closes all loggers, whatever fails', async () => {
    const agent = await agentOf();
    const closed: string[] = [];
    const bad: Logger = {
      scalars: () => Promise.reject(new Error('disk full')),
      close: () => {
        closed.push('bad');
        throw new Error('cannot close');
      },
    };
    const good: Logger = { scalars: () => undefined, close: async () => void closed.push('good') };
    const logging = logTraining({ agent, loggers: [bad, good], period: 1 });
    await expect(runTraining(fakeRun([stepOf(1)]), [logging])).rejects.toMatchObject({
      code: 'callback-failed',
      where: 'callback "logTraining": onEvent()',
      received: 'an error: disk full',
    });
    expect(closed).toEqual(['bad', 'good']);
  });

  test('refuses bad options', async () => {
    const agent = await agentOf();
    expect(() => logTraining({ agent, loggers: [], period: 0 })).toThrow('period');
    expect(() => logTraining({ agent, loggers: memoryLogger() as never })).toThrow('loggers');
    expect(() => logTraining({ agent, loggers: [undefined as never] })).toThrow('loggers');
    expect(() => logTraining({ agent, loggers: [], every: 5 } as never)).toThrow('every');
  });
});
