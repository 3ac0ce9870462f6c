import { DqnError, describe } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import type { Explorer } from '../exploration/explorer.ts';
import type { ValueHead } from '../heads/value-head.ts';
import type { QNetwork } from '../networks/q-network.ts';
import { ObservationCodec } from './observation-codec.ts';

/** The parts of an {@link Actor}. */
export interface ActorParts<Observation, M extends Timing> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly network: QNetwork<M>;
  readonly head: ValueHead;
  readonly random: Random;
}

/** From observations to actions: encode, run the network, read Q-values, let an explorer choose. Its arrays are reused. */
export class Actor<Observation, M extends Timing> {
  readonly codec: ObservationCodec<Observation>;
  readonly network: QNetwork<M>;
  readonly #start: number;
  readonly #actions: number;
  readonly #head: ValueHead;
  readonly #random: Random;
  #capacity = 0;
  #inputs = new Float32Array(0);
  #qValues = new Float32Array(0);
  #masks = new Uint8Array(0);
  #streams = new Int32Array(0);
  #chosen = new Int32Array(0);

  constructor({ observationSpace, actionSpace, network, head, random }: ActorParts<Observation, M>) {
    this.codec = new ObservationCodec(observationSpace);
    this.network = network;
    this.#start = actionSpace.start;
    this.#actions = actionSpace.n;
    this.#head = head;
    this.#random = random;
    this.#reserve(1);
  }

  /** The action for one observation, as an element of the action space. */
  act(observation: Observation, explorer: Explorer, step: number, mask: Uint8Array | undefined): Answer<number, M> {
    this.codec.encode(observation, this.#inputs, 0, 'act(observation)');
    if (mask) this.#setMask(0, mask, 'act(observation, { actionMask })');
    const answer = chain(this.network.forward(this.#inputs, 1) as MaybePromise<Float32Array>, (outputs) => {
      this.#select(outputs, 1, explorer, step, mask !== undefined);
      return this.#chosen[0] + this.#start;
    });
    return answer as Answer<number, M>;
  }

  /** The actions for several observations with one pass of the network; each is explored by itself. */
  actBatch(
    observations: readonly Observation[],
    explorer: Explorer,
    step: number,
    masks: readonly (Uint8Array | undefined)[] | undefined,
  ): Answer<Int32Array, M> {
    const count = observations.length;
    this.#reserve(count);
    for (let i = 0; i < count; i++)
      this.codec.encode(observations[i], this.#inputs, i * this.codec.size, `actBatch(observations[${i}])`);
    if (masks && masks.length !== count) {
      throw new DqnError({
        code: 'invalid-action',
        where: 'actBatch(observations, { actionMasks })',
        expected: `${count} masks, one an observation`,
        received: `${masks.length}`,
        remedy: 'Pass undefined for an observation where every action is possible.',
      });
    }
    const masked = masks?.some((mask) => mask !== undefined) ?? false;
    if (masks && masked) {
      for (let i = 0; i < count; i++) this.#setMask(i, masks[i], `actBatch(observations, { actionMasks[${i}] })`);
    }
    const answer = chain(this.network.forward(this.#inputs, count) as MaybePromise<Float32Array>, (outputs) => {
      this.#select(outputs, count, explorer, step, masked);
      const actions = new Int32Array(count);
      for (let i = 0; i < count; i++) actions[i] = this.#chosen[i] + this.#start;
      return actions;
    });
    return answer as Answer<Int32Array, M>;
  }

  /** Q(s, ·) `[A]`. */
  qValues(observation: Observation): Answer<Float32Array, M> {
    this.codec.encode(observation, this.#inputs, 0, 'qValues(observation)');
    const answer = chain(this.network.forward(this.#inputs, 1) as MaybePromise<Float32Array>, (outputs) => {
      const values = new Float32Array(this.#actions);
      this.#head.qValues(outputs, 1, this.#actions, values);
      return values;
    });
    return answer as Answer<Float32Array, M>;
  }

  #select(outputs: Float32Array, batch: number, explorer: Explorer, step: number, masked: boolean): void {
    const actions = this.#actions;
    this.#head.qValues(outputs, batch, actions, this.#qValues);
    explorer.select(
      {
        batch,
        actions,
        qValues: this.#qValues,
        masks: masked ? this.#masks : undefined,
        streams: this.#streams,
        observations: this.#inputs,
        observationSize: this.codec.size,
        step,
        random: this.#random,
      },
      this.#chosen,
    );
  }

  #setMask(row: number, mask: Uint8Array | undefined, where: string): void {
    const actions = this.#actions;
    const offset = row * actions;
    if (mask) {
      checkMask(mask, actions, where);
      this.#masks.set(mask, offset);
    } else {
      this.#masks.fill(1, offset, offset + actions);
    }
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = count;
    this.#inputs = new Float32Array(count * this.codec.size);
    this.#qValues = new Float32Array(count * this.#actions);
    this.#masks = new Uint8Array(count * this.#actions);
    this.#chosen = new Int32Array(count);
    this.#streams = Int32Array.from({ length: count }, (_, i) => i);
  }
}

/**
 * Checks a mask to act by.
 * @throws DqnError `invalid-action` if it has another length or allows no action.
 */
function checkMask(mask: Uint8Array, actions: number, where: string): void {
  const sound = mask instanceof Uint8Array && mask.length === actions && mask.includes(1);
  if (sound) return;
  throw new DqnError({
    code: 'invalid-action',
    where,
    expected: `a Uint8Array(${actions}) with a 1 for each possible action, at least one`,
    received: mask instanceof Uint8Array && mask.length === actions ? 'a mask that allows none' : describe(mask),
    remedy: 'A state without a possible action ends the episode: give it as terminated.',
  });
}
