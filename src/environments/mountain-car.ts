import { checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderScene } from './rendering/scene.ts';

// gymnasium/envs/classic_control/mountain_car.py, version 1.4.
const MIN_POSITION = -1.2;
const MAX_POSITION = 0.6;
const MAX_SPEED = 0.07;
const GOAL_POSITION = 0.5;
const FORCE = 0.001;
const GRAVITY = 0.0025;

/** Options of {@link MountainCar}. */
export interface MountainCarOptions {
  /** Steps after which an episode is truncated. Default 200. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Swing an underpowered car out of a valley by pushing left (0), not at all (1) or right (2): Gymnasium's MountainCar-v0,
 * step for step.
 *
 * Observation `[2]`: position in [−1.2, 0.6], velocity in ±0.07. Every step gives reward −1. The episode terminates when the
 * position reaches 0.5 with a velocity not below 0, and is truncated after 200 steps. It starts at rest with the position uniform in
 * [−0.6, −0.4), or at `reset({ options: { state: [position, velocity] } })`.
 * Source: Moore 1990; Sutton and Barto 2018, example 10.1.
 */
export class MountainCar implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: [MIN_POSITION, -MAX_SPEED], high: [MAX_POSITION, MAX_SPEED], shape: [2] });
  readonly actionSpace = discrete(3);
  readonly #episode: Episode;
  #position = -0.5;
  #velocity = 0;

  /** @throws DqnError `invalid-option` if `maxEpisodeSteps` is not a whole number of at least 1 or a name is misspelt. */
  constructor(options: MountainCarOptions = {}) {
    checkNames('MountainCar(options)', options, { maxEpisodeSteps: true });
    const { maxEpisodeSteps = 200 } = options;
    this.#episode = new Episode({
      name: 'MountainCar',
      actions: 3,
      maxEpisodeSteps,
      expected: 'two numbers: a position in [-1.2, 0.6] and a velocity in [-0.07, 0.07]',
      accepts: (values) =>
        values.length === 2 && values[0] >= MIN_POSITION && values[0] <= MAX_POSITION && Math.abs(values[1]) <= MAX_SPEED,
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      this.#position = this.#episode.random.uniform(-0.6, -0.4);
      this.#velocity = 0;
    } else this.#place(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Pushes the car. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    let velocity = this.#velocity + (action - 1) * FORCE + Math.cos(3 * this.#position) * -GRAVITY;
    if (velocity < -MAX_SPEED) velocity = -MAX_SPEED;
    else if (velocity > MAX_SPEED) velocity = MAX_SPEED;
    let position = this.#position + velocity;
    if (position > MAX_POSITION) position = MAX_POSITION;
    else if (position <= MIN_POSITION) {
      position = MIN_POSITION;
      // The left wall stops the car.
      if (velocity < 0) velocity = 0;
    }
    this.#position = position;
    this.#velocity = velocity;
    const terminated = position >= GOAL_POSITION && velocity >= 0;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#observe(), reward: -1, terminated, truncated, info: NO_INFO };
  }

  /** The valley, the car in it, and the flag at the goal. */
  render(mode: RenderMode): string {
    const profile: number[] = [];
    for (let i = 0; i <= 90; i++) {
      const x = MIN_POSITION + (i / 90) * (MAX_POSITION - MIN_POSITION);
      profile.push(x, height(x));
    }
    const position = this.#position;
    const slope = Math.atan(1.35 * Math.cos(3 * position));
    const along = [Math.cos(slope), Math.sin(slope)];
    // A point of the car, `a` along the slope and `b` above it.
    const at = (a: number, b: number): [number, number] => [
      position + a * along[0] - b * along[1],
      height(position) + a * along[1] + b * along[0],
    ];
    const [backX, backY] = at(-0.045, 0.025);
    const [frontX, frontY] = at(0.045, 0.025);
    const flag = height(GOAL_POSITION);
    return renderScene(mode, {
      title: 'MountainCar',
      caption: `step ${this.#episode.steps} · position ${position.toFixed(3)} · velocity ${this.#velocity.toFixed(4)}`,
      view: { left: -1.25, bottom: -0.02, width: 1.9 },
      shapes: [
        { kind: 'line', points: profile, color: 'grey', width: 0.015 },
        { kind: 'line', points: [GOAL_POSITION, flag, GOAL_POSITION, flag + 0.2], color: 'ink', width: 0.012 },
        {
          kind: 'polygon',
          points: [GOAL_POSITION, flag + 0.2, GOAL_POSITION, flag + 0.12, GOAL_POSITION + 0.09, flag + 0.16],
          color: 'green',
        },
        {
          kind: 'polygon',
          points: [...at(-0.075, 0.03), ...at(0.075, 0.03), ...at(0.055, 0.09), ...at(-0.055, 0.09)],
          color: 'blue',
        },
        { kind: 'disc', x: backX, y: backY, radius: 0.024, color: 'orange' },
        { kind: 'disc', x: frontX, y: frontY, radius: 0.024, color: 'orange' },
      ],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: position, velocity, step count, random stream. */
  getState(): State {
    return this.#episode.save([this.#position, this.#velocity]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place(values: readonly number[]): void {
    [this.#position, this.#velocity] = values as [number, number];
  }

  #observe(): Float32Array {
    const observation = new Float32Array(2);
    observation[0] = this.#position;
    observation[1] = this.#velocity;
    return observation;
  }
}

/** The valley's height, as Gymnasium draws it. */
function height(position: number): number {
  return 0.45 * Math.sin(3 * position) + 0.55;
}
