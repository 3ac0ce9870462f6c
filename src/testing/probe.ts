import { deepCopy, deepEqual } from '../common/deep.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import type { Environment, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { explainMismatch, isDiscrete } from '../environment/spaces.ts';
import type { EnvironmentFindings, EnvironmentRule } from './environment-report.ts';
import { inWords } from './report.ts';

/** What one call of an environment gave: copies, to be compared later. */
export type Frame = Readonly<Record<string, unknown>>;

/** A value given out earlier, and what it was then. */
interface Given {
  readonly what: string;
  readonly value: unknown;
  readonly copy: unknown;
}

const tupleRemedy = 'Return an object with named fields, not a tuple or a bare value as older Gym interfaces do.';

/** Calls an environment, reports everything that is wrong with what it answers, and never throws. */
export class Probe {
  readonly environment: Environment;
  readonly #findings: EnvironmentFindings;
  readonly #observable: boolean;
  /** Whether the last episode has ended, as far as the environment told. */
  ended = true;
  /** The mask of the running episode. */
  mask: unknown;
  #steps = 0;
  #given: Given[] = [];

  /** @param observable - whether the observation space can be used to check observations. */
  constructor(environment: Environment, findings: EnvironmentFindings, observable: boolean) {
    this.environment = environment;
    this.#findings = findings;
    this.#observable = observable;
  }

  /** Resets; nothing where that failed. */
  async reset(options?: ResetOptions, rule: EnvironmentRule = 'failure'): Promise<Frame | undefined> {
    let result: ResetResult<unknown>;
    try {
      result = await this.environment.reset(options);
    } catch (error) {
      this.#findings.problem(rule, `reset() threw ${inWords(error)}`, 'Make reset() work at any time, with and without a seed.');
      return undefined;
    }
    this.#steps = 0;
    return this.#inspect('reset-result', 'reset()', result);
  }

  /** Steps; nothing where that failed. */
  async step(action: unknown): Promise<Frame | undefined> {
    let result: StepResult<unknown>;
    try {
      result = await this.environment.step(action);
    } catch (error) {
      const message = `step(${describe(action)}) threw ${inWords(error)} (step ${this.#steps + 1} of the episode)`;
      this.#findings.problem('failure', message, 'Make step() work for every element of the action space that the mask allows.');
      return undefined;
    }
    this.#steps++;
    const where = `step ${this.#steps} of an episode`;
    const frame = this.#inspect('step-result', where, result);
    if (frame !== undefined) this.#inspectStep(where, result);
    return frame;
  }

  /** Checks that a step is refused now. */
  async refusesStep(rule: EnvironmentRule, when: string, action: unknown): Promise<void> {
    const remedy = `Throw a DqnError with code 'not-reset' from step() ${when}.`;
    try {
      await this.environment.step(action);
      this.#findings.problem(rule, `step() ${when} was not refused.`, remedy);
    } catch (error) {
      if (error instanceof DqnError && error.code === 'not-reset') return;
      this.#findings.warn(rule, `step() ${when} was refused, but with ${inWords(error)}`, remedy);
    }
  }

  /** A random action that the mask allows. */
  draw(random: Random): unknown {
    const space = this.environment.actionSpace;
    if (this.mask instanceof Uint8Array && isDiscrete(space)) {
      const possible = Array.from(this.mask.keys()).filter((i) => i < space.n && (this.mask as Uint8Array)[i] !== 0);
      if (possible.length > 0) return space.start + possible[random.integer(possible.length)];
    }
    return space.sample(random);
  }

  #inspect(rule: EnvironmentRule, where: string, result: ResetResult<unknown>): Frame | undefined {
    this.#checkGiven(where);
    if (typeof result !== 'object' || result === null || Array.isArray(result) || !('observation' in result)) {
      this.#findings.problem(rule, `${where} returned ${describe(result)}, without an observation.`, tupleRemedy);
      return undefined;
    }
    if (typeof result.info !== 'object' || result.info === null) {
      this.#findings.problem(
        rule,
        `${where} gave the info ${describe(result.info)}.`,
        'Return an info object, {} if there is nothing to say.',
      );
    }
    const mismatch = this.#observable ? this.#mismatch(result.observation) : undefined;
    if (mismatch !== undefined) {
      const remedy = 'Correct the observation, or the observationSpace that it is to be in.';
      this.#findings.problem('observation', `${where} gave an observation outside the observationSpace: ${mismatch}.`, remedy);
    }
    this.mask = result.actionMask;
    const { reward, terminated, truncated, done } = result as ResetResult<unknown> & Record<string, unknown>;
    this.ended = Boolean(terminated) || Boolean(truncated) || Boolean(done);
    if (result.actionMask !== undefined) this.#inspectMask(where, result.actionMask, Boolean(terminated));
    this.#give('observation', where, result.observation);
    this.#give('action mask', where, result.actionMask);
    return deepCopy({ observation: result.observation, actionMask: result.actionMask, reward, terminated, truncated });
  }

  #inspectStep(where: string, result: StepResult<unknown>): void {
    if (typeof result.reward !== 'number' || !Number.isFinite(result.reward)) {
      const message = `${where} gave the reward ${describe(result.reward)}.`;
      this.#findings.problem('reward', message, 'Return a finite number as the reward.');
    }
    if ('done' in result) {
      const remedy = 'Return terminated for an end within the problem and truncated for a cut from outside, in place of done.';
      this.#findings.problem('ends', `${where} returned a field done.`, remedy);
    }
    for (const name of ['terminated', 'truncated'] as const) {
      if (typeof result[name] === 'boolean') continue;
      this.#findings.problem('ends', `${where} gave ${name} as ${describe(result[name])}.`, `Return ${name} as true or false.`);
    }
  }

  #inspectMask(where: string, mask: unknown, terminated: boolean): void {
    const space = this.environment.actionSpace;
    const remedy =
      'Return one byte an action, 1 where it is possible and 0 where not, or leave the mask out where all are possible.';
    if (!(mask instanceof Uint8Array)) {
      this.#findings.problem('action-mask', `${where} gave ${describe(mask)} as the action mask, not a Uint8Array.`, remedy);
      return;
    }
    if (isDiscrete(space) && mask.length !== space.n) {
      this.#findings.problem(
        'action-mask',
        `${where} gave an action mask of length ${mask.length} for ${space.n} actions.`,
        remedy,
      );
    }
    const odd = mask.find((byte) => byte > 1);
    if (odd !== undefined) this.#findings.problem('action-mask', `${where} gave an action mask with the byte ${odd}.`, remedy);
    if (!terminated && mask.every((byte) => byte === 0)) {
      const message = `${where} gave an action mask without a possible action.`;
      this.#findings.problem('action-mask', message, 'Allow at least one action until the episode terminates.');
    }
  }

  #mismatch(observation: unknown): string | undefined {
    try {
      return explainMismatch(this.environment.observationSpace, observation);
    } catch (error) {
      return `the space threw ${inWords(error)}`;
    }
  }

  #give(name: string, where: string, value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    this.#given.push({ what: `the ${name} of ${where}`, value, copy: deepCopy(value) });
    // The earliest ones and the latest are enough to see an array that is used again.
    if (this.#given.length > 6) this.#given.splice(2, 1);
  }

  #checkGiven(where: string): void {
    for (const { what, value, copy } of this.#given) {
      if (deepEqual(value, copy)) continue;
      const message = `${what} changed when ${where} was called.`;
      if (what.includes('mask')) this.#findings.warn('aliasing', message, 'Give a fresh action mask each time; it may be kept.');
      else
        this.#findings.problem('aliasing', message, 'Give a fresh observation each time, such as a slice() of the array you keep.');
    }
    this.#given = this.#given.filter(({ value, copy }) => deepEqual(value, copy));
  }
}
