import { checkNames, checkNumber } from '../common/check.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from '../environments/episode.ts';
import { renderScene } from '../environments/rendering/scene.ts';
import { Flight, PAD_X, PAD_Y, WIDTH, type Conditions } from './flight.ts';

/** Numbers of the world's state before the actions: the flight's number and the lander's pose. */
const POSE_END = 7;

/** Options of {@link LunarLander}. */
export interface LunarLanderOptions {
  /** In (−12, 0]. Default −10. */
  readonly gravity?: number;
  /** Whether wind and turbulence push the lander while no leg touches the ground. Default false. */
  readonly enableWind?: boolean;
  /** The greatest force of the wind, at least 0 and best at most 20. Default 15. */
  readonly windPower?: number;
  /** The greatest torque of turbulence, at least 0 and best at most 2. Default 1.5. */
  readonly turbulencePower?: number;
  /** Steps after which an episode is truncated. Default 1000. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Land a rocket between two flags by firing nothing (0), its left engine (1), its main engine (2) or its right engine (3): Gymnasium's
 * LunarLander-v3, on planck in place of Box2D in C++.
 *
 * Observation `[8]`: x, y, ẋ, ẏ, angle, angular velocity, and 1 or 0 for each leg, whether it touches the ground; the pad is at the origin. The bounds of the space are
 * the original's: a lander that flies far up or spins fast leaves them, there as here. The reward is the change of
 * −100 (√(x² + y²) + √(ẋ² + ẏ²) + |angle|) + 10 for each leg on the ground, less 0.3 where the main engine fires and 0.03 where another one does. The
 * episode terminates with −100 in place of that when the lander's body touches the ground or |x| ≥ 1, with 100 when it has come to rest, and is truncated
 * after 1000 steps.
 *
 * A saved state holds the number that the whole flight is drawn from, the lander's pose, and the actions. To restore it, the flight is flown again, to the bit; a state
 * that does not lead to its pose is refused. `reset({ options: { state } })` takes such a state's `world`.
 * Source: gymnasium/envs/box2d/lunar_lander.py by Oleg Klimov, version 1.4.
 */
export class LunarLander implements Environment<Float32Array, number> {
  readonly observationSpace = box({
    low: [-2.5, -2.5, -10, -10, -2 * Math.PI, -10, 0, 0],
    high: [2.5, 2.5, 10, 10, 2 * Math.PI, 10, 1, 1],
    shape: [8],
  });
  readonly actionSpace = discrete(4);
  readonly #episode: Episode;
  readonly #conditions: Conditions;
  /** What the flight is drawn from. */
  #number = 0;
  #actions: number[] = [];
  #flight: Flight;
  /** Where the state that was accepted last leads to, so that it is not flown to twice. */
  #flown: Flight;

  /** @throws DqnError `invalid-option` if an option is not as {@link LunarLanderOptions} says. */
  constructor(options: LunarLanderOptions = {}) {
    checkNames('LunarLander(options)', options, {
      gravity: true,
      enableWind: true,
      windPower: true,
      turbulencePower: true,
      maxEpisodeSteps: true,
    });
    const { gravity = -10, enableWind = false, windPower = 15, turbulencePower = 1.5, maxEpisodeSteps = 1000 } = options;
    checkNumber('LunarLander(gravity)', gravity, { min: -12, exclusiveMin: true, max: 0 });
    const power = checkNumber('LunarLander(windPower)', windPower, { min: 0 });
    const turbulence = checkNumber('LunarLander(turbulencePower)', turbulencePower, { min: 0 });
    this.#conditions = { gravity, wind: enableWind ? { power, turbulence } : undefined };
    this.#episode = new Episode({
      name: 'LunarLander',
      setup: JSON.stringify(this.#conditions),
      actions: 4,
      maxEpisodeSteps,
      expected: 'the number of a flight, the six numbers of the pose that its actions lead to, and these actions',
      accepts: (values, running) => {
        const flight = this.#fly(values);
        if (flight === undefined || (running && flight.over)) return false;
        this.#flown = flight;
        return true;
      },
    });
    this.#flight = this.#begin(0);
    this.#flown = this.#flight;
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      this.#number = this.#episode.random.uint32();
      this.#actions = [];
      this.#flight = this.#begin(this.#number);
    } else this.#place(asked);
    return { observation: this.#flight.observe(), info: NO_INFO };
  }

  /** Fires an engine, or none. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const reward = this.#flight.step(action);
    this.#actions.push(action);
    const terminated = this.#flight.over;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#flight.observe(), reward, terminated, truncated, info: NO_INFO };
  }

  /** The moon, the flags beside the pad, and the lander. */
  render(mode: RenderMode): string {
    const { ground } = this.#flight;
    const [x, y, xDot, yDot] = this.#flight.pose();
    const [lander, ...legs] = this.#flight.outlines();
    const profile = ground.flatMap((height, i) => [(WIDTH / (ground.length - 1)) * i, height]);
    return renderScene(mode, {
      title: 'LunarLander',
      caption: `step ${this.#episode.steps} · ${(x - WIDTH / 2).toFixed(1)} m beside and ${(y - PAD_Y).toFixed(1)} m above the pad · ${Math.hypot(xDot, yDot).toFixed(1)} m/s`,
      view: { left: 0, bottom: 0, width: WIDTH },
      shapes: [
        { kind: 'polygon', points: [0, 0, ...profile, WIDTH, 0], color: 'pale' },
        { kind: 'line', points: profile, color: 'grey', width: 0.08 },
        ...PAD_X.flatMap((flag) => [
          { kind: 'line', points: [flag, PAD_Y, flag, PAD_Y + 1.6], color: 'ink', width: 0.06 } as const,
          { kind: 'polygon', points: [flag, PAD_Y + 1.6, flag, PAD_Y + 1.2, flag + 0.8, PAD_Y + 1.4], color: 'gold' } as const,
        ]),
        ...legs.map((points) => ({ kind: 'polygon', points, color: 'ink' }) as const),
        { kind: 'polygon', points: lander, color: 'blue' },
      ],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: the flight's number, the lander's pose, all actions, step count, random stream. */
  getState(): State {
    return this.#episode.save([this.#number, ...this.#flight.pose(), ...this.#actions]);
  }

  /** Goes on from a saved state, by flying to it. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #begin(number: number): Flight {
    return new Flight(new Random(number), this.#conditions);
  }

  /** Flies to a state; undefined where it is not one that its actions lead to. */
  #fly(values: readonly number[]): Flight | undefined {
    const actions = values.slice(POSE_END);
    const possible =
      values.length >= POSE_END && values[0] === values[0] >>> 0 && actions.every((action) => action === (action & 3));
    if (!possible) return undefined;
    const flight = this.#begin(values[0]);
    for (const action of actions) {
      if (flight.over) return undefined;
      flight.step(action);
    }
    return flight.pose().every((value, i) => value === values[i + 1]) ? flight : undefined;
  }

  #place(values: readonly number[]): void {
    this.#flight = this.#flown;
    this.#number = values[0];
    this.#actions = values.slice(POSE_END);
  }
}
