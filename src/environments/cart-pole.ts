import { checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { rectangle, renderScene } from './rendering/scene.ts';

// gymnasium/envs/classic_control/cartpole.py, version 1.4.
const GRAVITY = 9.8;
const POLE_MASS = 0.1;
const TOTAL_MASS = 1 + POLE_MASS;
/** Half the pole's length, in metres. */
const LENGTH = 0.5;
const POLE_MASS_LENGTH = POLE_MASS * LENGTH;
const FORCE = 10;
/** Seconds between two steps. */
const INTERVAL = 0.02;
const POSITION_LIMIT = 2.4;
const ANGLE_LIMIT = (12 * 2 * Math.PI) / 360;

/** Options of {@link CartPole}. */
export interface CartPoleOptions {
  /** Steps after which an episode is truncated. Default 500. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Balance a pole on a cart by pushing the cart left (0) or right (1): Gymnasium's CartPole-v1, step for step.
 *
 * Observation `[4]`: position x, velocity ẋ, angle θ, angular velocity θ̇. Every step gives reward 1, the last one too.
 * The episode terminates when |x| > 2.4 or |θ| > 12°, and is truncated after 500 steps. It starts with all four uniform in
 * ±0.05, or at `reset({ options: { state: [x, ẋ, θ, θ̇] } })`.
 * Source: Barto, Sutton and Anderson 1983, with the equations of Florian 2007 without friction, integrated by Euler's method.
 */
export class CartPole implements Environment<Float32Array, number> {
  readonly observationSpace = box({
    low: [-2 * POSITION_LIMIT, -Infinity, -2 * ANGLE_LIMIT, -Infinity],
    high: [2 * POSITION_LIMIT, Infinity, 2 * ANGLE_LIMIT, Infinity],
    shape: [4],
  });
  readonly actionSpace = discrete(2);
  readonly #episode: Episode;
  #x = 0;
  #xDot = 0;
  #theta = 0;
  #thetaDot = 0;

  /** @throws DqnError `invalid-option` if `maxEpisodeSteps` is not a whole number of at least 1 or a name is misspelt. */
  constructor(options: CartPoleOptions = {}) {
    checkNames('CartPole(options)', options, { maxEpisodeSteps: true });
    const { maxEpisodeSteps = 500 } = options;
    this.#episode = new Episode({
      name: 'CartPole',
      actions: 2,
      maxEpisodeSteps,
      expected: 'four numbers in [-1000, 1000]: position, velocity, angle, angular velocity',
      // Faster ones do not come up within an episode, and would overflow single precision.
      accepts: (values, running) => values.length === 4 && (!running || values.every((value) => Math.abs(value) <= 1000)),
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      this.#x = random.uniform(-0.05, 0.05);
      this.#xDot = random.uniform(-0.05, 0.05);
      this.#theta = random.uniform(-0.05, 0.05);
      this.#thetaDot = random.uniform(-0.05, 0.05);
    } else this.#place(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Pushes the cart. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const thetaDot = this.#thetaDot;
    const cos = Math.cos(this.#theta);
    const sin = Math.sin(this.#theta);
    const force = action === 1 ? FORCE : -FORCE;
    const push = (force + POLE_MASS_LENGTH * (thetaDot * thetaDot) * sin) / TOTAL_MASS;
    const thetaAcceleration = (GRAVITY * sin - cos * push) / (LENGTH * (4 / 3 - (POLE_MASS * (cos * cos)) / TOTAL_MASS));
    const xAcceleration = push - (POLE_MASS_LENGTH * thetaAcceleration * cos) / TOTAL_MASS;
    const x = this.#x + INTERVAL * this.#xDot;
    const theta = this.#theta + INTERVAL * thetaDot;
    this.#x = x;
    this.#xDot += INTERVAL * xAcceleration;
    this.#theta = theta;
    this.#thetaDot = thetaDot + INTERVAL * thetaAcceleration;
    const terminated = x < -POSITION_LIMIT || x > POSITION_LIMIT || theta < -ANGLE_LIMIT || theta > ANGLE_LIMIT;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#observe(), reward: 1, terminated, truncated, info: NO_INFO };
  }

  /** The cart on its track between the two limits, and the pole. */
  render(mode: RenderMode): string {
    const x = this.#x;
    const theta = this.#theta;
    const tip = [x + 2 * LENGTH * Math.sin(theta), 0.3 + 2 * LENGTH * Math.cos(theta)];
    return renderScene(mode, {
      title: 'CartPole',
      caption: `step ${this.#episode.steps} · position ${x.toFixed(2)} · angle ${((theta * 180) / Math.PI).toFixed(1)}°`,
      view: { left: -2.7, bottom: -0.9, width: 5.4 },
      shapes: [
        { kind: 'line', points: [-2.7, 0, 2.7, 0], color: 'grey', width: 0.03 },
        { kind: 'line', points: [-POSITION_LIMIT, -0.2, -POSITION_LIMIT, 0.2], color: 'red', width: 0.05 },
        { kind: 'line', points: [POSITION_LIMIT, -0.2, POSITION_LIMIT, 0.2], color: 'red', width: 0.05 },
        rectangle(x - 0.25, 0.05, 0.5, 0.25, 'blue'),
        { kind: 'line', points: [x, 0.3, ...tip], color: 'orange', width: 0.1 },
        { kind: 'disc', x, y: 0.3, radius: 0.07, color: 'ink' },
      ],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: physics, step count, random stream. */
  getState(): State {
    return this.#episode.save([this.#x, this.#xDot, this.#theta, this.#thetaDot]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place(values: readonly number[]): void {
    [this.#x, this.#xDot, this.#theta, this.#thetaDot] = values as [number, number, number, number];
  }

  #observe(): Float32Array {
    const observation = new Float32Array(4);
    observation[0] = this.#x;
    observation[1] = this.#xDot;
    observation[2] = this.#theta;
    observation[3] = this.#thetaDot;
    return observation;
  }
}
