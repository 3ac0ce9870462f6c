import { checkNames, checkNumber } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { rectangle, renderScene } from './rendering/scene.ts';

// bsuite/experiments/cartpole_swingup/cartpole_swingup.py and bsuite/environments/cartpole.py, in 2026.
const GRAVITY = 9.8;
const POLE_MASS = 0.1;
const TOTAL_MASS = 1 + POLE_MASS;
/** Half the pole's length, in metres. */
const LENGTH = 0.5;
const POLE_MASS_LENGTH = POLE_MASS * LENGTH;
const FORCE = 10;
/** Seconds between two steps. */
const INTERVAL = 0.01;
const MAX_TIME = 10;
const POSITION_LIMIT = 3;
/** Below this angular velocity the pole counts as standing. */
const VELOCITY_THRESHOLD = 1;
const TURN = 2 * Math.PI;

/** Options of {@link CartPoleSwingUp}. */
export interface CartPoleSwingUpOptions {
  /** cos θ above which the pole counts as upright, in [−1, 1]. Default 0.5. */
  readonly heightThreshold?: number;
  /** |x| below which an upright pole is rewarded, at least 0. Default 1. */
  readonly positionThreshold?: number;
  /** What a push costs, at least 0. Default 0.1. */
  readonly moveCost?: number;
}

/**
 * Swing a hanging pole up and keep it there by pushing its cart left (0), not at all (1) or right (2): a test of exploration, as every push costs and only an upright pole
 * is rewarded.
 *
 * Observation `[8]`: x / 3, ẋ / 3, sin θ, cos θ, θ̇, time / 10, 1 if |x| < `positionThreshold` else −1, 1 if |θ̇| < 1 else −1; θ is the angle from upright. A push
 * costs 0.1; every step with cos θ > `heightThreshold`, |θ̇| < 1 and |x| < `positionThreshold` gives 1. The episode terminates when |x| > 3 or after 10 seconds, 1001 steps of
 * 0.01, which the observation tells. It starts at rest with the pole hanging down, each number off by at most 0.05, or at
 * `reset({ options: { state: [x, ẋ, θ, θ̇, time] } })`.
 * Source: Osband et al. 2020, "Behaviour Suite for Reinforcement Learning": bsuite's `cartpole_swingup`, step for step.
 */
export class CartPoleSwingUp implements Environment<Float32Array, number> {
  readonly observationSpace = box({
    low: [-2, -Infinity, -1, -1, -Infinity, 0, -1, -1],
    high: [2, Infinity, 1, 1, Infinity, 2, 1, 1],
    shape: [8],
  });
  readonly actionSpace = discrete(3);
  readonly #episode: Episode;
  readonly #heightThreshold: number;
  readonly #positionThreshold: number;
  readonly #moveCost: number;
  #x = 0;
  #xDot = 0;
  #theta = Math.PI;
  #thetaDot = 0;
  #time = 0;

  /** @throws DqnError `invalid-option` if an option is not as {@link CartPoleSwingUpOptions} says. */
  constructor(options: CartPoleSwingUpOptions = {}) {
    checkNames('CartPoleSwingUp(options)', options, { heightThreshold: true, positionThreshold: true, moveCost: true });
    const { heightThreshold = 0.5, positionThreshold = 1, moveCost = 0.1 } = options;
    this.#heightThreshold = checkNumber('CartPoleSwingUp(heightThreshold)', heightThreshold, { min: -1, max: 1 });
    this.#positionThreshold = checkNumber('CartPoleSwingUp(positionThreshold)', positionThreshold, { min: 0 });
    this.#moveCost = checkNumber('CartPoleSwingUp(moveCost)', moveCost, { min: 0 });
    this.#episode = new Episode({
      name: 'CartPoleSwingUp',
      actions: 3,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: 'position in ±3, velocity, angle, angular velocity, each in ±1000, and time in [0, 10]',
      // Faster ones do not come up within an episode, and would overflow single precision.
      accepts: (values, running) =>
        values.length === 5 &&
        (!running ||
          (Math.abs(values[0]) <= POSITION_LIMIT &&
            values.every((value) => Math.abs(value) <= 1000) &&
            values[4] >= 0 &&
            values[4] <= MAX_TIME)),
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      this.#x = random.uniform(-0.05, 0.05);
      this.#xDot = random.uniform(-0.05, 0.05);
      this.#theta = Math.PI + random.uniform(-0.05, 0.05);
      this.#thetaDot = random.uniform(-0.05, 0.05);
      this.#time = 0;
    } else this.#place(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Pushes the cart, or not. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const thetaDot = this.#thetaDot;
    const cos = Math.cos(this.#theta);
    const sin = Math.sin(this.#theta);
    const push = ((action - 1) * FORCE + POLE_MASS_LENGTH * thetaDot * thetaDot * sin) / TOTAL_MASS;
    const thetaAcceleration = (GRAVITY * sin - cos * push) / (LENGTH * (4 / 3 - (POLE_MASS * cos * cos) / TOTAL_MASS));
    const xAcceleration = push - (POLE_MASS_LENGTH * thetaAcceleration * cos) / TOTAL_MASS;
    this.#x += INTERVAL * this.#xDot;
    this.#xDot += INTERVAL * xAcceleration;
    const theta = (this.#theta + INTERVAL * thetaDot) % TURN;
    this.#theta = theta < 0 ? theta + TURN : theta;
    this.#thetaDot = thetaDot + INTERVAL * thetaAcceleration;
    // Added up as in the original: 1001 steps of 0.01 are the first sum above 10.
    this.#time += INTERVAL;
    const upright =
      Math.cos(this.#theta) > this.#heightThreshold &&
      Math.abs(this.#thetaDot) < VELOCITY_THRESHOLD &&
      Math.abs(this.#x) < this.#positionThreshold;
    const reward = (action === 1 ? 0 : -this.#moveCost) + (upright ? 1 : 0);
    const terminated = this.#time > MAX_TIME || Math.abs(this.#x) > POSITION_LIMIT;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The cart on its track, the ends of the track and of where an upright pole is rewarded, and the pole. */
  render(mode: RenderMode): string {
    const x = this.#x;
    const theta = this.#theta;
    const tip = [x + 2 * LENGTH * Math.sin(theta), 2 * LENGTH * Math.cos(theta)];
    const near = Math.min(this.#positionThreshold, POSITION_LIMIT);
    return renderScene(mode, {
      title: 'CartPoleSwingUp',
      caption: `step ${this.#episode.steps} · position ${x.toFixed(2)} · tip at height ${tip[1].toFixed(2)}`,
      view: { left: -3.3, bottom: -2.2, width: 6.6 },
      shapes: [
        { kind: 'line', points: [-POSITION_LIMIT, 0, POSITION_LIMIT, 0], color: 'grey', width: 0.03 },
        { kind: 'line', points: [-near, 0, near, 0], color: 'green', width: 0.06 },
        { kind: 'line', points: [-POSITION_LIMIT, -0.2, -POSITION_LIMIT, 0.2], color: 'red', width: 0.05 },
        { kind: 'line', points: [POSITION_LIMIT, -0.2, POSITION_LIMIT, 0.2], color: 'red', width: 0.05 },
        rectangle(x - 0.25, -0.125, 0.5, 0.25, 'blue'),
        { kind: 'line', points: [x, 0, ...tip], color: 'orange', width: 0.1 },
        { kind: 'disc', x, y: 0, radius: 0.07, color: 'ink' },
      ],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: physics, time, step count, random stream. */
  getState(): State {
    return this.#episode.save([this.#x, this.#xDot, this.#theta, this.#thetaDot, this.#time]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place(values: readonly number[]): void {
    [this.#x, this.#xDot, this.#theta, this.#thetaDot, this.#time] = values as [number, number, number, number, number];
  }

  #observe(): Float32Array {
    const observation = new Float32Array(8);
    observation[0] = this.#x / POSITION_LIMIT;
    observation[1] = this.#xDot / POSITION_LIMIT;
    observation[2] = Math.sin(this.#theta);
    observation[3] = Math.cos(this.#theta);
    observation[4] = this.#thetaDot;
    observation[5] = this.#time / MAX_TIME;
    observation[6] = Math.abs(this.#x) < this.#positionThreshold ? 1 : -1;
    observation[7] = Math.abs(this.#thetaDot) < VELOCITY_THRESHOLD ? 1 : -1;
    return observation;
  }
}
