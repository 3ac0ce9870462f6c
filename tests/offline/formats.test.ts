import fc from 'fast-check';
import { File as Hdf5File, ready } from 'h5wasm';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  Dataset,
  decodeCsv,
  decodeHdf5,
  decodeJsonLines,
  encodeCsv,
  encodeHdf5,
  encodeJsonLines,
  type DatasetColumns,
  type TextOptions,
  type TextSource,
} from '../../src/offline/index.ts';
import { loadHdf5 } from '../../src/offline/hdf5/hdf5-package.ts';

const refusal = (code: string, where: string) => expect.objectContaining({ code, where });

/** Any dataset, with numbers that are hard to write. */
const datasetArb = fc
  .record({
    size: fc.integer({ min: 1, max: 3 }),
    actionCount: fc.integer({ min: 1, max: 3 }),
    bytes: fc.boolean(),
    known: fc.boolean(),
    lengths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    fragment: fc.boolean(),
    seed: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 8, maxLength: 8 }),
    picks: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ size, actionCount, bytes, known, lengths, fragment, seed, picks }) => {
    const steps = lengths.reduce((sum, x) => sum + x, 0);
    const rows = steps + lengths.length;
    const float = (i: number) => seed[i % 8] / (1 + (i >> 3));
    const pick = (i: number, n: number) => (picks[i % 8] + i) % n;
    let end = 0;
    const episodeEnds = Int32Array.from(lengths, (x) => (end += x));
    const ends = (flag: number) =>
      Uint8Array.from({ length: steps }, (_, t) => {
        const episode = episodeEnds.indexOf(t + 1);
        if (episode < 0 || (fragment && t === steps - 1)) return 0;
        return [1, 2, 3][pick(episode, 3)] & flag ? 1 : 0;
      });
    return new Dataset({
      observationSize: size,
      actionCount,
      observations: bytes
        ? Uint8Array.from({ length: rows * size }, (_, i) => pick(i, 256))
        : Float32Array.from({ length: rows * size }, (_, i) => float(i)),
      actions: Int32Array.from({ length: steps }, (_, t) => pick(t, actionCount)),
      rewards: Float32Array.from({ length: steps }, (_, t) => float(t + 3)),
      terminations: ends(1),
      truncations: ends(2),
      episodeEnds,
      ...(known && { probabilities: Float32Array.from({ length: steps }, (_, t) => 1 / (1 + pick(t, 1000))) }),
    });
  });

const optionsOf = ({ actionCount, observations }: Dataset): TextOptions => ({
  actionCount,
  observationType: observations instanceof Uint8Array ? 'uint8' : 'float32',
});

/** A text in pieces of so many characters, or bytes. */
function* pieces<T extends string | Uint8Array>(text: T, length: number): Generator<T> {
  for (let i = 0; i < text.length; i += length) yield text.slice(i, i + length) as T;
}

async function* later(parts: Iterable<string>): AsyncGenerator<string> {
  for (const part of parts) yield part;
}

describe.each([
  ['CSV', encodeCsv, decodeCsv],
  ['JSON lines', encodeJsonLines, decodeJsonLines],
] as const)('%s', (_, encode, decode) => {
  it('gives back every dataset, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(datasetArb, fc.integer({ min: 1, max: 50 }), async (dataset, length) => {
        const text = [...encode(dataset)].join('');
        for (const source of [text, pieces(text, length), later(encode(dataset))] as TextSource[]) {
          expect(await decode(source, optionsOf(dataset))).toEqual(dataset);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('minds neither ends of lines nor empty ones', async () => {
    const dataset = new Dataset(good);
    const text = `\uFEFF${[...encode(dataset)].join('').replaceAll('\n', '\r\n\r\n')}`.trimEnd();
    expect(await decode(text, { actionCount: 3 })).toEqual(dataset);
  });

  it('reads bytes, whose pieces may end anywhere', async () => {
    const dataset = new Dataset(good);
    const bytes = new TextEncoder().encode(`\uFEFF${[...encode(dataset)].join('')}`);
    for (const source of [bytes, pieces(bytes, 1), pieces(Buffer.from(bytes), 7)]) {
      expect(await decode(source, { actionCount: 3 })).toEqual(dataset);
    }
  });

  it('refuses options that are none, and no text', async () => {
    const name = encode === encodeCsv ? 'decodeCsv' : 'decodeJsonLines';
    for (const none of [undefined, 7, {}, [1, 2]]) {
      await expect(decode(none as never, { actionCount: 3 })).rejects.toThrow(refusal('invalid-option', `${name}(text)`));
    }
    await expect(decode('', { actionCount: 3 })).rejects.toThrow(refusal('invalid-dataset', `${name}(line 1)`));
    await expect(decode('', { actionCount: 0 })).rejects.toThrow(refusal('invalid-option', `${name}({ actionCount })`));
    await expect(decode('', { actionCount: 1, observationType: 'int8' as never })).rejects.toThrow(
      refusal('invalid-option', `${name}({ observationType })`),
    );
    const misspelt: object = { actionCount: 1, observationTyp: 'uint8' };
    await expect(decode('', misspelt as TextOptions)).rejects.toThrow(refusal('invalid-option', `${name}(options)`));
  });
});

/** Two episodes: 0.1 → 1 → 2, terminated, and 5 → 6, cut off. */
const good: DatasetColumns = {
  observationSize: 1,
  actionCount: 3,
  observations: Float32Array.of(0.1, 1, 2, 5, 6),
  actions: Int32Array.of(1, 2, 0),
  rewards: Float32Array.of(0.5, 1, -2),
  terminations: Uint8Array.of(0, 1, 0),
  truncations: Uint8Array.of(0, 0, 1),
  episodeEnds: Int32Array.of(2, 3),
};

describe('encodeCsv', () => {
  it('writes documented columns, numbers as short as they may be', () => {
    expect([...encodeCsv(new Dataset({ ...good, probabilities: Float32Array.of(0.5, 0.1, 1) }))].join('')).toBe(
      'episode,observation_0,action,reward,terminated,truncated,next_observation_0,probability\n' +
        '0,0.1,1,0.5,false,false,1,0.5\n0,1,2,1,true,false,2,0.1\n1,5,0,-2,false,true,6,1\n',
    );
  });
});

describe('decodeCsv', () => {
  const heading = 'episode,observation_0,action,reward,terminated,truncated,next_observation_0';
  const lines = ['0,0.1,1,0.5,0,0,1', '0,1,2,1,1,0,2', '1,5,0,-2,0,1,6'];
  const read = (text: string) => decodeCsv(text, { actionCount: 3 });

  it('takes columns in any order, flags as numbers, and numbers of episodes with gaps', async () => {
    const text =
      'truncated,action,reward,episode,terminated,next_observation_0,observation_0\n0,1,.5,3,FALSE,1e0,1e-1\n0,2,1,3,True,2,1\n1,0,-2.0,9,0,6,5';
    expect(await read(text)).toEqual(new Dataset(good));
  });

  it.each<[string, string, number, string | undefined, string, string?]>([
    ['NaN', '0,NaN,1,0.5,0,0,1', 2, 'observation_0', ''],
    ['infinity', '0,0.1,1,Infinity,0,0,1', 2, 'reward', ''],
    ['what float32 does not hold', '0,0.1,1,1e39,0,0,1', 2, 'reward', ''],
    ['no number', '0,0.1,1,,0,0,1', 2, 'reward', ''],
    ['hexadecimal', '0,0.1,0x1,0.5,0,0,1', 2, 'action', ''],
    ['an action out of range', '0,0.1,3,0.5,0,0,1', 2, 'action', ''],
    ['a negative action', '0,0.1,-1,0.5,0,0,1', 2, 'action', ''],
    ['half an action', '0,0.1,0.5,0.5,0,0,1', 2, 'action', ''],
    ['a flag that is none', '0,0.1,1,0.5,2,0,1', 2, 'terminated', ''],
    ['an episode that is none', 'a,0.1,1,0.5,0,0,1', 2, 'episode', ''],
    ['a cell too few', '0,0.1,1,0.5,0,0', 2, undefined, ''],
    ['a cell too many', '0,0.1,1,0.5,0,0,1,1', 2, undefined, ''],
    ['an episode that goes on after its end', '0,0.1,1,0.5,1,0,1', 3, 'episode', lines[1]],
    ['an episode without an end before another', '0,0.1,1,0.5,0,0,1', 3, 'episode', lines[2]],
    ['episodes that fall', '2,0.1,1,0.5,1,0,1', 3, 'episode', lines[2]],
    ['steps that do not follow one another', lines[0], 3, 'observation_0', '0,3,2,1,1,0,2'],
  ])('refuses %s', async (_, first, line, column, second) => {
    const where = `decodeCsv(line ${line}${column === undefined ? '' : `, column ${column}`})`;
    await expect(read([heading, first, second].join('\n'))).rejects.toThrow(refusal('invalid-dataset', where));
  });

  it.each<[string, string]>([
    ['episode,observation_0,action,reward,terminated,next_observation_0', 'truncated'],
    ['episode,action,reward,terminated,truncated', 'observation_0'],
    [
      'episode,observation_0,observation_2,action,reward,terminated,truncated,next_observation_0,next_observation_2',
      'observation_1',
    ],
    [`${heading},probabilty`, 'probabilty'],
    [`${heading},reward`, 'reward'],
  ])('refuses the heading %s', async (bad, column) => {
    await expect(read(`\n${bad}\n${lines[0]}`)).rejects.toThrow(refusal('invalid-dataset', `decodeCsv(line 2, column ${column})`));
  });

  it('refuses probabilities that are none, and bytes that are none', async () => {
    const known = (p: string) => read(`${heading},probability\n${lines[2]},${p}`);
    for (const p of ['0', '1.5', '-1', '']) {
      await expect(known(p)).rejects.toThrow(refusal('invalid-dataset', 'decodeCsv(line 2, column probability)'));
    }
    expect((await known('0.25')).probabilities).toEqual(Float32Array.of(0.25));
    const byte = (x: string) => decodeCsv(`${heading}\n0,${x},0,0,1,0,1`, { actionCount: 1, observationType: 'uint8' });
    for (const x of ['256', '-1', '0.5']) {
      await expect(byte(x)).rejects.toThrow(refusal('invalid-dataset', 'decodeCsv(line 2, column observation_0)'));
    }
  });
});

describe('decodeJsonLines', () => {
  const row = { episode: 0, observation: [0.1], action: 1, reward: 0.5, terminated: true, truncated: false, nextObservation: [1] };
  const read = (...rows: unknown[]) =>
    decodeJsonLines(rows.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n'), { actionCount: 3 });
  const next = { ...row, episode: 1 };

  it.each<[string, unknown, string]>([
    ['what is no JSON', '{"episode":', 'line 2'],
    ['what is no object', [1], 'line 2'],
    ['a missing key', { ...next, reward: undefined }, 'line 2, column reward'],
    ['an unknown key', { ...next, done: true }, 'line 2, column done'],
    ['null for a number', { ...next, reward: null }, 'line 2, column reward'],
    ['text for a number', { ...next, observation: ['1'] }, 'line 2, column observation[0]'],
    ['a number for a list', { ...next, observation: 1 }, 'line 2, column observation'],
    ['a longer observation', { ...next, nextObservation: [1, 2] }, 'line 2, column nextObservation'],
    ['a number for a flag', { ...next, truncated: 1 }, 'line 2, column truncated'],
    ['an action out of range', { ...next, action: 3 }, 'line 2, column action'],
    ['a probability where there was none', { ...next, probability: 1 }, 'line 2, column probability'],
    ['an episode that goes on after its end', row, 'line 2, column episode'],
  ])('refuses %s', async (_, second, where) => {
    await expect(read(row, second)).rejects.toThrow(refusal('invalid-dataset', `decodeJsonLines(${where})`));
  });

  it('refuses empty observations and a jump within an episode', async () => {
    await expect(read({ ...row, observation: [] })).rejects.toThrow(
      refusal('invalid-dataset', 'decodeJsonLines(line 1, column observation)'),
    );
    await expect(read({ ...row, terminated: false }, { ...row, observation: [2] })).rejects.toThrow(
      refusal('invalid-dataset', 'decodeJsonLines(line 2, column observation[0])'),
    );
  });
});

/** The bytes of an HDF5 file with these datasets, by path. */
async function hdf5(columns: Readonly<Record<string, readonly [Float32Array | Float64Array | Int32Array | Uint8Array, number[]]>>) {
  const { FS } = await ready;
  const file = new Hdf5File('made.hdf5', 'w');
  for (const [path, [data, shape]] of Object.entries(columns)) {
    const [group, name] = path.includes('/') ? path.split('/') : [undefined, path];
    const place =
      group === undefined ? file : ((file.keys().includes(group) ? file.get(group) : file.create_group(group)) as typeof file);
    place.create_dataset({ name, data, shape });
  }
  file.close();
  return Uint8Array.from((FS as unknown as { readFile(path: string): Uint8Array }).readFile('made.hdf5'));
}

describe('HDF5', () => {
  const fixture = (name: string) => Uint8Array.from(readFileSync(join(import.meta.dirname, 'hdf5', name)));
  const expectedDataset = new Dataset({ ...good, observationSize: 2, observations: Float32Array.of(0, 1, 1, 2, 2, 3, 5, 6, 6, 7) });

  it.each(['minari', 'd4rl'] as const)('gives back every dataset, bit for bit, as %s lays it out', async (layout) => {
    await fc.assert(
      fc.asyncProperty(datasetArb, async (dataset) => {
        const bytes = await encodeHdf5(dataset, { layout });
        expect(await decodeHdf5(bytes, dataset)).toEqual(dataset);
      }),
      { numRuns: 40 },
    );
  });

  it("reads what h5py wrote by Minari's layout: booleans, 64-bit numbers, compressed chunks", async () => {
    expect(await decodeHdf5(fixture('minari.hdf5'), { actionCount: 3 })).toEqual(expectedDataset);
  });

  it("reads what h5py wrote by D4RL's layout, and leaves out a step of which nobody knows what came of it", async () => {
    const dataset = await decodeHdf5(fixture('d4rl.hdf5'), { actionCount: 3 });
    // After the terminal the observation before it stands for what is never asked for.
    expect(dataset).toEqual(new Dataset({ ...expectedDataset, observations: Float32Array.of(0, 1, 1, 2, 1, 2, 5, 6, 6, 7) }));
  });

  it('reads flat columns without timeouts as they stand', async () => {
    const columns = {
      observations: [Float32Array.of(1, 2, 3, 4), [4, 1]],
      actions: [Int32Array.of(0, 1, 0, 1), [4, 1]],
      rewards: [Float64Array.of(1, 2, 3, 4), [4]],
      terminals: [Uint8Array.of(0, 1, 0, 0), [4]],
    } as const;
    const dataset = await decodeHdf5(await hdf5(columns as never), { actionCount: 2 });
    expect([...dataset.rewards]).toEqual([1, 2, 3]);
    expect([...dataset.observations]).toEqual([1, 2, 2, 3, 4]);
    expect([...dataset.terminations]).toEqual([0, 1, 0]);
    expect(dataset.isComplete(1)).toBe(false);
  });

  const minari = {
    'episode_0/observations': [Float32Array.of(0, 1, 2), [3, 1]],
    'episode_0/actions': [Int32Array.of(0, 1), [2]],
    'episode_0/rewards': [Float32Array.of(0, 1), [2]],
    'episode_0/terminations': [Uint8Array.of(0, 1), [2]],
    'episode_0/truncations': [Uint8Array.of(0, 0), [2]],
  } as const;
  const second = Object.fromEntries(Object.entries(minari).map(([path, column]) => [path.replace('_0', '_10'), column]));

  it('takes episodes in the order of their numbers', async () => {
    const third = Object.fromEntries(Object.entries(minari).map(([path, column]) => [path.replace('_0', '_9'), column]));
    const marked = { ...third, 'episode_9/rewards': [Float32Array.of(5, 6), [2]] };
    const dataset = await decodeHdf5(await hdf5({ ...second, ...marked, ...minari } as never), { actionCount: 2 });
    expect([...dataset.rewards]).toEqual([0, 1, 5, 6, 0, 1]);
  });

  it('writes bytes whoever owns them', async () => {
    const flags = { terminations: Buffer.from(good.terminations), truncations: Buffer.from(good.truncations) };
    const bytes = new Dataset({ ...good, ...flags, observations: Buffer.from([9, 9, 1, 2, 3, 4, 5]).subarray(2) });
    for (const layout of ['minari', 'd4rl'] as const) {
      const again = await decodeHdf5(await encodeHdf5(bytes, { layout }), good);
      expect(again).toEqual(new Dataset({ ...good, observations: Uint8Array.of(1, 2, 3, 4, 5) }));
    }
  });

  it('reads bytes as numbers where the observations before are numbers', async () => {
    const change = { 'episode_10/observations': [Uint8Array.of(7, 8, 9), [3, 1]] };
    const dataset = await decodeHdf5(await hdf5({ ...minari, ...second, ...change } as never), { actionCount: 2 });
    expect(dataset.observations).toEqual(Float32Array.of(0, 1, 2, 7, 8, 9));
  });

  it('refuses to write a dataset of nothing where nothing would tell its columns', async () => {
    const flags = { terminations: new Uint8Array(), truncations: new Uint8Array(), episodeEnds: new Int32Array() };
    const arrays = { observations: new Float32Array(), actions: new Int32Array(), rewards: new Float32Array() };
    const nothing = new Dataset({ ...good, ...arrays, ...flags });
    await expect(encodeHdf5(nothing)).rejects.toThrow(refusal('invalid-dataset', 'encodeHdf5(dataset)'));
    expect(() => [...encodeJsonLines(nothing)]).toThrow(refusal('invalid-dataset', 'encodeJsonLines(dataset)'));
    expect((await decodeHdf5(await encodeHdf5(nothing, { layout: 'd4rl' }), good)).episodes).toBe(0);
  });

  it.each<[string, object, string]>([
    ['NaN', { 'episode_0/observations': [Float32Array.of(0, NaN, 2), [3, 1]] }, '/episode_0/observations[1]'],
    ['an action out of range', { 'episode_0/actions': [Int32Array.of(0, 2), [2]] }, '/episode_0/actions[1]'],
    ['half an action', { 'episode_0/actions': [Float32Array.of(0.5, 1), [2]] }, '/episode_0/actions[0]'],
    ['too few rewards', { 'episode_0/rewards': [Float32Array.of(0), [1]] }, '/episode_0/rewards'],
    ['an infinite reward', { 'episode_0/rewards': [Float32Array.of(0, Infinity), [2]] }, '/episode_0/rewards[1]'],
    ['a flag that is none', { 'episode_0/truncations': [Uint8Array.of(2, 0), [2]] }, '/episode_0/truncations[0]'],
    ['an end within an episode', { 'episode_0/truncations': [Uint8Array.of(1, 0), [2]] }, '/episode_0/truncations[0]'],
    [
      'an episode without an end before another',
      { ...second, 'episode_0/terminations': [Uint8Array.of(0, 0), [2]] },
      '/episode_10',
    ],
    ['other observations', { ...second, 'episode_10/observations': [new Float32Array(6), [3, 2]] }, '/episode_10/observations'],
    [
      'numbers that are no bytes after bytes',
      {
        ...second,
        'episode_0/observations': [Uint8Array.of(0, 1, 2), [3, 1]],
        'episode_10/observations': [Float32Array.of(0, -1.5, 2), [3, 1]],
      },
      '/episode_10/observations[1]',
    ],
    ['no step', { 'episode_0/observations': [new Float32Array(1), [1, 1]] }, '/episode_0/observations'],
    ['a probability of 0', { 'episode_0/probabilities': [Float32Array.of(0, 1), [2]] }, '/episode_0/probabilities[0]'],
  ])('refuses %s', async (_, change, path) => {
    const bytes = await hdf5({ ...minari, ...change } as never);
    await expect(decodeHdf5(bytes, { actionCount: 2 })).rejects.toThrow(refusal('invalid-dataset', `decodeHdf5(${path})`));
  });

  it.each<[string, object, string]>([
    ['a missing dataset', { terminals: undefined }, '/terminals'],
    ['next observations of another shape', { next_observations: [new Float32Array(4), [2, 2]] }, '/next_observations'],
    [
      'next observations that are no bytes after bytes',
      { observations: [Uint8Array.of(1, 2), [2, 1]], next_observations: [Float32Array.of(2, 0.5), [2, 1]] },
      '/next_observations[1]',
    ],
    ['steps that do not follow one another', { next_observations: [Float32Array.of(9, 3), [2, 1]] }, '/next_observations[0]'],
  ])('refuses in flat columns %s', async (_, change, path) => {
    const columns = {
      observations: [Float32Array.of(1, 2), [2, 1]],
      actions: [Int32Array.of(0, 1), [2]],
      rewards: [Float32Array.of(1, 2), [2]],
      terminals: [Uint8Array.of(0, 1), [2]],
      ...change,
    };
    const whole = Object.fromEntries(Object.entries(columns).filter(([, column]) => column));
    const bytes = await hdf5(whole as never);
    await expect(decodeHdf5(bytes, { actionCount: 2 })).rejects.toThrow(refusal('invalid-dataset', `decodeHdf5(${path})`));
  });

  it('refuses files of other kinds, damaged ones and a group in place of a dataset', async () => {
    const read = (bytes: Uint8Array) => decodeHdf5(bytes, { actionCount: 3 });
    await expect(read(Uint8Array.of(1, 2, 3))).rejects.toThrow(refusal('invalid-dataset', 'decodeHdf5(bytes)'));
    await expect(read('text' as never)).rejects.toThrow(refusal('invalid-dataset', 'decodeHdf5(bytes)'));
    await expect(read(fixture('minari.hdf5').subarray(0, -100))).rejects.toThrow(refusal('invalid-dataset', 'decodeHdf5(bytes)'));
    await expect(read(await hdf5({ x: [new Float32Array(1), [1]] }))).rejects.toThrow(refusal('invalid-dataset', 'decodeHdf5(/)'));
    const parts = await hdf5({ 'observations/left': [new Float32Array(1), [1]] });
    await expect(read(parts)).rejects.toThrow(refusal('invalid-dataset', 'decodeHdf5(/observations)'));
    await expect(decodeHdf5(fixture('minari.hdf5'), { actionCount: 0 })).rejects.toThrow(
      refusal('invalid-option', 'decodeHdf5({ actionCount })'),
    );
    await expect(encodeHdf5(expectedDataset, { layout: 'rlds' as never })).rejects.toThrow(
      refusal('invalid-option', 'encodeHdf5({ layout })'),
    );
    await expect(encodeHdf5(expectedDataset, { layuot: 'd4rl' } as object)).rejects.toThrow(
      refusal('invalid-option', 'encodeHdf5(options)'),
    );
    // And still reads what is sound.
    expect((await read(fixture('minari.hdf5'))).size).toBe(3);
  });

  it('says which package is missing', async () => {
    const cause = new Error("Cannot find package 'h5wasm'");
    await expect(loadHdf5('decodeHdf5(bytes)', () => Promise.reject(cause))).rejects.toThrow(
      expect.objectContaining({
        code: 'missing-package',
        where: 'decodeHdf5(bytes)',
        cause,
        remedy: expect.stringContaining('npm install h5wasm'),
      }),
    );
  });
});
