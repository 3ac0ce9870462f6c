import type { ObservationCodec } from '../../agent/observation-codec.ts';
import type { Policy } from '../../agent/policy.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { Breather } from '../../common/macrotask.ts';
import type { Answer, Timing } from '../../common/maybe-promise.ts';
import type { Random } from '../../common/random.ts';
import type { DiscreteSpace } from '../../environment/spaces.ts';
import type { Environment } from '../../environment/environment.ts';
import { callEnvironment } from '../../training/call-environment.ts';

/** Whoever acts and tells Q-values: an agent, a loaded policy, or an object of your own. It must have no memory. */
export interface Teacher<Observation> extends Policy<Observation> {
  /** Q(s, ·) `[A]`. */
  qValues(observation: Observation): Answer<Float32Array, Timing>;
}

/** Observations and what the teacher says of them. */
export class Lessons<Observation> {
  readonly #codec: ObservationCodec<Observation>;
  readonly #actions: number;
  readonly #observations: Float32Array | Uint8Array;
  readonly #values: Float32Array;
  #count = 0;

  constructor(codec: ObservationCodec<Observation>, actions: number, capacity: number) {
    this.#codec = codec;
    this.#actions = actions;
    this.#observations = codec.allocate(capacity);
    this.#values = new Float32Array(capacity * actions);
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** @throws DqnError `invalid-part` if the teacher's values are not so many finite numbers, `invalid-observation`. */
  async add(observation: Observation, teacher: Teacher<Observation>): Promise<void> {
    this.#codec.encode(observation, this.#observations, this.#count * this.#codec.size, 'distil: observation');
    const values = await teacher.qValues(observation);
    if (values?.length !== this.#actions || !values.every(Number.isFinite)) {
      throw new DqnError({
        code: 'invalid-part',
        where: 'distil: teacher.qValues(observation)',
        expected: `${this.#actions} finite numbers`,
        received: values?.length === this.#actions ? 'some that are not finite' : describe(values),
        remedy: 'Give a value for each action of the environment.',
      });
    }
    this.#values.set(values, this.#count++ * this.#actions);
  }

  /** Copies the lesson at an index into a row of a batch. */
  copy(index: number, observations: Float32Array, values: Float32Array, row: number): void {
    const { size } = this.#codec;
    observations.set(this.#observations.subarray(index * size, (index + 1) * size), row * size);
    values.set(this.#values.subarray(index * this.#actions, (index + 1) * this.#actions), row * this.#actions);
  }
}

/**
 * Lets the teacher act in an environment, now and then by chance so that the student also sees what comes of mistakes, and takes down every observation that it acts on.
 * @throws DqnError `environment-failed` if the environment throws; as {@link Lessons.add}.
 */
export async function collect<Observation>(
  lessons: Lessons<Observation>,
  teacher: Teacher<Observation>,
  environment: Environment<Observation, number>,
  { n, start }: DiscreteSpace,
  { count, epsilon, random }: { readonly count: number; readonly epsilon: number; readonly random: Random },
): Promise<void> {
  const breather = new Breather();
  while (lessons.count < count) {
    const began = await callEnvironment(() => environment.reset({ seed: random.uint32() }), 'distil: environment.reset()');
    let { observation, actionMask } = began;
    for (let first = true, ended = false; !ended && lessons.count < count; first = false) {
      await lessons.add(observation, teacher);
      const possible = Array.from({ length: n }, (_, a) => a).filter((a) => actionMask === undefined || actionMask[a] !== 0);
      const chance = random.float() < epsilon;
      const action = chance
        ? possible[random.integer(possible.length)] + start
        : await teacher.act(observation, { explore: false, actionMask, first });
      const result = await callEnvironment(() => environment.step(action), 'distil: environment.step()');
      ({ observation, actionMask } = result);
      ended = result.terminated || result.truncated;
      if (breather.due) await breather.breathe();
    }
  }
}
