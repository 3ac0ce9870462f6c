// What every engine asks of the calls on its networks, so that all of them refuse the same with the same words.
import { checkInteger, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { ForwardOptions, NamedTensor, OutputFocus, QNetwork, UpdateOptions } from './q-network.ts';
import type { NetworkTraits } from './traits.ts';

/** What a pass takes beside the observations, checked and with its defaults filled in. */
export interface PassInputs {
  /** `undefined` too where no layer is noisy. */
  readonly noise: number | undefined;
  /** `[batch, N]`; empty where there are none. */
  readonly fractions: Float32Array;
  /** N; 1 where there are no fractions. */
  readonly samples: number;
  readonly steps: number;
  /** `[batch / steps, stateSize]`; zeros where left out. */
  readonly state: Float32Array | undefined;
  /** For passes that a backward pass follows. */
  readonly focus: OutputFocus | undefined;
}

const NO_INPUTS: PassInputs = {
  noise: undefined,
  fractions: new Float32Array(0),
  samples: 1,
  steps: 1,
  state: undefined,
  focus: undefined,
};

/** A gradient whose norm is beyond this has squares that single precision cannot hold. */
export const MAX_NORM = 1e18;

const MAX_BATCH = 2 ** 24;
const BATCH_RANGE = { min: 1, max: MAX_BATCH };
const RATE_RANGE = { min: 0 };
const NORM_RANGE = { min: 0, exclusiveMin: true };
const TAU_RANGE = { min: 0, max: 1 };

function refuse(where: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where, expected, received, remedy });
}

/** The checks of the passes through one network. */
export class PassChecks {
  readonly #inputSize: number;
  readonly #outputSize: number;
  readonly #traits: NetworkTraits;
  /** Whether passes must be told more than the observations. */
  readonly #asks: boolean;

  constructor({ inputSize, outputSize }: Pick<QNetwork, 'inputSize' | 'outputSize'>, traits: NetworkTraits) {
    this.#inputSize = inputSize;
    this.#outputSize = outputSize;
    this.#traits = traits;
    this.#asks = traits.stateSize > 0 || traits.fractions === 'given';
  }

  /** @throws DqnError `invalid-option` if the batch is none or has too few observations. */
  rows(where: string, observations: Float32Array, batch: number): void {
    checkInteger(`${where}(batch)`, batch, BATCH_RANGE);
    if (observations.length >= batch * this.#inputSize) return;
    refuse(
      `${where}(observations)`,
      `at least ${batch} · ${this.#inputSize} = ${batch * this.#inputSize} numbers`,
      describe(observations),
      'Pass observations [batch, inputSize], row by row.',
    );
  }

  /**
   * What comes beside the observations.
   * @throws DqnError `invalid-option` on a wrong length or a number out of its range.
   */
  inputs(where: string, batch: number, options?: ForwardOptions & Pick<UpdateOptions, 'focus'>): PassInputs {
    if (!options && !this.#asks) return NO_INPUTS;
    const { noise, fractions, steps = 1, state, focus } = options ?? {};
    const { noisy, stateSize, fractions: wanted } = this.#traits;
    if (noise !== undefined) checkNumber(`${where}(noise)`, noise);
    checkInteger(`${where}(steps)`, steps, { min: 1, max: batch });
    if (batch % steps !== 0)
      refuse(
        `${where}(steps)`,
        `a number of steps that divides the batch of ${batch}`,
        describe(steps),
        'Pass steps · sequences rows.',
      );
    let samples = 1;
    if (wanted === 'given') {
      if (!(fractions instanceof Float32Array) || fractions.length === 0 || fractions.length % batch !== 0) {
        const received = fractions instanceof Float32Array ? `${fractions.length} of them` : describe(fractions);
        refuse(
          `${where}(fractions)`,
          `a Float32Array [${batch}, N] of quantile fractions`,
          received,
          'Pass as many fractions for every row.',
        );
      }
      samples = fractions.length / batch;
      for (let i = 0; i < fractions.length; i++) {
        if (fractions[i] >= 0 && fractions[i] <= 1) continue;
        refuse(`${where}(fractions[${i}])`, 'a number in [0, 1]', describe(fractions[i]), 'Draw fractions from the unit interval.');
      }
    } else if (fractions !== undefined) {
      refuse(`${where}(fractions)`, 'none: the network has no implicitQuantiles layer', describe(fractions), 'Leave them out.');
    }
    const size = (batch / steps) * stateSize;
    if (state !== undefined && !(state instanceof Float32Array && state.length === size)) {
      const received = state instanceof Float32Array ? `${state.length} numbers` : describe(state);
      refuse(
        `${where}(state)`,
        `a Float32Array of ${batch / steps} · ${stateSize} = ${size} numbers`,
        received,
        'Pass the state of every sequence.',
      );
    }
    if (focus !== undefined) checkFocus(`${where}(focus)`, focus, batch, this.#outputSize);
    return {
      noise: noisy ? noise : undefined,
      fractions: wanted === 'given' ? (fractions as Float32Array) : NO_INPUTS.fractions,
      samples,
      steps,
      state,
      focus,
    };
  }
}

/** @throws DqnError `invalid-option`. */
function checkFocus(where: string, { width, groups }: OutputFocus, batch: number, outputSize: number): void {
  checkInteger(`${where}.width`, width, { min: 1, max: outputSize });
  const count = outputSize / width;
  if (outputSize % width !== 0)
    refuse(`${where}.width`, `a divisor of ${outputSize}`, describe(width), 'Pass the number of outputs of an action.');
  if (!(groups instanceof Int32Array && groups.length >= batch)) {
    const received = groups instanceof Int32Array ? `${groups.length} numbers` : describe(groups);
    refuse(`${where}.groups`, `an Int32Array of ${batch} groups`, received, 'Pass the group of every row.');
  }
  for (let row = 0; row < batch; row++) {
    if (groups[row] >= 0 && groups[row] < count) continue;
    refuse(`${where}.groups[${row}]`, `a group in [0, ${count - 1}]`, describe(groups[row]), 'Pass the group of every row.');
  }
}

/** @throws DqnError `invalid-option` on a number out of its range. */
export function checkUpdateOptions(where: string, { learningRate, maxGradientNorm }: UpdateOptions): void {
  checkNumber(`${where}(learningRate)`, learningRate, RATE_RANGE);
  if (maxGradientNorm !== undefined) checkNumber(`${where}(maxGradientNorm)`, maxGradientNorm, NORM_RANGE);
}

/** @throws DqnError `invalid-option` if tau is not in [0, 1]. */
export function checkTau(where: string, tau: number): void {
  checkNumber(`${where}(tau)`, tau, TAU_RANGE);
}

/** @throws DqnError `invalid-option`. */
export function refuseWithoutOptimizer(where: string): never {
  refuse(where, 'a network with an optimizer', 'one that was created without', 'Pass an optimizer to createNetwork.');
}

/** @throws DqnError `invalid-option`. */
export function refuseNestedUpdate(where: string): never {
  refuse(
    where,
    'one update at a time',
    'an update inside the gradient function of another',
    'Call update on the same network only after the last one has returned.',
  );
}

/** @throws DqnError `invalid-option`. */
export function refuseDuringUpdate(where: string): never {
  refuse(
    where,
    'a network that is not being updated',
    'one in the middle of an update',
    'Wait for update before you write weights.',
  );
}

/**
 * By what a gradient is multiplied to be clipped.
 * @param norm - its Euclidean norm.
 * @throws DqnError `diverged` if the gradient is not finite, or so long even when clipped that single precision cannot hold its square.
 */
export function clippingScale(where: string, norm: number, maxGradientNorm: number | undefined): number {
  const scale = maxGradientNorm !== undefined && norm > maxGradientNorm ? maxGradientNorm / norm : 1;
  if (norm * scale <= MAX_NORM) return scale;
  throw diverged(where, norm);
}

/** The error of a gradient that is not finite, or too long. */
export function diverged(where: string, norm: number): DqnError {
  return new DqnError({
    code: 'diverged',
    where,
    expected: `a finite gradient, of a norm of at most ${MAX_NORM}`,
    received: `one of norm ${norm}`,
    remedy: 'Lower the learning rate, clip gradients with maxGradientNorm, or look for NaN in observations and rewards.',
  });
}

/** The error of a call after `dispose()`. */
export function disposedNetwork(where: string): DqnError {
  return new DqnError({
    code: 'disposed',
    where,
    expected: 'a network in use',
    received: 'one that dispose() has freed',
    remedy: 'Create another network, or dispose of this one later.',
  });
}

/**
 * Compares what two networks compute: see `networkFunction`.
 * @throws DqnError `invalid-option` if they differ.
 */
export function checkSameFunction(where: string, own: string, theirs: string): void {
  if (own === theirs) return;
  refuse(`${where}(source)`, `a network like this one, ${own}`, theirs, 'Create both networks from the same spec.');
}

/** @throws DqnError `invalid-option`. */
export function refusePromisedWeights(where: string): never {
  refuse(
    `${where}(source)`,
    'a network that gives its weights at once',
    'one that gives a promise',
    'Await source.weights() and pass them to setWeights.',
  );
}

/**
 * The number of updates in the state of an optimiser.
 * @throws DqnError `incompatible-checkpoint` if it is none.
 */
export function readStepCount(where: string, { values: [count] }: NamedTensor): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new DqnError({
    code: 'incompatible-checkpoint',
    where: `${where}(step)`,
    expected: 'a whole number of at least 0',
    received: describe(count),
    remedy: 'Pass what optimizerState() gave.',
  });
}
