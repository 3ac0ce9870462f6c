import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { ReplayLayout } from '../../src/replay/replay-buffer.ts';
import { uniform, type UniformReplay } from '../../src/replay/uniform.ts';
import { unpacked } from './support.ts';

interface Setting {
  readonly frames: number;
  readonly interleaved: boolean;
  readonly size: number;
  readonly type: 'float32' | 'uint8';
}

const settingArb: fc.Arbitrary<Setting> = fc.record({
  frames: fc.integer({ min: 2, max: 5 }),
  interleaved: fc.boolean(),
  // Whole words and not; from 64 numbers on they are copied in another way.
  size: fc.constantFrom(1, 3, 8, 64, 66),
  type: fc.constantFrom('float32' as const, 'uint8' as const),
});

/** The stack of some frames. */
function stack({ interleaved, size, type }: Setting, frames: readonly (readonly number[])[]): Float32Array | Uint8Array {
  const k = frames.length;
  const values = Array.from({ length: k * size }, (_, i) =>
    interleaved ? frames[i % k][Math.floor(i / k)] : frames[Math.floor(i / size)][i % size],
  );
  return type === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values);
}

/** Plays episodes of two environments in turn into buffers, by windows of n steps: the observations of each are stacks of its last frames. Gives how many frames there were. */
function play(setting: Setting, buffers: readonly UniformReplay[], steps: number, n: number, random: Random): number {
  let frames = 0;
  // Few different numbers: frames return, within an episode and after it.
  const draw = () => {
    frames++;
    return Array.from({ length: setting.size }, () => (setting.type === 'uint8' ? random.integer(4) : random.integer(4) / 3));
  };
  const start = () => {
    const first = draw();
    return [Array.from({ length: setting.frames }, () => first)];
  };
  const episodes = [start(), start()];
  for (let i = 0; i < steps; i++) {
    const stream = random.integer(2);
    const episode = episodes[stream];
    episode.push([...episode[episode.length - 1].slice(1), draw()]);
    if (episode.length > n) {
      const transition = {
        stream,
        observation: stack(setting, episode[episode.length - 1 - n]),
        action: random.integer(3),
        reward: random.normal(),
        discount: random.float(),
        nextObservation: stack(setting, episode[episode.length - 1]),
      };
      for (const buffer of buffers) buffer.add(transition);
    }
    if (random.float() < 0.1) episodes[stream] = start();
  }
  return frames;
}

const layoutOf = ({ frames, interleaved, size, type }: Setting): ReplayLayout => ({
  observationSize: frames * size,
  observationType: type,
  actions: 3,
  stacking: { frames, interleaved },
});

describe('stacked observations', () => {
  it('come back as if each had been kept whole, over saving and restoring too', () => {
    fc.assert(
      fc.property(
        settingArb,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (setting, capacity, n, seed) => {
          const layout = layoutOf(setting);
          const { stacking: _, ...plain } = layout;
          const whole = uniform({ capacity }).create(plain);
          let stacked = uniform({ capacity }).create(layout);
          for (let round = 0; round < 3; round++) {
            play(setting, [whole, stacked], 40, n, new Random(seed + round));
            stacked.checkInvariants();
            if (whole.size === 0) continue;
            const expected = unpacked(whole.sample(7, new Random(seed)));
            expect(unpacked(stacked.sample(7, new Random(seed)))).toEqual(expected);
            // A state in which planes and stacks contradict each other is refused.
            const restored = uniform({ capacity }).create(layout);
            restored.setState(structuredClone(stacked.getState()));
            restored.checkInvariants();
            expect(unpacked(restored.sample(7, new Random(seed)))).toEqual(expected);
            stacked = restored;
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([1, 3])('take one frame a step and one an episode, by windows of %i', (n) => {
    const setting: Setting = { frames: 4, interleaved: true, size: 400, type: 'uint8' };
    const steps = 3_000;
    const buffer = uniform({ capacity: steps }).create(layoutOf(setting));
    const empty = buffer.byteLength;
    const frames = play(setting, [buffer], steps, n, new Random(1));
    // Memory comes in chunks of a mebibyte; beside the frames a transition takes less than 60 bytes.
    expect(buffer.byteLength - empty).toBeLessThan(frames * (setting.size + 60) + 2 ** 21);
  });

  it.each([
    ['no stack', { frames: 1, interleaved: true }],
    ['frames that do not make up an observation', { frames: 3, interleaved: true }],
  ])('are refused with %s', (_, stacking) => {
    const layout: ReplayLayout = { observationSize: 8, observationType: 'uint8', actions: 2, stacking };
    expect(() => uniform({ capacity: 5 }).create(layout)).toThrow(/stacking\.frames/);
  });

  it('are not restored where other stacks are kept', () => {
    const layout: ReplayLayout = {
      observationSize: 8,
      observationType: 'uint8',
      actions: 2,
      stacking: { frames: 4, interleaved: true },
    };
    const state = uniform({ capacity: 5 }).create(layout).getState();
    for (const stacking of [{ frames: 2, interleaved: true }, { frames: 4, interleaved: false }, undefined]) {
      const other = uniform({ capacity: 5 }).create({ ...layout, stacking });
      expect(() => other.setState(state)).toThrow(/layout\.(stackedFrames|interleaved)/);
    }
  });
});
