import { DqnError, describe } from '../../common/errors.ts';
import type { Environment, Info, RenderMode } from '../../environment/environment.ts';
import { explainMismatch, type Space } from '../../environment/spaces.ts';
import type { AutoresetMode, VectorEnvironment, VectorStepResult } from '../../environment/vector-environment.ts';
import { vectorize } from '../../environment/vectorize.ts';
import { type ElementCodec, elementCodec } from './element-codec.ts';
import { type Fields, type Frame, FrameReader, KIND, LIMITS, PROTOCOL, encodeFrame, malformed } from './frames.ts';
import { describeSpace, type SpaceDescription } from './space-description.ts';

/** Builds an environment that the other side asks for. */
export type BuildEnvironment = (id: string, kwargs: Fields) => Promise<() => Environment>;

interface Served {
  readonly vector: VectorEnvironment;
  readonly environments: readonly Environment[];
  readonly observationCodec: ElementCodec;
  readonly actionCodec: ElementCodec;
}

interface Answer {
  readonly fields?: Fields;
  readonly raw?: Uint8Array;
}

/**
 * Serves our environments to the other side of a stream until it ends: the other half of the protocol of docs/gymnasium-bridge.md.
 *
 * @throws DqnError `worker-failed` if what comes is no message, or none that makes sense here; the other side is told so first.
 */
export async function serveEnvironments(
  input: AsyncIterable<Uint8Array>,
  send: (bytes: Uint8Array) => void,
  build: BuildEnvironment,
): Promise<void> {
  const reader = new FrameReader();
  const server = new Server(build);
  try {
    for await (const { buffer, byteOffset, byteLength } of input) {
      for (const frame of reader.push(new Uint8Array(buffer, byteOffset, byteLength))) {
        const { kind, id } = frame;
        try {
          const { fields, raw } = await server.answer(frame);
          send(encodeFrame(kind | KIND.answer, id, fields, raw));
        } catch (error) {
          send(encodeFrame(KIND.error, id, errorFields(error)));
          if (error instanceof Nonsense) throw error.reason;
        }
        if (kind === KIND.close) return;
      }
    }
    if (reader.partial) throw malformed('whole messages', 'the end of the stream within one');
  } finally {
    await server.close();
  }
}

/** A request after which no other can be trusted. */
class Nonsense extends Error {
  readonly reason: DqnError;

  constructor(expected: string, received: string) {
    const reason = malformed(expected, received);
    super(reason.message);
    this.reason = reason;
  }
}

function errorFields(error: unknown): Fields {
  const thrown = error instanceof Nonsense ? error.reason : error;
  if (!(thrown instanceof Error)) return { code: 'environment-failed', type: 'Error', message: describe(thrown), traceback: '' };
  const cause = thrown.cause instanceof Error ? `\ncaused by ${thrown.cause.stack}` : '';
  return {
    code: thrown instanceof DqnError ? thrown.code : 'environment-failed',
    type: thrown.name,
    message: thrown.message.slice(0, 10_000),
    traceback: `${thrown.stack}${cause}`.slice(0, 100_000),
  };
}

class Server {
  readonly #build: BuildEnvironment;
  #greeted = false;
  #served: Served | undefined;

  constructor(build: BuildEnvironment) {
    this.#build = build;
  }

  async answer({ kind, fields, raw }: Frame): Promise<Answer> {
    if (kind === KIND.hello) return this.#hello(fields);
    if (!this.#greeted) throw new Nonsense('a greeting first', `a message of kind ${kind}`);
    if (kind === KIND.make) return this.#make(fields);
    if (kind === KIND.close) {
      await this.close();
      return {};
    }
    if (this.#served === undefined) throw new Nonsense('environments to be made first', `a message of kind ${kind}`);
    if (kind === KIND.reset) return this.#reset(this.#served, fields, raw);
    if (kind === KIND.step) return this.#step(this.#served, raw);
    if (kind === KIND.render) return this.#render(this.#served, fields);
    throw new Nonsense('a request', `a message of kind ${kind}`);
  }

  async close(): Promise<void> {
    const served = this.#served;
    this.#served = undefined;
    await served?.vector.close();
  }

  #hello({ protocols }: Fields): Answer {
    if (!Array.isArray(protocols) || !protocols.includes(PROTOCOL))
      throw new Nonsense(`version ${PROTOCOL} of the protocol`, describe(protocols));
    this.#greeted = true;
    return { fields: { protocol: PROTOCOL, server: 'serve-environment', versions: { node: process.versions.node } } };
  }

  async #make({ id, kwargs, size, autoreset }: Fields): Promise<Answer> {
    if (this.#served !== undefined) throw new Nonsense('to make environments once', 'a second request');
    if (typeof id !== 'string') throw new Nonsense('the id of an environment', describe(id));
    if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > LIMITS.environments) {
      throw new Nonsense(`a size in [1, ${LIMITS.environments}]`, describe(size));
    }
    if (typeof kwargs !== 'object' || kwargs === null || Array.isArray(kwargs))
      throw new Nonsense('kwargs as an object', describe(kwargs));
    const factory = await this.#build(id, kwargs as Fields);
    const environments: Environment[] = [];
    const next = () => {
      const environment = factory();
      environments.push(environment);
      return environment;
    };
    const vector = vectorize(next, size as number, { autoreset: autoreset as AutoresetMode });
    const observationSpace = describeSpace(vector.observationSpace);
    const actionSpace = describeSpace(vector.actionSpace);
    const [observationCodec, actionCodec] = [codecOf(observationSpace), codecOf(actionSpace)];
    this.#served = { vector, environments, observationCodec, actionCodec };
    return { fields: { size, autoreset, observationSpace, actionSpace } };
  }

  async #reset({ vector, observationCodec }: Served, { seed, options }: Fields, raw: Uint8Array): Promise<Answer> {
    if (raw.length > 0 && (raw.length !== vector.size || raw.some((one) => one > 1))) {
      throw new Nonsense(`a mask of ${vector.size} zeros and ones`, `${raw.length} bytes`);
    }
    if (seed !== undefined && seed !== null && !Number.isSafeInteger(seed)) throw new Nonsense('a seed', describe(seed));
    if (options !== undefined && options !== null && (typeof options !== 'object' || Array.isArray(options))) {
      throw new Nonsense('options as an object', describe(options));
    }
    const { observations, infos, actionMasks } = await vector.reset({
      seed: (seed as number | null) ?? undefined,
      options: (options as Fields | null) ?? undefined,
      mask: raw.length > 0 ? raw.slice() : undefined,
    });
    const bytes = new Uint8Array(vector.size * observationCodec.size);
    writeElements(vector.observationSpace, observationCodec, observations, bytes, 0);
    return { fields: { infos: plainInfos(infos), masks: plainMasks(actionMasks) }, raw: bytes };
  }

  async #step({ vector, observationCodec, actionCodec }: Served, raw: Uint8Array): Promise<Answer> {
    const { size, autoreset } = vector;
    if (raw.length !== size * actionCodec.size) {
      throw new Nonsense(`${size} actions of ${actionCodec.size} bytes`, `${raw.length} bytes`);
    }
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const actions = Array.from({ length: size }, (_, i) => actionCodec.read(view, i * actionCodec.size));
    for (const action of actions) check('invalid-action', vector.actionSpace, action);
    const result: VectorStepResult<unknown> = await vector.step(actions);
    const ended = Array.from(result.terminated.keys()).filter((i) => result.terminated[i] + result.truncated[i] > 0);
    const lasts = autoreset === 'same-step' ? ended : [];
    const start = 10 * size;
    const bytes = new Uint8Array(start + (size + lasts.length) * observationCodec.size);
    const rewards = new DataView(bytes.buffer);
    result.rewards.forEach((reward, i) => rewards.setFloat64(8 * i, reward, true));
    bytes.set(result.terminated, 8 * size);
    bytes.set(result.truncated, 9 * size);
    const space = vector.observationSpace;
    const end = writeElements(space, observationCodec, result.observations, bytes, start);
    const finals = lasts.map((i) => result.finalObservations[i]);
    writeElements(space, observationCodec, finals, bytes, end);
    const fields = {
      infos: plainInfos(result.infos),
      masks: plainMasks(result.actionMasks),
      finalInfos: plainInfos(lasts.map((i) => result.finalInfos[i])),
      finalMasks: plainMasks(result.finalActionMasks && lasts.map((i) => result.finalActionMasks?.[i])),
    };
    return { fields, raw: bytes };
  }

  #render({ environments }: Served, { index = 0, mode = 'ansi' }: Fields): Answer {
    const environment = Object.hasOwn(environments, String(index)) ? environments[index as number] : undefined;
    if (environment === undefined || (mode !== 'ansi' && mode !== 'svg')) {
      throw new Nonsense("the index of an environment and the mode 'ansi' or 'svg'", `${describe(index)}, ${describe(mode)}`);
    }
    if (environment.render === undefined) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'render()',
        expected: 'an environment that draws itself',
        received: 'one that does not',
        remedy: 'Give the environment a method render().',
      });
    }
    return { fields: { text: environment.render(mode as RenderMode) } };
  }
}

function codecOf(description: SpaceDescription): ElementCodec {
  const codec = elementCodec(description);
  if (codec.size <= 4 * LIMITS.numbers) return codec;
  throw new DqnError({
    code: 'invalid-space',
    where: 'the bridge',
    expected: `a space of at most ${LIMITS.numbers} numbers`,
    received: `one of ${codec.size} bytes`,
    remedy: 'Give the environment smaller observations.',
  });
}

function check(code: 'invalid-action' | 'invalid-observation', space: Space, element: unknown): void {
  const reason = explainMismatch(space, element);
  if (reason === undefined) return;
  const where = code === 'invalid-action' ? 'step(action)' : 'the observation of the environment';
  const remedy =
    code === 'invalid-action' ? 'Pass an element of the action space.' : 'Mend the environment, or its observationSpace.';
  throw new DqnError({ code, where, expected: `an element of the ${space.kind} space`, received: `none: ${reason}`, remedy });
}

/** @returns where the next one goes. */
function writeElements(space: Space, codec: ElementCodec, elements: readonly unknown[], bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer);
  for (const element of elements) {
    check('invalid-observation', space, element);
    codec.write(element, view, offset);
    offset += codec.size;
  }
  return offset;
}

function plainMasks(masks: readonly (Uint8Array | undefined)[] | undefined): (number[] | null)[] | undefined {
  return masks?.map((mask) => (mask === undefined ? null : Array.from(mask)));
}

function plainInfos(infos: readonly (Info | undefined)[]): unknown[] | undefined {
  if (infos.every((info) => info === undefined || Object.keys(info).length === 0)) return undefined;
  return infos.map((info) => plainInfo(info ?? {}));
}

/** The entries of an info as JSON has them, of a large one the first and how many more there are. */
function plainInfo(info: Info): Fields {
  const entries = Object.entries(info);
  const told = entries.slice(0, PARTS).map(([key, part]) => [key, plain(part, 1)]);
  if (entries.length > PARTS) told.push(['…', `${entries.length - PARTS} more entries`]);
  return Object.fromEntries(told) as Fields;
}

/** How deep infos are told, and how many entries of them and parts of a list. */
const DEPTH = 8;
const PARTS = 1_000;

/** A value of an info as JSON has it; what is large, deep or of another kind becomes a short text. */
function plain(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.slice(0, 10_000);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || depth >= DEPTH) return describe(value);
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) {
    const list = value as ArrayLike<unknown>;
    return list.length > PARTS ? describe(value) : Array.from(list, (part) => plain(part, depth + 1));
  }
  const entries = Object.entries(value);
  return entries.length > PARTS ? describe(value) : Object.fromEntries(entries.map(([key, part]) => [key, plain(part, depth + 1)]));
}
