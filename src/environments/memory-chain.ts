import { checkInteger, checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import type { BoxSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

/** Options of {@link MemoryChain}. */
export interface MemoryChainOptions {
  /** n: how many steps the context must be kept in mind, in [1, 10,000]. Default 10. */
  readonly length?: number;
  /** Bits of the context, in [1, 1,000]. Default 1. */
  readonly bits?: number;
}

/**
 * Remember bits that are seen at the beginning alone, and tell one of them at the end: a test of memory, which only a recurrent agent passes.
 *
 * Observation `[2 + bits]`: the time left, from 1 to 0 in steps of 1/n; which bit is asked for, 0 but at time 1/n; and the context, −1 or 1 for each bit of 0 or 1 while the
 * time is 1, 0 later. The first step still sees the time 1, so that an episode has n + 1 steps. The last action, taken at time 1/n, is the answer: reward 1 if it
 * is the bit asked for, 0 or 1, else −1, and the episode terminates. No other action matters.
 * `reset({ options: { state: [steps taken, bit asked for, ...bits] } })` starts elsewhere.
 * Source: Osband et al. 2020, "Behaviour Suite for Reinforcement Learning": bsuite's `memory_len` and `memory_size`.
 */
export class MemoryChain implements Environment<Float32Array, number> {
  readonly observationSpace: BoxSpace<'float32'>;
  readonly actionSpace = discrete(2);
  readonly #episode: Episode;
  readonly #length: number;
  #time = 0;
  #query = 0;
  #context: readonly number[];

  /** @throws DqnError `invalid-option` if an option is not as {@link MemoryChainOptions} says. */
  constructor(options: MemoryChainOptions = {}) {
    checkNames('MemoryChain(options)', options, { length: true, bits: true });
    const { length = 10, bits = 1 } = options;
    this.#length = checkInteger('MemoryChain(length)', length, { min: 1, max: 10_000 });
    checkInteger('MemoryChain(bits)', bits, { min: 1, max: 1_000 });
    this.#context = Array.from({ length: bits }, () => 0);
    const signs = (sign: number): number[] => this.#context.map(() => sign);
    this.observationSpace = box({ low: [0, 0, ...signs(-1)], high: [1, Math.max(1, bits - 1), ...signs(1)], shape: [2 + bits] });
    this.#episode = new Episode({
      name: 'MemoryChain',
      setup: `${length} ${bits}`,
      actions: 2,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `the steps taken, at most ${length}, one more when the episode is over; the bit asked for, below ${bits}; and ${bits} bits`,
      accepts: ([time, query, ...context], running) =>
        Number.isInteger(time) &&
        time >= 0 &&
        time <= (running ? length : length + 1) &&
        Number.isInteger(query) &&
        query >= 0 &&
        query < bits &&
        context.length === bits &&
        context.every((bit) => bit === 0 || bit === 1),
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      this.#time = 0;
      this.#context = this.#context.map(() => random.integer(2));
      this.#query = random.integer(this.#context.length);
    } else this.#place(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Waits, or answers with the last action. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    this.#time++;
    const terminated = this.#time > this.#length;
    const reward = !terminated ? 0 : action === this.#context[this.#query] ? 1 : -1;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The bits, the one asked for in green; they fade when they are no longer seen. */
  render(mode: RenderMode): string {
    const seen = this.#seenAt() === 0;
    return renderGrid(mode, {
      title: 'MemoryChain',
      caption: `step ${this.#episode.steps} · bit ${this.#query} is asked for after ${this.#length + 1 - this.#time} more steps`,
      rows: 1,
      columns: this.#context.length,
      agent: -1,
      cell: (index): Cell => ({
        color: index === this.#query ? 'green' : seen ? 'sky' : 'pale',
        text: String(this.#context[index]),
      }),
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: time, question, bits, step count, random stream; and length and number of bits, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#time, this.#query, ...this.#context]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place([time, query, ...context]: readonly number[]): void {
    this.#time = time;
    this.#query = query;
    this.#context = context;
  }

  /** The time that the observation after these steps tells: the first step still sees the first one. */
  #seenAt(): number {
    return Math.max(0, this.#time - 1);
  }

  #observe(): Float32Array {
    const observation = new Float32Array(2 + this.#context.length);
    const time = this.#seenAt();
    observation[0] = 1 - time / this.#length;
    if (time === this.#length - 1) observation[1] = this.#query;
    if (time === 0) for (const [i, bit] of this.#context.entries()) observation[2 + i] = 2 * bit - 1;
    return observation;
  }
}
