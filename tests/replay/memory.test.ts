import { describe, expect, it, vi } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import { checkAction, checkMask, checkStream } from '../../src/replay/check-transition.ts';
import { NStepAccumulator } from '../../src/replay/n-step.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { rankPrioritized } from '../../src/replay/rank-prioritized.ts';
import type { ReplayLayout } from '../../src/replay/replay-buffer.ts';
import { sequences } from '../../src/replay/sequences.ts';
import { SumTree } from '../../src/replay/sum-tree.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { fill, saved, simple, transition } from './support.ts';

/** Bytes of a sum tree: each level filled up to whole nodes of 8 and the total, a byte for each sum, a place for each lowest node, and 12 a mass. */
function treeBytes(leaves: number, asked: number): number {
  const levels = [];
  for (let nodes = leaves; nodes > 1 || levels.length === 0; nodes = Math.ceil(nodes / 8)) levels.push(8 * Math.ceil(nodes / 8));
  const values = levels.reduce((sum, length) => sum + length, 1);
  return 8 * values + (values - levels[0]) + 4 * Math.ceil(leaves / 8) + 12 * asked;
}

describe('byteLength', () => {
  it('of a sum tree is that of its levels', () => {
    for (const size of [1, 2, 8, 9, 64, 65, 5000]) {
      const tree = new SumTree(size);
      expect(tree.byteLength).toBe(treeBytes(size, 0));
      tree.set(0, 1);
      tree.find(new Float64Array(9), new Float64Array(9));
      tree.find(new Float64Array(4), new Float64Array(4));
      expect(tree.byteLength).toBe(treeBytes(size, 9));
    }
  });

  // One observation is 4 bytes and a count of 4; there may be twice as many as transitions, in chunks of a power of two.
  const capacity = 100;
  const frames = 128 * 8;
  const batch = (size: number, masked: boolean) => size * (4 + 4 + 4 + 4 + 4 + (masked ? simple.actions : 0) + 4 + 8);

  it.each([false, true])('of a uniform buffer is 20 a transition and what else it holds, masked: %s', (masked) => {
    const buffer = uniform({ capacity }).create(simple);
    expect(buffer.byteLength).toBe(20 * capacity);
    buffer.add(transition({ nextActionMask: masked ? Uint8Array.of(1, 0, 1) : undefined }));
    const masks = masked ? simple.actions * capacity : 0;
    expect(buffer.byteLength).toBe(20 * capacity + frames + 64 + masks);
    buffer.add(transition({ stream: 3 }));
    buffer.sample(7, new Random(1));
    buffer.sample(5, new Random(1));
    // The larger batch has left room for three places a row.
    expect(buffer.byteLength).toBe(20 * capacity + frames + 128 + masks + batch(7, masked) + batch(5, masked) + 4 * 3 * 7);
  });

  it('of prioritized buffers has the priorities in it', () => {
    const plain = 20 * capacity + frames + 64 + batch(7, false) + 4 * 3 * 7;
    const byTree = prioritized({ capacity }).create(simple);
    fill(byTree, 3);
    byTree.sample(7, new Random(1));
    expect(byTree.byteLength).toBe(plain + treeBytes(capacity, 7) + 8 * 7);
    const byRank = rankPrioritized({ capacity }).create(simple);
    expect(byRank.byteLength).toBe(20 * capacity + 12 * capacity + 8 * capacity);
    fill(byRank, 3);
    byRank.sample(7, new Random(1)); // sorted once: four more bytes a transition
    expect(byRank.byteLength).toBe(plain + 12 * capacity + 4 * capacity + 8 * capacity);
  });

  it('of sequences is that of steps, priorities, links, states, running episodes and batches', () => {
    const buffer = sequences({ capacity, length: 4, burnIn: 2, overlap: 2 }).create({
      ...simple,
      stateSize: 3,
      nStep: 2,
      discount: 0.9,
    });
    const empty = 20 * capacity + treeBytes(capacity, 0) + 16 * capacity;
    expect(buffer.byteLength).toBe(empty);
    const step = {
      stream: 0,
      observation: new Float32Array(1),
      nextObservation: new Float32Array(1),
      action: 0,
      reward: 0,
      truncated: false,
    };
    buffer.add({ ...step, terminated: true, state: new Float32Array(3) });
    // A state may be needed every length − overlap steps, twice over: 64 of them in a chunk. A running episode remembers burnIn + T + n − 1 steps.
    const fed = empty + frames + 64 + 64 * (12 + 4) + 8 * 7;
    expect(buffer.byteLength).toBe(fed);
    buffer.sample(3, new Random(1));
    const unrolled = 2 + 4 + 2;
    const sample = 3 * (unrolled * 4 + 3 * 4 + 1 + 4 * (4 + 4 + 4 + 4 + 4) + 8 + 4);
    expect(buffer.byteLength).toBe(fed + sample + 12 * 3 + 8 * 3);
  });
});

describe('a store of transitions', () => {
  it('shares an observation with any of the last 16 next observations of its stream, and with none before', () => {
    const random = new Random(1);
    for (let lag = 0; lag <= 17; lag++) {
      for (const before of [0, 3, 15]) {
        const buffer = uniform({ capacity: 100 }).create(simple);
        const seen: number[] = [];
        const add = (value: number, next: number) => {
          buffer.add(transition({ observation: Float32Array.of(value), nextObservation: Float32Array.of(next) }));
          seen.push(next);
        };
        for (let i = 0; i < 20; i++) add(i < before + 1 ? 1000 + i : seen[i - 1 - before], random.integer(2 ** 20) * 2 ** 10 + i);
        const count = () =>
          (buffer.getState() as unknown as { observations: Float32Array[] }).observations.reduce((n, c) => n + c.length, 0);
        const held = count();
        add(seen[seen.length - 1 - lag], -1);
        expect(count() - held, `${lag} before the newest, after ${before}`).toBe(lag < 16 ? 1 : 2);
      }
    }
  });

  it('begins with nothing remembered', () => {
    const buffer = uniform({ capacity: 3 }).create(simple);
    buffer.add(transition({ stream: 4 }));
    expect(buffer.getState()).toEqual({
      kind: 'uniform',
      capacity: 3,
      layout: { ...simple, stackedFrames: 1, interleaved: false },
      added: 1,
      frames: Int32Array.of(0),
      nextFrames: Int32Array.of(1),
      actions: Int32Array.of(0),
      rewards: Float32Array.of(1),
      discounts: Float32Array.of(0.9),
      masks: null,
      observations: [Float32Array.of(1, 2)],
      freeFrames: new Int32Array(0),
      recent: [{ stream: 4, lag: 0, frames: Int32Array.of(1, ...Array<number>(15).fill(-1)) }],
    });
  });
});

describe('what is refused', () => {
  const layout: ReplayLayout = { observationSize: 2, observationType: 'float32', actions: 3 };
  const expectedOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(DqnError);
      return (error as DqnError).expected;
    }
    return 'nothing else';
  };

  it('is told with the range that there is', () => {
    expect(expectedOf(() => checkStream('x', 65535))).toBe('nothing else');
    expect(expectedOf(() => checkStream('x', 65536))).toBe('a whole number in [0, 65535]');
    expect(expectedOf(() => checkAction('x', layout, 2))).toBe('nothing else');
    expect(expectedOf(() => checkAction('x', layout, 3))).toBe('a whole number in [0, 2]');
    expect(expectedOf(() => checkMask('x', layout, new Uint8Array(2)))).toBe('a Uint8Array of length 3');
    const buffer = prioritized({ capacity: 4 }).create(simple);
    fill(buffer, 6);
    const update = (ids: number[], errors: number) => () =>
      buffer.updatePriorities(Float64Array.from(ids), new Float32Array(errors));
    expect(expectedOf(update([5], 1))).toBe('nothing else');
    expect(expectedOf(update([6], 1))).toBe('a whole number in [0, 5]');
    expect(expectedOf(update([5, 5], 1))).toBe('2 TD errors');
    const replay = sequences({ capacity: 30, length: 4, burnIn: 2, prioritized: {} }).create({
      ...layout,
      stateSize: 0,
      nStep: 1,
      discount: 1,
    });
    expect(expectedOf(() => replay.updatePriorities(new Float64Array(0), new Float32Array(0), new Float32Array(1)))).toBe(
      '0 weights',
    );
    for (let i = 0; i < 9; i++) {
      replay.add({
        ...transition({ observation: new Float32Array(2), nextObservation: new Float32Array(2) }),
        terminated: false,
        truncated: false,
        state: new Float32Array(0),
      });
    }
    const held = saved(replay);
    const next = (held.next as Int32Array).with(3, 3);
    expect(expectedOf(() => replay.setState({ ...held, next }))).toBe('-1 or a step in [4, 8]');
    expect(expectedOf(() => new SumTree(5).set(5, 1))).toBe('a whole number in [0, 4]');
    const stored = saved(buffer);
    expect(expectedOf(() => buffer.setState({ ...stored, observations: [new Float32Array(8)] }))).not.toBe(
      'at most 8 observations',
    );
    expect(expectedOf(() => buffer.setState({ ...stored, observations: [new Float32Array(9)] }))).toBe('at most 8 observations');
    expect(expectedOf(() => buffer.setState({ ...stored, actions: new Int32Array(4).fill(3) }))).toBe('actions in [0, 2]');
    const { n, windows } = { n: 2, windows: new NStepAccumulator({ n: 2, discount: 1, layout }) };
    windows.push(
      {
        stream: 0,
        observation: new Float32Array(2),
        action: 0,
        reward: 0,
        nextObservation: new Float32Array(2),
        terminated: false,
        truncated: false,
      },
      () => undefined,
    );
    const state = windows.getState() as { windows: object[] };
    const damaged = { ...state, windows: [{ ...state.windows[0], observations: [] }] };
    expect(expectedOf(() => windows.setState(damaged as never))).toBe(`${n + 1} observations`);
    const wrong = { ...state, windows: [{ ...state.windows[0], actions: new Int32Array(3).fill(3) }] };
    expect(expectedOf(() => windows.setState(wrong as never))).toBe('actions in [0, 2]');
  });

  it('is told with the memory that there is not', () => {
    vi.stubGlobal(
      'Int32Array',
      class {
        constructor(length = 0) {
          if (length > 0) throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    try {
      expect(expectedOf(() => uniform({ capacity: 6 }).create(simple))).toBe('6 transitions of 20 bytes each');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
