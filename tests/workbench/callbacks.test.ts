import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  checkpointSeries,
  createAgent,
  loadPolicy,
  memoryStore,
  mlp,
  train,
  type TrainEvent,
  type TrainingRun,
} from '../../src/index.ts';
import {
  keepBest,
  keepCheckpoints,
  runTraining,
  stepLimit,
  stopAtReturn,
  stopWithoutImprovement,
  timeLimit,
  withCallbacks,
  type Callback,
} from '../../src/workbench/index.ts';
import { episode, evaluation, fakeRun, stepOf } from '../support/fake-run.ts';
import { spoiltStore } from '../support/spoilt-store.ts';
import { Parrot } from '../support/tiny-environments.ts';
import { failure } from '../support/failure.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

async function collect(run: TrainingRun, into: TrainEvent[] = []): Promise<TrainEvent[]> {
  for await (const event of run) into.push(event);
  return into;
}

/** Notes what it is called with, and may do something. */
function spy(name: string, log: string[], act: Partial<Callback> = {}): Callback {
  return {
    name,
    begin: () => {
      log.push(`${name} begins`);
      return act.begin?.();
    },
    onEvent: (event, run) => {
      log.push(`${name} ${event.kind} ${event.step}`);
      return act.onEvent?.(event, run);
    },
    end: (run, outcome) => {
      log.push(`${name} ends: ${outcome.kind}`);
      return act.end?.(run, outcome);
    },
  };
}

const agentOf = (seed = 1) => createAgent(new Parrot(), { network: mlp({ hidden: [8] }), batchSize: 4, learningStarts: 10, seed });

describe('withCallbacks', () => {
  test('tells every callback every event, in order, and changes nothing', async () => {
    const log: string[] = [];
    const steps = [stepOf(1), stepOf(2, episode(2, 1))];
    const later = spy('b', log, { onEvent: async () => {} });
    const run = withCallbacks(fakeRun(steps), [spy('a', log), later, { name: 'nothing' }]);
    expect(run.outcome).toBeUndefined();
    expect(await collect(run)).toEqual(steps.flat());
    expect(run.outcome).toEqual({ kind: 'finished' });
    const lines = ['begins', 'step 1', 'step 2', 'episode 2', 'ends: finished'];
    expect(log).toEqual(lines.flatMap((line) => [`a ${line}`, `b ${line}`]));
  });

  test('leaves a real run as it is', async () => {
    const [agent, watched] = [await agentOf(), await agentOf()];
    const plain = await collect(train(agent, new Parrot(), { steps: 60 }));
    const run = withCallbacks(train(watched, new Parrot(), { steps: 60 }), [spy('a', []), spy('b', [])]);
    expect(await collect(run)).toEqual(plain);
    expect(await watched.save()).toEqual(await agent.save());
  });

  test('stops where a callback says so, once the step has been told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }), fc.nat(20), async (sizes, when) => {
        const steps = sizes.map((size, i) => stepOf(i + 1, ...Array.from({ length: size }, () => episode(i + 1, 0))));
        const all = steps.flat();
        const log: string[] = [];
        let seen = 0;
        const onEvent = () => (seen++ === when ? 'enough' : undefined);
        const inner = fakeRun(steps);
        const run = withCallbacks(inner, [spy('stopper', log, { onEvent }), spy('other', log)]);
        const told = await collect(run);
        const last = all[Math.min(when, all.length - 1)].step;
        expect(told).toEqual(all.filter((event) => event.step <= (when < all.length ? last : Infinity)));
        expect(run.outcome).toEqual(
          when < all.length ? { kind: 'stopped', by: 'stopper', reason: 'enough' } : { kind: 'finished' },
        );
        expect(inner.log).toEqual(['closed']);
        expect(log.filter((line) => line.startsWith('other '))).toHaveLength(told.length + 2);
      }),
    );
  });

  test('keeps the first reason', async () => {
    const stop = (name: string, at: number): Callback => ({ name, onEvent: ({ step }) => (step === at ? name : undefined) });
    const outcome = await runTraining(fakeRun([stepOf(1), stepOf(2)]), [stop('late', 2), stop('b', 1), stop('c', 1)]);
    expect(outcome).toEqual({ kind: 'stopped', by: 'b', reason: 'b' });
  });

  test.each([
    [
      'at once',
      () => {
        throw new RangeError('no room');
      },
    ],
    ['later', () => Promise.reject(new RangeError('no room'))],
  ])('tells what a callback throws %s by its name, after the step, and lets the others end', async (_, onEvent) => {
    const log: string[] = [];
    const inner = fakeRun([stepOf(1, episode(1, 5), evaluation(1, 5)), stepOf(2)]);
    const run = withCallbacks(inner, [spy('bad', log, { onEvent }), spy('good', log)]);
    const told: TrainEvent[] = [];
    const error = await failure(collect(run, told));
    expect(error).toMatchObject({ code: 'callback-failed', where: 'callback "bad": onEvent()', received: 'an error: no room' });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(told.map(({ kind }) => kind)).toEqual(['step', 'episode', 'evaluation']);
    expect(run.outcome).toEqual({ kind: 'failed', error });
    expect(log.filter((line) => line.startsWith('bad '))).toEqual(['bad begins', 'bad step 1', 'bad ends: failed']);
    expect(log.filter((line) => line.startsWith('good '))).toEqual(
      ['begins', 'step 1', 'episode 1', 'evaluation 1', 'ends: failed'].map((line) => `good ${line}`),
    );
    expect(inner.log).toEqual(['closed']);
  });

  test('loses nothing where a callback throws: the run is whole, and goes on as if it had not', async () => {
    const whole = await agentOf();
    await collect(train(whole, new Parrot(), { steps: 80 }));
    const agent = await agentOf();
    const run = train(agent, new Parrot(), { steps: 80 });
    const onEvent = ({ kind, step }: TrainEvent) => {
      if (kind === 'step' && step === 40) throw new Error('a slip');
    };
    await failure(runTraining(run, [{ name: 'slip', onEvent }]));
    expect(run.pending).toBe(0);
    const again = await agentOf();
    await collect(train(again, new Parrot(), { steps: 80, resume: await run.checkpoint() }));
    expect(await again.save()).toEqual(await whole.save());
  });

  test('does not begin where a callback cannot', async () => {
    const log: string[] = [];
    const inner = fakeRun([stepOf(1)]);
    const begin = () => {
      throw new Error('no file');
    };
    const error = await failure(runTraining(inner, [spy('a', log, { begin }), spy('b', log)]));
    expect(error.where).toBe('callback "a": begin()');
    expect(log).toEqual(['a begins', 'b begins', 'a ends: failed', 'b ends: failed']);
    expect(await collect(inner)).toHaveLength(1);
  });

  test('tells what fails at the end', async () => {
    const log: string[] = [];
    const end = () => Promise.reject(new Error('cannot close'));
    const run = withCallbacks(fakeRun([stepOf(1)]), [spy('a', log, { end }), spy('b', log)]);
    const error = await failure(collect(run));
    expect(error.where).toBe('callback "a": end()');
    expect(run.outcome).toEqual({ kind: 'failed', error });
    expect(log.at(-1)).toBe('b ends: finished');
  });

  test('lets the error of the run through, and callbacks end', async () => {
    const log: string[] = [];
    const cause = new Error('the world ends');
    const end = () => {
      throw new Error('cannot close');
    };
    const run = withCallbacks(fakeRun([stepOf(1), cause]), [spy('a', log, { end })]);
    await expect(collect(run)).rejects.toBe(cause);
    expect(run.outcome).toEqual({ kind: 'failed', error: cause });
    expect(log).toEqual(['a begins', 'a step 1', 'a ends: failed']);
  });

  test('ends when nobody asks for further events, and tells then what failed', async () => {
    const log: string[] = [];
    const inner = fakeRun([stepOf(1), stepOf(2)]);
    const run = withCallbacks(inner, [spy('a', log)]);
    for await (const event of run) if (event.step === 1) break;
    expect(run.outcome).toMatchObject({ kind: 'stopped', by: 'caller' });
    expect(inner.log).toEqual(['closed']);
    expect(log.at(-1)).toBe('a ends: stopped');
    const end = () => {
      throw new Error('cannot close');
    };
    const bad = withCallbacks(fakeRun([stepOf(1)]), [{ name: 'bad', end }]);
    const leave = async () => {
      for await (const event of bad) if (event.step === 1) break;
    };
    expect((await failure(leave())).where).toBe('callback "bad": end()');
  });

  test('may be put around each other', async () => {
    const log: string[] = [];
    const inner = withCallbacks(fakeRun([stepOf(1, episode(1, 1)), stepOf(2)]), [spy('inner', log)]);
    const outcome = await runTraining(inner, [stepLimit(1)]);
    expect(outcome).toMatchObject({ kind: 'stopped', by: 'stepLimit' });
    expect(inner.outcome).toMatchObject({ by: 'caller' });
    expect(log).toEqual(['inner begins', 'inner step 1', 'inner episode 1', 'inner ends: stopped']);
  });

  test.each<[string, unknown]>([
    ['no list', { name: 'a' }],
    ['a function', [() => {}]],
    ['one without a name', [{ onEvent() {} }]],
    ['null', [null]],
  ])('refuses %s', (_, callbacks) => {
    expect(() => withCallbacks(fakeRun([]), callbacks as never)).toThrow('withCallbacks(callbacks)');
  });
});

describe('keepBest', () => {
  const evaluations = (...means: number[]) => means.map((mean, i) => stepOf(i + 1, evaluation(i + 1, mean)));
  /** Saves what tells which save it is. */
  const saver = async () => {
    const agent = await agentOf();
    let saves = 0;
    return { savePolicy: async () => (saves++, agent.savePolicy()), saves: () => saves, agent };
  };

  test('keeps the policy of the best evaluation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 8 }), async (means) => {
        const { savePolicy, saves } = await saver();
        const store = memoryStore();
        const best = keepBest({ agent: { savePolicy }, store, name: 'best' });
        expect(best.best).toBeUndefined();
        await runTraining(fakeRun(evaluations(...means)), [best]);
        const top = Math.max(...means);
        expect(best.best).toEqual(means.length > 0 ? { step: means.indexOf(top) + 1, mean: top } : undefined);
        expect(saves()).toBe(means.filter((mean, i) => means.slice(0, i).every((other) => mean > other)).length);
        expect(await store.list()).toEqual(means.length > 0 ? ['best'] : []);
      }),
      { numRuns: 20 },
    );
  });

  test('leaves a better one of an earlier run, and takes the policy at the evaluation', async () => {
    const { agent } = await saver();
    const store = memoryStore();
    const best = keepBest({ agent, store, name: 'best', above: 4 });
    await runTraining(fakeRun(evaluations(3, 4)), [best]);
    expect(await store.list()).toEqual([]);
    await runTraining(fakeRun(evaluations(5)), [best]);
    expect(await store.load('best')).toEqual(await agent.savePolicy());
    await loadPolicy((await store.load('best')) as Uint8Array, new Parrot());
  });

  test('forgets nothing where the store fails', async () => {
    const { agent } = await saver();
    let full = true;
    const store = spoiltStore((sound) => ({
      save: (...entry) => (full ? Promise.reject(new Error('full')) : sound.save(...entry)),
    }));
    const best = keepBest({ agent, store, name: 'best' });
    expect((await failure(runTraining(fakeRun(evaluations(5)), [best]))).where).toBe('callback "keepBest": onEvent()');
    expect(best.best).toBeUndefined();
    full = false;
    await runTraining(fakeRun(evaluations(1)), [best]);
    expect(best.best?.mean).toBe(1);
  });

  test('refuses bad options', async () => {
    const { agent } = await saver();
    const sound = { agent, store: memoryStore(), name: 'best' };
    expect(() => keepBest({ ...sound, name: 'No name' })).toThrow('keepBest({ name })');
    expect(() => keepBest({ ...sound, above: NaN })).toThrow('keepBest({ above })');
    expect(() => keepBest({ ...sound, keep: 2 } as never)).toThrow('keep');
  });
});

describe('early stopping', () => {
  const means = (...values: number[]) => values.map((mean, i) => stepOf(i + 1, episode(i + 1, 100), evaluation(i + 1, mean)));
  const lastStep = async (steps: readonly TrainEvent[][], callback: Callback) => {
    const told = await collect(withCallbacks(fakeRun(steps), [callback]));
    return told.at(-1)?.step;
  };

  test('stops at the first evaluation that is good enough', async () => {
    expect(await lastStep(means(1, 4.9, 5, 9), stopAtReturn({ threshold: 5 }))).toBe(3);
    expect(await lastStep(means(1, 2), stopAtReturn({ threshold: 5 }))).toBe(2);
  });

  test('stops when the mean of the last episodes is good enough, and not of fewer', async () => {
    const returns = (...values: number[]) => values.map((value, i) => stepOf(i + 1, episode(i + 1, value), evaluation(i + 1, 99)));
    expect(await lastStep(returns(9, 1, 2, 6, 7, 9), stopAtReturn({ threshold: 5, episodes: 3 }))).toBe(5);
    expect(await lastStep(returns(9, 9, 0, 0), stopAtReturn({ threshold: 5, episodes: 3 }))).toBe(3);
    expect(await lastStep(returns(9, 9), stopAtReturn({ threshold: 5, episodes: 3 }))).toBe(2);
    expect(await lastStep(returns(4, 5, 6, 5), stopAtReturn({ threshold: 5.1, episodes: 2 }))).toBe(3);
    expect(await lastStep(returns(4, 6, 0, 0), stopAtReturn({ threshold: 5.1, episodes: 2 }))).toBe(4);
  });

  test('stops when nothing gets better', async () => {
    const stop = (by?: number) => stopWithoutImprovement({ evaluations: 2, by });
    expect(await lastStep(means(1, 2, 2, 2, 9), stop())).toBe(4);
    expect(await lastStep(means(1, 0, 2, 1, 3, 2, 2), stop())).toBe(7);
    // More than 1 above the best: 2 is not, 2.5 is.
    expect(await lastStep(means(1, 2, 1.9, 9), stop(1))).toBe(3);
    expect(await lastStep(means(1, 2, 2.5, 3, 3.5, 9), stop(1))).toBe(5);
    const outcome = await runTraining(fakeRun(means(1, 0, 0)), [stop()]);
    expect(outcome).toEqual({ kind: 'stopped', by: 'stopWithoutImprovement', reason: 'no mean return above 1 in 2 evaluations' });
  });

  test('what ends a run begins anew with the next one', async () => {
    const steps = [stepOf(1), stepOf(2), stepOf(3)];
    const limit = stepLimit(2);
    const good = [stepOf(1, episode(1, 9)), stepOf(2, episode(2, 9)), stepOf(3)];
    const enough = stopAtReturn({ threshold: 5, episodes: 2 });
    const better = stopWithoutImprovement({ evaluations: 2 });
    for (let run = 0; run < 2; run++) {
      expect(await lastStep(steps, limit)).toBe(2);
      expect(await lastStep(good, enough)).toBe(2);
      expect(await lastStep(means(1, 2, 1, 1, 9), better)).toBe(4);
    }
  });

  test('refuses bad options', () => {
    expect(() => stopAtReturn({ threshold: NaN })).toThrow('threshold');
    expect(() => stopAtReturn({ threshold: 1, episodes: 0 })).toThrow('episodes');
    expect(() => stopAtReturn({ treshold: 1 } as never)).toThrow('treshold');
    expect(() => stopWithoutImprovement({ evaluations: 0 })).toThrow('evaluations');
    expect(() => stopWithoutImprovement({ evaluations: 1, by: -1 })).toThrow('by');
  });
});

describe('limits', () => {
  test('end after so many steps', async () => {
    const told = await collect(withCallbacks(fakeRun([stepOf(11, episode(11, 0)), stepOf(12), stepOf(13)]), [stepLimit(2)]));
    expect(told.at(-1)?.step).toBe(12);
    expect(() => stepLimit(0)).toThrow('stepLimit(steps)');
  });

  test('end after so much time', async () => {
    let now = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const clock: Callback = { name: 'clock', onEvent: () => void (now += 10) };
    const run = withCallbacks(fakeRun([stepOf(1), stepOf(2), stepOf(3), stepOf(4)]), [clock, timeLimit(30)]);
    expect((await collect(run)).at(-1)?.step).toBe(3);
    expect(run.outcome).toEqual({ kind: 'stopped', by: 'timeLimit', reason: '30 ms have passed' });
    expect(() => timeLimit(-1)).toThrow('timeLimit(milliseconds)');
  });
});

describe('keepCheckpoints', () => {
  test('takes them by period, where the step has been told, and at the end', async () => {
    const inner = fakeRun([1, 2, 3, 4, 5].map((at) => stepOf(at, episode(at, 0))));
    const saved: number[] = [];
    const series = { save: async (step: number) => String(saved.push(step)), latest: async () => undefined };
    await runTraining(inner, [keepCheckpoints({ series, period: 2 })]);
    expect(saved).toEqual([2, 4, 5]);
    expect(inner.log.filter((line) => line.startsWith('checkpoint'))).toEqual(Array(3).fill('checkpoint with 0 pending'));
  });

  test('takes none twice, none of nothing, and none where the caller leaves within a step', async () => {
    const saved: number[] = [];
    const series = { save: async (step: number) => String(saved.push(step)), latest: async () => undefined };
    await runTraining(fakeRun([]), [keepCheckpoints({ series, period: 2 })]);
    await runTraining(fakeRun([stepOf(1), stepOf(2)]), [keepCheckpoints({ series, period: 2 })]);
    expect(saved).toEqual([2]);
    for await (const _ of withCallbacks(fakeRun([stepOf(3, episode(3, 0))]), [keepCheckpoints({ series, period: 2 })])) break;
    expect(saved).toEqual([2]);
  });

  test('begin anew with every run: the last one of a run is kept though another ended at that step', async () => {
    const saved: number[] = [];
    const series = { save: async (step: number) => String(saved.push(step)), latest: async () => undefined };
    const callback = keepCheckpoints({ series, period: 5 });
    for (let run = 0; run < 2; run++) await runTraining(fakeRun([stepOf(1), stepOf(2)]), [callback]);
    expect(saved).toEqual([2, 2]);
    await expect(runTraining(fakeRun([new Error('at once')]), [callback])).rejects.toThrow('at once');
    expect(saved).toEqual([2, 2]);
  });

  test('resume bit for bit, with no episode left out', async () => {
    const whole = await agentOf();
    const events = await collect(train(whole, new Parrot(), { steps: 100 }));
    const series = checkpointSeries({ store: memoryStore(), name: 'run' });
    const agent = await agentOf();
    const first = withCallbacks(train(agent, new Parrot(), { steps: 100 }), [
      keepCheckpoints({ series, period: 30 }),
      stepLimit(56),
    ]);
    const told = await collect(first);
    const latest = await series.latest();
    expect(latest?.name).toBe('run.000000000056');
    const again = await agentOf();
    await collect(train(again, new Parrot(), { steps: 100, resume: latest?.bytes }), told);
    expect(told).toEqual(events);
    expect(await again.save()).toEqual(await whole.save());
  });

  test('refuses bad options', () => {
    const series = checkpointSeries({ store: memoryStore(), name: 'run' });
    expect(() => keepCheckpoints({ series, period: 0 })).toThrow('period');
    expect(() => keepCheckpoints({ series, every: 1 } as never)).toThrow('every');
  });
});
