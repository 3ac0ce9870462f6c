import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, ResetOptions, ResetResult, StepResult } from '../../src/environment/environment.ts';
import { box, discrete, type BoxSpace } from '../../src/environment/spaces.ts';
import { actionRepeat } from '../../src/environment/wrappers/action-repeat.ts';
import { atari } from '../../src/environment/wrappers/atari.ts';
import { channelsLast } from '../../src/environment/wrappers/channels-last.ts';
import { frameStack } from '../../src/environment/wrappers/frame-stack.ts';
import { grayscale } from '../../src/environment/wrappers/grayscale.ts';
import { lifeLoss } from '../../src/environment/wrappers/life-loss.ts';
import { noopStart } from '../../src/environment/wrappers/noop-start.ts';
import { resizeArea } from '../../src/environment/wrappers/resize-area.ts';
import { startActions } from '../../src/environment/wrappers/start-actions.ts';
import { timeLimit } from '../../src/environment/wrappers/time-limit.ts';
import { checkEnvironment } from '../../src/testing/check-environment.ts';
import { later, now } from './toys.ts';

/** Shows pictures that a function makes of the number of steps; loses lives at some steps and ends with the last one. */
class Screen implements Environment<Uint8Array, number> {
  readonly observationSpace: BoxSpace<'uint8'>;
  readonly actionSpace = discrete(3);
  readonly actions: number[] = [];
  resets = 0;
  #step = -1;
  #shift = 0;
  #random = new Random(0);
  readonly #picture: (step: number) => number[];
  readonly #losses: readonly number[];

  constructor({
    shape = [3, 2, 3],
    picture = (step) =>
      Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => (step * 31 + i * 17) % 256),
    losses = [4, 6, 9],
  }: { shape?: number[]; picture?: (step: number) => number[]; losses?: number[] } = {}) {
    this.observationSpace = box({ low: 0, high: 255, shape, dtype: 'uint8' });
    this.#picture = picture;
    this.#losses = losses;
  }

  #see() {
    const lives = this.#losses.filter((at) => at > this.#step).length;
    return { observation: Uint8Array.from(this.#picture(this.#step + this.#shift)), info: { lives, step: this.#step } };
  }

  reset({ seed }: ResetOptions = {}): ResetResult<Uint8Array> {
    if (seed !== undefined) this.#random = new Random(seed);
    this.#shift = this.#random.integer(5);
    this.#step = 0;
    this.resets++;
    return this.#see();
  }

  step(action: number): StepResult<Uint8Array> {
    if (this.#step < 0) throw new DqnError({ code: 'not-reset', where: '', expected: '', received: '', remedy: '' });
    if (!this.actionSpace.contains(action)) {
      throw new DqnError({ code: 'invalid-action', where: '', expected: '', received: String(action), remedy: '' });
    }
    this.actions.push(action);
    this.#step++;
    const seen = this.#see();
    const terminated = seen.info.lives === 0;
    if (terminated) this.#step = -1;
    return { ...seen, reward: action * 2, terminated, truncated: false };
  }

  getState(): State {
    return { step: this.#step, shift: this.#shift, random: this.#random.state() };
  }

  setState(state: State): void {
    const { step, shift, random } = state as { step: number; shift: number; random: State };
    this.#random.restore(random);
    this.#step = step;
    this.#shift = shift;
  }
}

const codeOf = (task: () => unknown): string | undefined => {
  try {
    task();
  } catch (error) {
    if (error instanceof DqnError) return error.code;
    throw error;
  }
  return undefined;
};

/** The only picture that a wrapped screen shows. */
function shown(
  shape: number[],
  pixels: number[],
  wrapper: (screen: Environment<Uint8Array, number>) => Environment<Uint8Array, number>,
): number[] {
  const environment = wrapper(new Screen({ shape, picture: () => pixels }));
  const first = [...now(environment.reset()).observation];
  expect([...now(environment.step(0)).observation]).toEqual(first);
  expect(first).toHaveLength(environment.observationSpace.flatSize);
  return first;
}

const wrappers: Record<string, (environment: Environment<Uint8Array, number>) => Environment<Uint8Array, number>> = {
  grayscale,
  channelsLast,
  resizeArea: (environment) => resizeArea(environment, { height: 2, width: 5 }),
  'actionRepeat, pooled': (environment) => actionRepeat(environment, 2, { maxPool: true }),
  noopStart: (environment) => noopStart(environment, { max: 6 }),
  startActions: (environment) => startActions(environment, [1, 2]),
  lifeLoss: (environment) => lifeLoss(environment, { action: 0 }),
  atari: (environment) =>
    atari(environment, { stickyActions: 0.25, noopMax: 4, frameSkip: 2, lifeLoss: true, fireOnReset: true, size: 6 }),
};

describe.each(Object.entries(wrappers))('%s', (_, wrapped) => {
  it('keeps the contract, around environments that answer at once or later', async () => {
    for (const make of [() => wrapped(new Screen()), () => wrapped(later(new Screen()) as Environment<Uint8Array, number>)]) {
      expect((await checkEnvironment(make, { steps: 150 })).problems).toEqual([]);
    }
  });
});

describe('grayscale', () => {
  it('is the luminance, rounded', () => {
    const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 200, 100, 50];
    // 76.245, 149.685, 29.07, 255, 0, 124.2
    expect(shown([2, 3, 3], colours, grayscale)).toEqual([76, 150, 29, 255, 0, 124]);
  });

  it('refuses what has no colours', () => {
    expect(codeOf(() => grayscale(new Screen({ shape: [4, 4] })))).toBe('invalid-space');
    expect(codeOf(() => grayscale(new Screen({ shape: [4, 4, 4] })))).toBe('invalid-space');
    const floats = { ...new Screen(), observationSpace: box({ low: 0, high: 1, shape: [2, 2, 3] }) } as never;
    expect(codeOf(() => grayscale(floats))).toBe('invalid-space');
  });
});

describe('channelsLast', () => {
  it('moves the first axis behind the others', () => {
    // Two channels of 2 × 3.
    expect(shown([2, 2, 3], [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], channelsLast)).toEqual([
      1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60,
    ]);
    const low = [0, 1, 2, 3, 4, 5];
    const high = low.map((bound) => bound + 10);
    const observationSpace = box({ low, high, shape: [3, 1, 2] });
    expect(channelsLast({ ...new Screen(), observationSpace } as never).observationSpace).toMatchObject({
      shape: [1, 2, 3],
      low: Float32Array.of(0, 2, 4, 1, 3, 5),
      high: Float32Array.of(10, 12, 14, 11, 13, 15),
    });
  });

  it('makes of frames stacked first those stacked last, of which a replay keeps each once', () => {
    const [first, last] = [channelsLast(frameStack(new Screen({ shape: [2, 3] }), 4)), new Screen({ shape: [2, 3] })];
    const stacked = frameStack(last, 4, { axis: 'last' });
    expect(first.observationSpace).toEqual(stacked.observationSpace);
    expect(now(first.reset({ seed: 1 })).observation).toEqual(now(stacked.reset({ seed: 1 })).observation);
    for (let i = 0; i < 3; i++) expect(now(first.step(0)).observation).toEqual(now(stacked.step(0)).observation);
    const rows = channelsLast(frameStack(new Screen({ shape: [3, 5] }), 2, { axis: 'last' })).observationSpace;
    expect(rows).toMatchObject({ shape: [5, 2, 3], stacking: undefined });
  });

  it('refuses what has no three axes', () => {
    expect(codeOf(() => channelsLast(new Screen({ shape: [4, 4] })))).toBe('invalid-space');
    expect(codeOf(() => channelsLast(new Screen({ shape: [2, 2, 2, 2] })))).toBe('invalid-space');
  });
});

describe('resizeArea', () => {
  it('averages the area that a pixel covers', () => {
    // 3 → 2: (0 + 90/2) / 1.5 and (90/2 + 180) / 1.5.
    expect(shown([1, 3], [0, 90, 180], (screen) => resizeArea(screen, { height: 1, width: 2 }))).toEqual([30, 150]);
    expect(shown([3, 1], [0, 90, 180], (screen) => resizeArea(screen, { height: 2, width: 1 }))).toEqual([30, 150]);
    expect(shown([2, 2], [10, 20, 30, 41], (screen) => resizeArea(screen, { height: 1, width: 1 }))).toEqual([25]);
    expect(shown([1, 2, 2], [0, 100, 50, 201], (screen) => resizeArea(screen, { height: 1, width: 1 }))).toEqual([25, 151]);
    expect(shown([1, 2], [3, 200], (screen) => resizeArea(screen, { height: 2, width: 4 }))).toEqual([
      3, 3, 200, 200, 3, 3, 200, 200,
    ]);
  });

  it('agrees with means over blocks of a picture repeated until its pixels fit', () => {
    const lengthArb = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        lengthArb,
        lengthArb,
        fc.constantFrom(1, 3),
        lengthArb,
        lengthArb,
        fc.nat(),
        (height, width, channels, newHeight, newWidth, seed) => {
          const random = new Random(seed);
          const pixels = Array.from({ length: height * width * channels }, () => random.integer(256));
          const expected: number[] = [];
          for (let y = 0; y < newHeight; y++) {
            for (let x = 0; x < newWidth; x++) {
              for (let c = 0; c < channels; c++) {
                let sum = 0;
                for (let i = 0; i < height; i++) {
                  for (let j = 0; j < width; j++) {
                    const [row, column] = [Math.floor((y * height + i) / newHeight), Math.floor((x * width + j) / newWidth)];
                    sum += pixels[(row * width + column) * channels + c];
                  }
                }
                expected.push(sum / (height * width));
              }
            }
          }
          const shape = channels === 1 ? [height, width] : [height, width, channels];
          const actual = shown(shape, pixels, (screen) => resizeArea(screen, { height: newHeight, width: newWidth }));
          actual.forEach((pixel, i) => expect(Math.abs(pixel - expected[i])).toBeLessThanOrEqual(0.5 + 1e-9));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses sizes that are none, and what is no picture', () => {
    expect(codeOf(() => resizeArea(new Screen(), { height: 0, width: 2 }))).toBe('invalid-option');
    expect(codeOf(() => resizeArea(new Screen(), { height: 2, width: 2.5 }))).toBe('invalid-option');
    expect(codeOf(() => resizeArea(new Screen({ shape: [4] }), { height: 2, width: 2 }))).toBe('invalid-space');
  });
});

describe('actionRepeat with pooling', () => {
  /** Shows one pixel in even steps and the other in odd ones. */
  const flicker = (losses: number[]) =>
    new Screen({ shape: [1, 2], losses, picture: (step) => (step % 2 ? [10 + step, 0] : [0, 50 + step]) });

  it('shows what either of the last two frames shows, and sums rewards', () => {
    const screen = flicker([99]);
    const environment = actionRepeat(screen, 4, { maxPool: true });
    now(environment.reset({ seed: 3 }));
    const { observation, reward } = now(environment.step(1));
    expect(reward).toBe(8);
    const [odd, other] = [...observation];
    expect(Math.abs(odd - 10 - (other - 50))).toBe(1);
    expect(odd > 10 && other > 50).toBe(true);
  });

  it('pools no frame of the step before', () => {
    const environment = actionRepeat(new Screen({ shape: [1, 1], losses: [99], picture: (step) => [200 - step] }), 1, {
      maxPool: true,
    });
    const [first] = now(environment.reset()).observation;
    expect([...now(environment.step(0)).observation]).toEqual([first - 1]);
    expect([...now(environment.step(0)).observation]).toEqual([first - 2]);
    // The episode ends with the first frame of a step.
    const ending = actionRepeat(new Screen({ shape: [1, 1], losses: [5], picture: (step) => [200 - step] }), 4, { maxPool: true });
    const [start] = now(ending.reset()).observation;
    expect([...now(ending.step(0)).observation]).toEqual([start - 3]);
    expect(now(ending.step(0))).toMatchObject({ observation: Uint8Array.of(start - 5), terminated: true });
  });

  it('refuses what cannot be pooled', () => {
    const discreteScreen = { ...new Screen(), observationSpace: discrete(3) } as unknown as Environment<Uint8Array, number>;
    expect(codeOf(() => actionRepeat(discreteScreen, 2, { maxPool: true }))).toBe('invalid-space');
    expect(codeOf(() => actionRepeat(new Screen(), 2, { pool: true } as never))).toBe('invalid-option');
  });
});

describe('starts of episodes', () => {
  it('do nothing for 1 … max steps, equally often, the same for the same seed', () => {
    const screen = new Screen({ losses: [99] });
    const environment = noopStart(screen, { max: 4, action: 2 });
    const counts = [0, 0, 0, 0];
    now(environment.reset({ seed: 1 }));
    for (let i = 0; i < 2_000; i++) {
      screen.actions.length = 0;
      const { info } = now(environment.reset());
      expect(new Set(screen.actions)).toEqual(new Set([2]));
      expect(info['step']).toBe(screen.actions.length);
      counts[screen.actions.length - 1]++;
    }
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(120);
    const steps = [1, 2].map(() =>
      Array.from({ length: 20 }, (_, i) => now(environment.reset(i === 0 ? { seed: 7 } : {})).info['step']),
    );
    expect(steps[1]).toEqual(steps[0]);
  });

  it('go on with what is left where an action ends the episode', async () => {
    const make = () => new Screen({ losses: [2] });
    for (const [screen, wrapped] of [make(), make()].map(
      (s, i) => [s, i ? (later(s) as Environment<Uint8Array, number>) : s] as const,
    )) {
      const environment = startActions(wrapped, [0, 1, 2]);
      const { info } = await environment.reset();
      expect([screen.actions, screen.resets, info['step']]).toEqual([[0, 1, 2], 2, 1]);
    }
  });

  it('refuse numbers that are none', () => {
    expect(codeOf(() => noopStart(new Screen(), { max: 0 }))).toBe('invalid-option');
    expect(codeOf(() => noopStart(new Screen(), { most: 2 } as never))).toBe('invalid-option');
    expect(codeOf(() => noopStart(new Screen(), { action: 7 }).reset())).toBe('invalid-action');
  });
});

describe('lifeLoss', () => {
  it('ends an episode with each life, and goes on with the game until it is over', () => {
    const screen = new Screen({ losses: [2, 3, 6] });
    const environment = lifeLoss(screen, { action: 0 });
    const ends = (): number => {
      for (let steps = 1; ; steps++) if (now(environment.step(1)).terminated) return steps;
    };
    now(environment.reset({ seed: 1 }));
    expect([ends(), screen.resets]).toEqual([2, 1]);
    // The step that goes on loses the second life: the episode begins behind it.
    expect(now(environment.reset()).info['step']).toBe(3);
    expect([ends(), screen.resets]).toEqual([3, 1]);
    expect(now(environment.reset()).info['step']).toBe(0);
    expect(screen.resets).toBe(2);
    ends();
    expect(now(environment.reset({ seed: 1 })).info['step']).toBe(0);
    expect(screen.resets).toBe(3);
  });

  it('starts a new game where the step that goes on ends it', () => {
    const screen = new Screen({ losses: [2, 3] });
    const environment = lifeLoss(screen, { action: 0 });
    now(environment.reset());
    now(environment.step(0));
    expect(now(environment.step(0)).terminated).toBe(true);
    expect(now(environment.reset()).info['step']).toBe(0);
    expect(screen.resets).toBe(2);
  });

  it('starts a new game where anything but a lost life ended the episode, or nothing did', () => {
    const screen = new Screen({ losses: [3, 99] });
    const environment = timeLimit(lifeLoss(screen, { action: 0 }), 2);
    now(environment.reset());
    now(environment.step(0));
    expect(now(environment.step(0))).toMatchObject({ terminated: false, truncated: true });
    expect([now(environment.reset()).info['step'], screen.resets]).toEqual([0, 2]);
    now(environment.step(0));
    expect([now(environment.reset()).info['step'], screen.resets]).toEqual([0, 3]);
    // A life lost behind a limit within still has no future value.
    const within = lifeLoss(timeLimit(new Screen({ losses: [2, 99] }), 2), { action: 0 });
    now(within.reset());
    now(within.step(0));
    expect(now(within.step(0))).toMatchObject({ terminated: true, truncated: true });
    expect(now(within.reset()).info['step']).toBe(0);
  });

  it('knows from a saved state how the episode ended', () => {
    const make = () => lifeLoss(new Screen({ losses: [2, 99] }), { action: 0 });
    const environment = make();
    now(environment.reset());
    for (const [steps, next] of [
      [1, 0],
      [2, 3],
    ]) {
      for (let i = 0; i < steps; i++) now(environment.step(0));
      const fresh = make();
      fresh.setState?.(environment.getState?.() ?? null);
      expect(now(fresh.reset()).info['step']).toBe(next);
      expect(now(environment.reset()).info['step']).toBe(next);
    }
    const saved = environment.getState?.() as { own: { lives: number } };
    expect(codeOf(() => environment.setState?.({ ...saved, own: { lives: saved.own.lives } }))).toBe('invalid-checkpoint');
  });

  it('reads lives from where it is told, and refuses results without', () => {
    const environment = lifeLoss(new Screen({ losses: [99] }), { action: 0, lives: ({ step }) => 10 - (step as number) });
    now(environment.reset());
    expect(now(environment.step(0)).terminated).toBe(true);
    expect(codeOf(() => lifeLoss(new Screen(), { action: 0, lives: () => NaN }).reset())).toBe('invalid-environment');
    expect(codeOf(() => lifeLoss(new Screen(), { action: 0, lives: ({ none }) => none as number }).reset())).toBe(
      'invalid-environment',
    );
    expect(codeOf(() => lifeLoss(new Screen(), { action: 0, live: () => 1 } as never))).toBe('invalid-option');
  });
});

describe('atari', () => {
  const big = (losses = [999]) => new Screen({ shape: [210, 160, 3], losses });

  it('gives stacks of four frames of 84 × 84 bytes, and clips rewards', () => {
    const screen = big();
    const environment = atari(screen);
    const space = environment.observationSpace as unknown as BoxSpace;
    expect([space.shape, space.dtype, space.stacking]).toEqual([[84, 84, 4], 'uint8', { frames: 4, interleaved: true }]);
    const { observation: first } = now(environment.reset({ seed: 1 }));
    for (let i = 0; i < first.length; i += 4) expect(new Set(first.subarray(i, i + 4)).size).toBe(1);
    const { observation, reward } = now(environment.step(2));
    expect(reward).toBe(1);
    expect(screen.actions).toEqual([2, 2, 2, 2]);
    for (let i = 0; i < first.length; i += 4) expect(observation[i + 2]).toBe(first[i]);
    expect(observation.filter((_, i) => i % 4 === 3)).not.toEqual(observation.filter((_, i) => i % 4 === 2));
  });

  it('is the luminance of the larger of two frames, made smaller', () => {
    const environment = atari(big(), { stack: 1, frameSkip: 2, clipRewards: false });
    const byHand = resizeArea(grayscale(actionRepeat(big(), 2, { maxPool: true })), { height: 84, width: 84 });
    now(environment.reset({ seed: 3 }));
    now(byHand.reset({ seed: 3 }));
    for (const action of [1, 2, 0]) {
      const [ours, theirs] = [now(environment.step(action)), now(byHand.step(action))];
      expect([...ours.observation]).toEqual([...theirs.observation]);
      expect(ours.reward).toBe(2 * 2 * action);
    }
  });

  it('presses fire at the start of games and lives', () => {
    const screen = big([7, 99]);
    const environment = atari(screen, { lifeLoss: true, fireOnReset: true, noopMax: 1, frameSkip: 4 });
    now(environment.reset());
    expect(screen.actions).toEqual([0, 1, 1, 1, 1]);
    expect(now(environment.step(2)).terminated).toBe(true);
    now(environment.reset());
    expect(screen.actions.slice(5)).toEqual([2, 2, 0, 1, 1, 1, 1]);
    expect(screen.resets).toBe(1);
  });

  it('stops an action at the frame that loses a life, and goes on by one frame', () => {
    const screen = new Screen({ shape: [2, 2, 3], losses: [1, 99], picture: (step) => Array<number>(12).fill(step * 9) });
    const environment = atari(screen, { lifeLoss: true, clipRewards: false, size: 2, stack: 1 });
    const [first] = now(environment.reset()).observation;
    expect(now(environment.step(2))).toMatchObject({
      observation: new Uint8Array(4).fill(first + 9),
      reward: 4,
      terminated: true,
      info: { lives: 1, step: 1 },
    });
    expect(now(environment.reset()).info['step']).toBe(2);
    expect(now(environment.step(1))).toMatchObject({ reward: 8, terminated: false, info: { step: 6 } });
    expect(screen.actions).toEqual([2, 0, 1, 1, 1, 1]);
  });

  it('refuses options that there are none of', () => {
    expect(codeOf(() => atari(big(), { skip: 4 } as never))).toBe('invalid-option');
    expect(codeOf(() => atari(big(), { frameSkip: 0 }))).toBe('invalid-option');
    expect(codeOf(() => atari(big(), { stickyActions: NaN }))).toBe('invalid-option');
    expect(codeOf(() => atari(new Screen({ shape: [84, 84] })))).toBe('invalid-space');
  });
});
