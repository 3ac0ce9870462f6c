import { deepEqual } from '../../common/deep.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Info } from '../../environment/environment.ts';
import { explainMismatch, type Space } from '../../environment/spaces.ts';
import type {
  AutoresetMode,
  VectorEnvironment,
  VectorResetOptions,
  VectorResetResult,
  VectorStepResult,
} from '../../environment/vector-environment.ts';
import type { Connection } from './connection.ts';
import { type ElementCodec, elementCodec } from './element-codec.ts';
import { type Fields, type Frame, KIND, PROTOCOL, malformed } from './frames.ts';
import { readSpace } from './space-description.ts';

/** A picture of an environment, as `render()` of Gymnasium's mode `rgb_array` gives it. */
export interface RenderedFrame {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, red, green and blue of each pixel, row by row from the top left. */
  readonly pixels: Uint8Array;
}

/** What runs on the other side. */
export type Versions = Readonly<Record<string, string>>;

/** The environments of the other side, as they are told when they are made. */
interface Made {
  readonly connection: Connection;
  readonly versions: Versions;
  readonly size: number;
  readonly autoreset: AutoresetMode;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly observationCodec: ElementCodec;
  readonly actionCodec: ElementCodec;
}

/** What the other side is to make, and how to reach it. */
export interface Recipe {
  /** For errors: `gymnasium("CartPole-v1")`. */
  readonly name: string;
  /** Starts the other side. */
  readonly connect: () => Promise<Connection>;
  /** The request to make the environments. */
  readonly make: Fields;
}

async function makeEnvironments({ name, connect, make }: Recipe): Promise<Made> {
  const connection = await connect();
  try {
    const hello = (await connection.request(name, KIND.hello, { protocols: [PROTOCOL] })).fields;
    if (hello.protocol !== PROTOCOL) throw malformed(`version ${PROTOCOL} of the protocol`, describe(hello.protocol));
    const { fields } = await connection.request(name, KIND.make, make);
    const { size, autoreset } = fields;
    if (size !== make.size || autoreset !== make.autoreset) {
      throw malformed(
        `${String(make.size)} environments that reset as ${String(make.autoreset)}`,
        `${describe(size)}, ${describe(autoreset)}`,
      );
    }
    const observations = readSpace(fields.observationSpace);
    const actions = readSpace(fields.actionSpace);
    return {
      connection,
      versions: readVersions(hello.versions),
      size: make.size as number,
      autoreset: make.autoreset as AutoresetMode,
      observationSpace: observations.space,
      actionSpace: actions.space,
      observationCodec: elementCodec(observations.description),
      actionCodec: elementCodec(actions.description),
    };
  } catch (error) {
    connection.end();
    throw error;
  }
}

function readVersions(versions: unknown): Versions {
  const told = Object.entries((versions ?? {}) as object);
  return Object.fromEntries(told.filter(([, version]) => typeof version === 'string'));
}

/** Environments in another process. After a loss of that, `reset` starts it anew. */
export class BridgedVector<Observation, Action> implements VectorEnvironment<Observation, Action> {
  readonly size: number;
  readonly autoreset: AutoresetMode;
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  readonly #recipe: Recipe;
  #made: Made;
  #starts = 0;
  #restarting: Promise<void> | undefined;
  #touched = false;
  /** The last one that was passed. */
  #seed = 0;
  #closing: Promise<void> | undefined;

  private constructor(recipe: Recipe, made: Made) {
    this.#recipe = recipe;
    this.#made = made;
    this.size = made.size;
    this.autoreset = made.autoreset;
    this.observationSpace = made.observationSpace as Space<Observation>;
    this.actionSpace = made.actionSpace as Space<Action>;
  }

  /** Starts the other side and has it make the environments. */
  static async open<Observation, Action>(recipe: Recipe): Promise<BridgedVector<Observation, Action>> {
    return new BridgedVector<Observation, Action>(recipe, await makeEnvironments(recipe));
  }

  /** What runs on the other side. */
  get versions(): Versions {
    return this.#made.versions;
  }

  async reset({ seed, options, mask }: VectorResetOptions = {}): Promise<VectorResetResult<Observation>> {
    const where = `${this.#recipe.name}.reset()`;
    this.#checkOpen(where);
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0 && seed <= this.#lastSeed)) {
      throw this.#refuse(
        'invalid-option',
        `${where}: seed`,
        `a whole number in [0, ${this.#lastSeed}]`,
        describe(seed),
        'Pass one: Gymnasium takes no other.',
      );
    }
    this.#checkMask(mask, where);
    this.#seed = seed ?? this.#seed;
    if (this.#made.connection.lost !== undefined) {
      await (this.#restarting ??= this.#restart(where).finally(() => (this.#restarting = undefined)));
      this.#checkOpen(where);
    }
    const own = seed ?? (this.#touched ? undefined : this.#firstSeed());
    const frame = await this.#made.connection.request(where, KIND.reset, { seed: own, options }, mask);
    this.#touched = true;
    return this.#readReset(frame);
  }

  async step(actions: readonly Action[]): Promise<VectorStepResult<Observation>> {
    const where = `${this.#recipe.name}.step()`;
    this.#checkOpen(where);
    const raw = this.#encodeActions(actions, where);
    return this.#readStep(await this.#made.connection.request(where, KIND.step, undefined, raw));
  }

  /**
   * What the environment shows.
   * @throws DqnError `environment-failed` unless the environments were made to render.
   */
  async frame(index = 0): Promise<RenderedFrame> {
    const where = `${this.#recipe.name}.frame()`;
    this.#checkOpen(where);
    const { fields, raw } = await this.#made.connection.request(where, KIND.render, { index });
    const { width, height } = fields;
    if (typeof width !== 'number' || typeof height !== 'number' || raw.length !== width * height * 3) {
      throw this.#drop(malformed('three bytes a pixel', `${raw.length} bytes for ${describe(width)} × ${describe(height)}`));
    }
    return { width, height, pixels: raw.slice() };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    // Whoever resets is told of its failure.
    await this.#restarting?.catch(() => {});
    const { connection } = this.#made;
    if (connection.lost !== undefined) return;
    try {
      await connection.request(`${this.#recipe.name}.close()`, KIND.close);
    } finally {
      connection.end();
    }
  }

  async #restart(where: string): Promise<void> {
    const made = await makeEnvironments(this.#recipe);
    // Not those of the last start, which may have been refused.
    const { observationSpace, actionSpace } = this;
    this.#made = made;
    this.#starts++;
    this.#touched = false;
    if (deepEqual(made.observationSpace, observationSpace) && deepEqual(made.actionSpace, actionSpace)) return;
    made.connection.end();
    throw this.#refuse('invalid-space', where, 'the spaces of before', 'others', 'Make another environment.');
  }

  /** The largest for which that of the last environment is a safe integer. */
  get #lastSeed(): number {
    return Number.MAX_SAFE_INTEGER - this.size + 1;
  }

  /** Another one after every start, so that an agent does not see the same episodes again. */
  #firstSeed(): number {
    const more = this.#starts * this.size;
    return this.#seed + more <= this.#lastSeed ? this.#seed + more : this.#seed - more;
  }

  #checkMask(mask: Uint8Array | undefined, where: string): void {
    if (mask === undefined) return;
    if (this.autoreset === 'disabled' && mask instanceof Uint8Array && mask.length === this.size && mask.every((one) => one <= 1))
      return;
    const expected =
      this.autoreset === 'disabled' ? `a Uint8Array of ${this.size} zeros and ones` : "no mask, except with autoreset 'disabled'";
    throw this.#refuse(
      'invalid-option',
      `${where}: mask`,
      expected,
      describe(mask),
      'Pass 1 where an environment is to be reset, or no mask.',
    );
  }

  #encodeActions(actions: readonly Action[], where: string): Uint8Array {
    const { actionCodec: codec } = this.#made;
    if (!Array.isArray(actions) || actions.length !== this.size) {
      const remedy = 'Pass one action for each environment.';
      throw this.#refuse('invalid-action', where, `an array of ${this.size} actions`, describe(actions), remedy);
    }
    const raw = new Uint8Array(this.size * codec.size);
    const view = new DataView(raw.buffer);
    for (let i = 0; i < this.size; i++) {
      const reason = explainMismatch(this.actionSpace, actions[i]);
      if (reason !== undefined) {
        const [, expected = 'an action of the space', received = describe(actions[i])] =
          /^expected (.*) but received (.*)$/s.exec(reason) ?? [];
        throw this.#refuse('invalid-action', `${where}, environment ${i}`, expected, received, 'Pass an element of actionSpace.');
      }
      codec.write(actions[i], view, i * codec.size);
    }
    return raw;
  }

  #readReset({ fields, raw }: Frame): VectorResetResult<Observation> {
    const { size } = this;
    const due = size * this.#made.observationCodec.size;
    if (raw.length !== due) throw this.#drop(malformed(`${due} bytes of observations`, `${raw.length}`));
    return this.#orDrop(() => ({
      observations: this.#readObservations(raw, 0, size),
      actionMasks: readMasks(fields.masks, size, this.actionSpace),
      infos: readInfos(fields.infos, size),
    }));
  }

  #readStep({ fields, raw }: Frame): VectorStepResult<Observation> {
    const { size } = this;
    const width = this.#made.observationCodec.size;
    const flags = 8 * size;
    const start = 10 * size;
    if (raw.length < start) throw this.#drop(malformed(`at least ${start} bytes of a step`, `${raw.length}`));
    const terminated = raw.slice(flags, flags + size);
    const truncated = raw.slice(flags + size, start);
    if (terminated.some((flag) => flag > 1) || truncated.some((flag) => flag > 1))
      throw this.#drop(malformed('flags of 0 and 1', 'others'));
    const ended: number[] = [];
    for (let i = 0; i < size; i++) if (terminated[i] + truncated[i] > 0) ended.push(i);
    const sameStep = this.autoreset === 'same-step';
    const lasts = sameStep ? ended.length : 0;
    const due = start + (size + lasts) * width;
    if (raw.length !== due) throw this.#drop(malformed(`${due} bytes of a step with ${ended.length} ends`, `${raw.length}`));
    return this.#orDrop(() => {
      const bytes = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
      const rewards = new Float64Array(size);
      for (let i = 0; i < size; i++) rewards[i] = bytes.getFloat64(8 * i, true);
      const observations = this.#readObservations(raw, start, size);
      const actionMasks = readMasks(fields.masks, size, this.actionSpace);
      const infos = readInfos(fields.infos, size);
      const finalObservations: (Observation | undefined)[] = blank(size);
      const finalInfos: (Info | undefined)[] = blank(size);
      const finalActionMasks: (Uint8Array | undefined)[] = blank(size);
      if (ended.length > 0) {
        const last = sameStep ? this.#readObservations(raw, start + size * width, lasts) : ended.map((i) => observations[i]);
        const lastInfos = sameStep ? readInfos(fields.finalInfos, lasts) : ended.map((i) => infos[i]);
        const lastMasks = sameStep ? readMasks(fields.finalMasks, lasts, this.actionSpace) : ended.map((i) => actionMasks?.[i]);
        ended.forEach((i, k) => {
          finalObservations[i] = last[k];
          finalInfos[i] = lastInfos[k];
          finalActionMasks[i] = lastMasks?.[k];
        });
      }
      const masked = finalActionMasks.some((mask) => mask !== undefined);
      return {
        observations,
        actionMasks,
        infos,
        rewards,
        terminated,
        truncated,
        finalObservations,
        finalActionMasks: masked ? finalActionMasks : undefined,
        finalInfos,
      };
    });
  }

  #readObservations(raw: Uint8Array, offset: number, count: number): Observation[] {
    const { observationCodec: codec } = this.#made;
    const bytes = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const observations: Observation[] = [];
    for (let i = 0; i < count; i++) observations.push(codec.read(bytes, offset + i * codec.size) as Observation);
    return observations;
  }

  /** An answer that makes no sense ends the bridge: whatever comes next cannot be trusted. */
  #drop(error: unknown): unknown {
    this.#made.connection.end();
    return error;
  }

  #orDrop<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#drop(error);
    }
  }

  #checkOpen(where: string): void {
    if (this.#closing === undefined) return;
    throw this.#refuse('disposed', where, 'an open environment', 'one that was closed', 'Make another one.');
  }

  #refuse(code: DqnError['code'], where: string, expected: string, received: string, remedy: string): DqnError {
    return new DqnError({ code, where, expected, received, remedy });
  }
}

function blank<T>(size: number): (T | undefined)[] {
  return Array.from({ length: size }, () => undefined);
}

function readInfos(told: unknown, count: number): Info[] {
  if (told === undefined) return Array.from({ length: count }, () => ({}));
  const sound = (info: unknown) => typeof info === 'object' && !Array.isArray(info);
  if (!Array.isArray(told) || told.length !== count || !told.every(sound)) throw malformed(`${count} infos`, describe(told));
  return told.map((info: Info | null) => info ?? {});
}

function readMasks(told: unknown, count: number, space: Space): (Uint8Array | undefined)[] | undefined {
  if (told === undefined) return undefined;
  const n = (space as { readonly n?: number }).n ?? 0;
  const isBit = (bit: unknown) => bit === 0 || bit === 1;
  const sound = (mask: unknown) => mask === null || (Array.isArray(mask) && mask.length === n && mask.every(isBit));
  if (!Array.isArray(told) || told.length !== count || !told.every(sound)) {
    throw malformed(`${count} action masks of ${n} zeros and ones`, describe(told));
  }
  return told.map((mask: readonly number[] | null) => (mask === null ? undefined : Uint8Array.from(mask)));
}
