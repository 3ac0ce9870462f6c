import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Environment } from '../../environment/environment.ts';
import { isBox, type Space } from '../../environment/spaces.ts';
import type { AutoresetMode, VectorEnvironment } from '../../environment/vector-environment.ts';
import { BridgedEnvironment } from './bridged-environment.ts';
import { BridgedVector, type RenderedFrame, type Versions } from './bridged-vector.ts';
import { Connection, type RemoteWarning } from './connection.ts';
import { LIMITS } from './frames.ts';
import { startProcess } from './python-process.ts';

/** The elements of spaces by the names that the options `observation` and `action` take. */
export interface ElementTypes {
  /** Any space; what comes must be looked at. */
  any: unknown;
  /** A box of any dtype but uint8. */
  float32: Float32Array;
  /** A box of bytes, such as pixels. */
  uint8: Uint8Array;
  discrete: number;
  multiDiscrete: Int32Array;
  multiBinary: Uint8Array;
  dict: Readonly<Record<string, unknown>>;
  tuple: readonly unknown[];
}

/** What {@link gymnasium} may be told. */
export interface GymnasiumOptions<O extends keyof ElementTypes = 'any', A extends keyof ElementTypes = 'discrete'> {
  /** The program that runs Python 3.9 or newer with gymnasium. Default `python3`, on Windows `python`. */
  readonly python?: string;
  /** Arguments of `gymnasium.make`: whatever JSON can hold. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** Whether `frame()` is to give pictures. Default false. */
  readonly render?: boolean;
  /** What observations are to be, for their type and as a check. Default `any`. */
  readonly observation?: O;
  /** What actions are to be. Default `discrete`. */
  readonly action?: A;
  /** Milliseconds within which every call must be answered, the start of Python included. Default 60,000. */
  readonly answerTimeout?: number;
  /** Gets Python's warnings. Default: `process.emitWarning`. */
  readonly onWarning?: (warning: RemoteWarning) => void;
}

/** What {@link gymnasium} may be told of several environments. */
export interface GymnasiumVectorOptions<
  O extends keyof ElementTypes = 'any',
  A extends keyof ElementTypes = 'discrete',
> extends GymnasiumOptions<O, A> {
  /** How many, up to 4,096. */
  readonly vector: number;
  /** Default `same-step`, which is what `train` needs. */
  readonly autoreset?: AutoresetMode;
  /**
   * How they are stepped: `each`, one after the other in one process (the default); `async`, by Gymnasium's AsyncVectorEnv, each in a process of its own, for
   * environments that take milliseconds; `native`, by the vector environment that the id brings along, such as `ALE/Pong-v5`.
   */
  readonly vectorization?: 'each' | 'async' | 'native';
}

/** An environment of Gymnasium. */
export interface GymnasiumEnvironment<Observation = unknown, Action = number> extends Environment<Observation, Action> {
  /** Of `python`, `gymnasium` and `numpy`. */
  readonly versions: Versions;
  /** What the environment shows; it must be made with `render: true`. */
  frame(): Promise<RenderedFrame>;
  /** Ends Python. Without it, Python ends with this process. */
  close(): Promise<void>;
}

/** Several environments of Gymnasium. */
export interface GymnasiumVector<Observation = unknown, Action = number> extends VectorEnvironment<Observation, Action> {
  /** Of `python`, `gymnasium` and `numpy`. */
  readonly versions: Versions;
  /** What one of the environments shows; they must be made with `render: true`. */
  frame(index?: number): Promise<RenderedFrame>;
  /** Ends Python. Without it, Python ends with this process. */
  close(): Promise<void>;
}

const KINDS: Readonly<Record<keyof ElementTypes, true>> = {
  any: true,
  float32: true,
  uint8: true,
  discrete: true,
  multiDiscrete: true,
  multiBinary: true,
  dict: true,
  tuple: true,
};

/**
 * Starts Python and makes an environment of Gymnasium there, or with `vector` several. It answers with promises, as an {@link Environment} may, so that `train`
 * and `evaluate` take it as it is. Where Python dies or hangs, calls are rejected with `worker-failed`, and the next `reset()` starts it anew.
 *
 * @example
 * ```ts no-run
 * import { createAgent, train } from '@scope/dqn';
 * import { gymnasium } from '@scope/dqn/node';
 *
 * const environment = await gymnasium('CartPole-v1', { vector: 16, observation: 'float32' });
 * const agent = await createAgent(environment, { seed: 1 });
 * for await (const event of train(agent, environment, { steps: 50_000 })) if (event.kind === 'episode') console.log(event.return);
 * ```
 * @param id - as `gymnasium.make` takes it, `module:id` included, which imports the module first.
 * @throws DqnError `missing-package` without Python, gymnasium or what the id needs; `invalid-option` for an unknown id or an option out of range;
 * `invalid-space` for spaces without a counterpart here, or others than `observation` and `action` say; `environment-failed` with Python's traceback as the
 * cause if the environment cannot be made; `worker-failed` if Python does not answer.
 */
export function gymnasium<O extends keyof ElementTypes = 'any', A extends keyof ElementTypes = 'discrete'>(
  id: string,
  options: GymnasiumVectorOptions<O, A>,
): Promise<GymnasiumVector<ElementTypes[O], ElementTypes[A]>>;
export function gymnasium<O extends keyof ElementTypes = 'any', A extends keyof ElementTypes = 'discrete'>(
  id: string,
  options?: GymnasiumOptions<O, A> & { readonly vector?: undefined },
): Promise<GymnasiumEnvironment<ElementTypes[O], ElementTypes[A]>>;
export async function gymnasium(
  id: string,
  options: GymnasiumOptions<keyof ElementTypes, keyof ElementTypes> & Partial<GymnasiumVectorOptions> = {},
): Promise<GymnasiumEnvironment<unknown, unknown> | GymnasiumVector<unknown, unknown>> {
  checkNames('gymnasium(options)', options, {
    vector: true,
    autoreset: true,
    vectorization: true,
    python: true,
    kwargs: true,
    render: true,
    observation: true,
    action: true,
    answerTimeout: true,
    onWarning: true,
  });
  const {
    vector: size,
    autoreset,
    vectorization = 'each',
    kwargs = {},
    render = false,
    observation = 'any',
    action = 'discrete',
  } = options;
  if (typeof id !== 'string' || id === '') throw invalid('id', 'the id of an environment', id);
  if (size !== undefined) checkInteger('gymnasium({ vector })', size, { min: 1, max: LIMITS.environments });
  if (autoreset !== undefined) {
    if (size === undefined) throw invalid('{ autoreset }', 'none without vector', autoreset);
    if (!['same-step', 'next-step', 'disabled'].includes(autoreset))
      throw invalid('{ autoreset }', "'same-step', 'next-step' or 'disabled'", autoreset);
  }
  if (!['each', 'async', 'native'].includes(vectorization) || (size === undefined && vectorization !== 'each')) {
    throw invalid('{ vectorization }', "'each', 'async' or 'native', the last two with vector alone", vectorization);
  }
  for (const kind of [observation, action]) {
    if (!Object.hasOwn(KINDS, kind)) throw invalid('{ observation, action }', Object.keys(KINDS).join(', '), kind);
  }
  if (typeof kwargs !== 'object' || kwargs === null || Array.isArray(kwargs)) throw invalid('{ kwargs }', 'an object', kwargs);
  const timeout = checkInteger('gymnasium({ answerTimeout })', options.answerTimeout ?? 60_000, { min: 1, max: 2 ** 31 - 1 });
  const python = options.python ?? (process.platform === 'win32' ? 'python' : 'python3');
  const name = `gymnasium(${describe(id)})`;
  const made = await BridgedVector.open<unknown, unknown>({
    name,
    connect: async () => new Connection(await startProcess(python, ['-u', serverPath()]), timeout, options.onWarning ?? emit),
    make: {
      id,
      size: size ?? 1,
      autoreset: size === undefined ? 'disabled' : (autoreset ?? 'same-step'),
      vectorization,
      render,
      kwargs,
    },
  });
  try {
    checkKind(`${name}.observationSpace`, made.observationSpace, observation, 'observation');
    checkKind(`${name}.actionSpace`, made.actionSpace, action, 'action');
  } catch (error) {
    await made.close();
    throw error;
  }
  return size === undefined ? new BridgedEnvironment(made) : made;
}

/** The server's file beside this one, in the sources as in the package. */
function serverPath(): string {
  const path = fileURLToPath(new URL('./python/dqn_gymnasium.py', import.meta.url));
  if (existsSync(path)) return path;
  throw new DqnError({
    code: 'file-failed',
    where: 'gymnasium()',
    expected: `the server's file at ${path}`,
    received: 'none',
    remedy: 'Leave @scope/dqn out of the bundle of your application, or put its dist/python beside the bundle.',
  });
}

function checkKind(where: string, space: Space, expected: keyof ElementTypes, option: string): void {
  const kind = isBox(space) ? space.dtype : space.kind;
  if (expected === 'any' || kind === expected) return;
  throw new DqnError({
    code: 'invalid-space',
    where,
    expected: `a space of ${expected}`,
    received: `one of ${kind}`,
    remedy: `Pass ${option}: '${kind}', or wrap the environment in Python.`,
  });
}

function emit({ type, message, where }: RemoteWarning): void {
  process.emitWarning(message, { type, detail: where });
}

function invalid(what: string, expected: string, received: unknown): DqnError {
  const remedy = `Pass ${expected}.`;
  return new DqnError({ code: 'invalid-option', where: `gymnasium(${what})`, expected, received: describe(received), remedy });
}
