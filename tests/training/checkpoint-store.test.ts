import { describe, expect, test } from 'vitest';
import { encodeArchive } from '../../src/common/archive.ts';
import { checkpointSeries, checkpointStore, DqnError, memoryStore, type CheckpointStore } from '../../src/index.ts';
import { assertCheckpointStore } from '../../src/testing/index.ts';
import { spoiltStore } from '../support/spoilt-store.ts';
import { failure } from '../support/failure.ts';

const bytesOf = (value: number) => encodeArchive({ kind: 'test', version: 1, state: { value } });

describe('memoryStore', () => {
  test('keeps the contract', async () => {
    const store = memoryStore();
    await assertCheckpointStore(() => store);
  });
});

describe('checkpointStore', () => {
  test('makes a store of four functions', async () => {
    const objects = new Map<string, Uint8Array<ArrayBuffer>>();
    const bucket = () =>
      checkpointStore({
        description: 'bucket()',
        save: async (name, bytes) => void objects.set(name, bytes.slice()),
        load: async (name) => objects.get(name)?.slice(),
        list: async () => [...objects.keys(), 'Not Ours'],
        delete: async (name) => void objects.delete(name),
      });
    await assertCheckpointStore(bucket, { damage: (name, bytes) => void objects.set(name, bytes) });
  });

  test('tells what the place throws, and where', async () => {
    const cause = new RangeError('no room');
    const fail = () => {
      throw cause;
    };
    const store = checkpointStore({
      description: 'bucket()',
      save: fail,
      load: fail,
      list: fail,
      delete: () => Promise.reject(cause),
    });
    for (const [where, call] of [
      ['bucket().save("a")', store.save('a', bytesOf(1))],
      ['bucket().load("a")', store.load('a')],
      ['bucket().list()', store.list()],
      ['bucket().delete("a")', store.delete('a')],
    ] as const) {
      expect(await failure(call)).toMatchObject({ code: 'storage-failed', where, received: 'RangeError: no room', cause });
    }
  });

  test('says by name what was damaged, and what to do', async () => {
    const store = checkpointStore({
      description: 'bucket()',
      save: () => {},
      load: () => bytesOf(1).slice(0, 60),
      list: () => [],
      delete: () => {},
    });
    const error = await failure(store.load('run.000000000100'));
    expect(error).toMatchObject({ code: 'invalid-checkpoint', where: 'bucket().load("run.000000000100")' });
    expect(error.remedy).toBe('Load an earlier checkpoint, and delete this one.');
    expect((await failure(store.save('a', [1] as never))).where).toBe('bucket().save("a")');
  });
});

describe('checkpointSeries', () => {
  test.each([1, 2, 3])('keeps the last %i, by step', async (keep) => {
    const store = memoryStore();
    const series = checkpointSeries({ store, name: 'run', keep });
    await store.save('run.other', bytesOf(0));
    await store.save('runs.000000000001', bytesOf(0));
    expect(await series.latest()).toBeUndefined();
    for (const step of [5, 10, 999, 1_000, 20_000]) {
      expect(await series.save(step, bytesOf(step))).toBe(`run.${String(step).padStart(12, '0')}`);
      expect((await series.latest())?.bytes).toEqual(bytesOf(step));
    }
    const kept = [5, 10, 999, 1_000, 20_000].slice(-keep).map((step) => `run.${String(step).padStart(12, '0')}`);
    expect(await store.list()).toEqual([...kept, 'run.other', 'runs.000000000001']);
  });

  test('passes damaged ones over, and tells which', async () => {
    const damaged = new Set<string>();
    const store = spoiltStore((sound) => ({
      load: (name) => (damaged.has(name) ? sound.load(name).then(() => refuse()) : sound.load(name)),
    }));
    const series = checkpointSeries({ store, name: 'run' });
    await series.save(1, bytesOf(1));
    damaged.add(await series.save(2, bytesOf(2)));
    const latest = await series.latest();
    expect(latest).toMatchObject({ name: 'run.000000000001', bytes: bytesOf(1), damaged: [{ code: 'invalid-checkpoint' }] });
    damaged.add('run.000000000001');
    expect((await failure(series.latest())).code).toBe('invalid-checkpoint');
  });

  test('keeps the one that a run went back to, and forgets the damaged ones after it', async () => {
    const store = memoryStore();
    const series = checkpointSeries({ store, name: 'run', keep: 3 });
    for (const step of [1, 2, 3]) await series.save(step * 1_000, bytesOf(step));
    // Those of the steps 2,000 and 3,000 were damaged.
    await series.save(1_500, bytesOf(4));
    await series.save(1_600, bytesOf(5));
    expect(await store.list()).toEqual([1_000, 1_500, 1_600].map((step) => `run.${String(step).padStart(12, '0')}`));
    expect((await series.latest())?.bytes).toEqual(bytesOf(5));
  });

  test('does not take a place that fails for damage', async () => {
    const store = spoiltStore(() => ({ load: () => Promise.reject(new TypeError('offline')) }));
    const series = checkpointSeries({ store, name: 'run' });
    await series.save(1, bytesOf(1));
    await expect(series.latest()).rejects.toThrow('offline');
  });

  test('forgets nothing before the new one is kept', async () => {
    let full = false;
    const store = spoiltStore((sound) => ({
      save: (name, bytes) => (full ? Promise.reject(new RangeError('no room')) : sound.save(name, bytes)),
    }));
    const series = checkpointSeries({ store, name: 'run', keep: 1 });
    await series.save(1, bytesOf(1));
    full = true;
    await expect(series.save(2, bytesOf(2))).rejects.toThrow('no room');
    expect((await series.latest())?.bytes).toEqual(bytesOf(1));
  });

  test('refuses bad options', () => {
    const store = memoryStore();
    for (const bad of [
      { name: '' },
      { name: 'A' },
      { name: 'a'.repeat(88) },
      { name: 7 },
      { name: 'a', keep: 0 },
      { name: 'a', kept: 1 },
    ]) {
      expect(() => checkpointSeries({ store, ...bad } as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });
});

function refuse(): never {
  throw new DqnError({ code: 'invalid-checkpoint', where: 'load', expected: 'a', received: 'b', remedy: 'c' });
}

describe('assertCheckpointStore', () => {
  const cases: [string, RegExp, (sound: CheckpointStore) => Partial<CheckpointStore>][] = [
    ['forgets what was saved', /history/, () => ({ save: async () => {} })],
    ['gives others bytes', /history/, () => ({ load: async () => bytesOf(3) })],
    ['does not delete', /history/, () => ({ delete: async () => {} })],
    ['lists in disorder', /history/, (sound) => ({ list: async () => (await sound.list()).toReversed() })],
    ['takes any name', /names/, (sound) => ({ delete: (name) => (/^[a-z]/.test(name) ? sound.delete(name) : Promise.resolve()) })],
    ['lets junk in', /bytes/, (sound) => ({ save: (name, bytes) => sound.save(name, bytes).catch(() => {}) })],
    [
      'empties the place first',
      /bytes/,
      (sound) => ({
        async save(name, bytes) {
          await sound.delete(name);
          await sound.save(name, bytes);
        },
      }),
    ],
  ];
  test.each(cases)('finds a store that %s', async (_, rule, spoil) => {
    const store = spoiltStore(spoil);
    await expect(assertCheckpointStore(() => store)).rejects.toThrow(rule);
  });

  test('finds a store that keeps and gives the same array', async () => {
    const kept = new Map<string, Uint8Array<ArrayBuffer>>();
    const store: CheckpointStore = {
      save: async (name, bytes) => void kept.set(name, bytes as Uint8Array<ArrayBuffer>),
      load: async (name) => kept.get(name),
      list: async () => [...kept.keys()].toSorted(),
      delete: async (name) => void kept.delete(name),
    };
    await expect(assertCheckpointStore(() => store)).rejects.toThrow(/copies/);
  });

  test('finds a store that does not look at what it gives', async () => {
    const kept = new Map<string, Uint8Array<ArrayBuffer>>();
    const sound = memoryStore();
    const store: CheckpointStore = { ...sound, load: async (name) => kept.get(name) ?? sound.load(name) };
    await expect(assertCheckpointStore(() => store, { damage: (name, bytes) => void kept.set(name, bytes) })).rejects.toThrow(
      /damage/,
    );
  });
});
