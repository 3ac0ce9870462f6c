import { checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderScene } from './rendering/scene.ts';

// gymnasium/envs/classic_control/acrobot.py, version 1.4, with `book_or_nips = "book"`. Both links have length 1, mass 1
// and moment of inertia 1, and their centre of mass in the middle.
const CENTER = 0.5;
const INERTIA = 1;
const GRAVITY = 9.8;
/** Seconds between two steps, integrated as one step of Runge and Kutta's method. */
const INTERVAL = 0.2;
const MAX_VELOCITY_1 = 4 * Math.PI;
const MAX_VELOCITY_2 = 9 * Math.PI;

/** Options of {@link Acrobot}. */
export interface AcrobotOptions {
  /** Steps after which an episode is truncated. Default 500. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Swing the tip of a hanging two-link arm above a bar with a torque of −1, 0 or 1 at the elbow (actions 0, 1, 2):
 * Gymnasium's Acrobot-v1, step for step.
 *
 * Observation `[6]`: cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁ in ±4π, θ̇₂ in ±9π, where θ₁ is the first link's angle from hanging down and
 * θ₂ the second link's angle from the first. Every step gives reward −1, but 0 when it terminates the episode: when
 * −cos θ₁ − cos(θ₁ + θ₂) > 1. It is truncated after 500 steps. It starts with all four uniform in ±0.1, or at
 * `reset({ options: { state: [θ₁, θ₂, θ̇₁, θ̇₂] } })`.
 * Source: Sutton 1996; Sutton and Barto 1998, section 11.3, whose dynamics these are; fourth-order Runge-Kutta.
 */
export class Acrobot implements Environment<Float32Array, number> {
  readonly observationSpace = box({
    low: [-1, -1, -1, -1, -MAX_VELOCITY_1, -MAX_VELOCITY_2],
    high: [1, 1, 1, 1, MAX_VELOCITY_1, MAX_VELOCITY_2],
    shape: [6],
  });
  readonly actionSpace = discrete(3);
  readonly #episode: Episode;
  /** θ₁, θ₂, θ̇₁, θ̇₂. */
  readonly #state = new Float64Array(4);
  readonly #point = new Float64Array(4);
  readonly #slope = new Float64Array(4);
  readonly #sum = new Float64Array(4);

  /** @throws DqnError `invalid-option` if `maxEpisodeSteps` is not a whole number of at least 1 or a name is misspelt. */
  constructor(options: AcrobotOptions = {}) {
    checkNames('Acrobot(options)', options, { maxEpisodeSteps: true });
    const { maxEpisodeSteps = 500 } = options;
    this.#episode = new Episode({
      name: 'Acrobot',
      actions: 3,
      maxEpisodeSteps,
      expected: 'two angles in [-π, π] and two velocities in ±4π and ±9π',
      accepts: (values) =>
        values.length === 4 &&
        Math.abs(values[0]) <= Math.PI &&
        Math.abs(values[1]) <= Math.PI &&
        Math.abs(values[2]) <= MAX_VELOCITY_1 &&
        Math.abs(values[3]) <= MAX_VELOCITY_2,
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      // Gymnasium rounds the first state to single precision.
      for (let i = 0; i < 4; i++) this.#state[i] = Math.fround(random.uniform(-0.1, 0.1));
    } else this.#state.set(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Applies a torque for 0.2 seconds. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const state = this.#state;
    this.#integrate(action - 1);
    state[0] = wrap(state[0]);
    state[1] = wrap(state[1]);
    state[2] = clamp(state[2], MAX_VELOCITY_1);
    state[3] = clamp(state[3], MAX_VELOCITY_2);
    const terminated = -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#observe(), reward: terminated ? 0 : -1, terminated, truncated, info: NO_INFO };
  }

  /** The two links, and the bar to swing over. */
  render(mode: RenderMode): string {
    const [first, second] = this.#state;
    const elbow = [Math.sin(first), -Math.cos(first)];
    const tip = [elbow[0] + Math.sin(first + second), elbow[1] - Math.cos(first + second)];
    return renderScene(mode, {
      title: 'Acrobot',
      caption: `step ${this.#episode.steps} · tip at height ${tip[1].toFixed(2)}, bar at 1.00`,
      view: { left: -3.3, bottom: -2.2, width: 6.6 },
      shapes: [
        { kind: 'line', points: [-3.3, 1, 3.3, 1], color: 'green', width: 0.03 },
        { kind: 'line', points: [0, 0, ...elbow], color: 'blue', width: 0.16 },
        { kind: 'line', points: [...elbow, ...tip], color: 'orange', width: 0.16 },
        { kind: 'disc', x: 0, y: 0, radius: 0.12, color: 'ink' },
        { kind: 'disc', x: elbow[0], y: elbow[1], radius: 0.12, color: 'ink' },
      ],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: angles, velocities, step count, random stream. */
  getState(): State {
    return this.#episode.save([...this.#state]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#state.set(this.#episode.load(state));
  }

  /** One step of the classical Runge-Kutta method: y ← y + h/6 (k₁ + 2 k₂ + 2 k₃ + k₄). */
  #integrate(torque: number): void {
    const state = this.#state;
    const point = this.#point;
    const slope = this.#slope;
    const sum = this.#sum;
    derive(state, torque, slope);
    for (let i = 0; i < 4; i++) {
      sum[i] = slope[i];
      point[i] = state[i] + (INTERVAL / 2) * slope[i];
    }
    derive(point, torque, slope);
    for (let i = 0; i < 4; i++) {
      sum[i] += 2 * slope[i];
      point[i] = state[i] + (INTERVAL / 2) * slope[i];
    }
    derive(point, torque, slope);
    for (let i = 0; i < 4; i++) {
      sum[i] += 2 * slope[i];
      point[i] = state[i] + INTERVAL * slope[i];
    }
    derive(point, torque, slope);
    for (let i = 0; i < 4; i++) state[i] += (INTERVAL / 6) * (sum[i] + slope[i]);
  }

  #observe(): Float32Array {
    const state = this.#state;
    const observation = new Float32Array(6);
    observation[0] = Math.cos(state[0]);
    observation[1] = Math.sin(state[0]);
    observation[2] = Math.cos(state[1]);
    observation[3] = Math.sin(state[1]);
    observation[4] = state[2];
    observation[5] = state[3];
    return observation;
  }
}

/** Writes the time derivative of `[θ₁, θ₂, θ̇₁, θ̇₂]` (Sutton and Barto 1998, figure 11.4). */
function derive(state: Float64Array, torque: number, out: Float64Array): void {
  const theta1 = state[0];
  const theta2 = state[1];
  const velocity1 = state[2];
  const velocity2 = state[3];
  const cos2 = Math.cos(theta2);
  const sin2 = Math.sin(theta2);
  const d1 = CENTER * CENTER + (1 + CENTER * CENTER + 2 * CENTER * cos2) + 2 * INERTIA;
  const d2 = CENTER * CENTER + CENTER * cos2 + INERTIA;
  const phi2 = CENTER * GRAVITY * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -CENTER * velocity2 * velocity2 * sin2 -
    2 * CENTER * velocity2 * velocity1 * sin2 +
    (CENTER + 1) * GRAVITY * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const acceleration2 =
    (torque + (d2 / d1) * phi1 - CENTER * velocity1 * velocity1 * sin2 - phi2) / (CENTER * CENTER + INERTIA - (d2 * d2) / d1);
  out[0] = velocity1;
  out[1] = velocity2;
  out[2] = -(d2 * acceleration2 + phi1) / d1;
  out[3] = acceleration2;
}

/** An angle brought into [−π, π] by whole turns. */
function wrap(angle: number): number {
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
}

function clamp(value: number, limit: number): number {
  return value < -limit ? -limit : value > limit ? limit : value;
}
