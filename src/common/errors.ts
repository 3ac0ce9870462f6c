/**
 * What went wrong, as a stable word to switch on.
 *
 * - `invalid-option`: a hyperparameter or argument outside its range, or parts that do not fit together.
 * - `invalid-space`: a space that cannot be built or used here.
 * - `invalid-observation`, `invalid-action`, `invalid-reward`: a value that does not fit its space, or is NaN or infinite.
 * - `invalid-dataset`: recorded episodes with missing columns, wrong shapes, NaN, actions out of range or unsorted episodes.
 * - `invalid-environment`: an environment that breaks its contract.
 * - `invalid-part`: a part of an agent (a head, rule, explorer, buffer, network or updater) that breaks its contract.
 * - `environment-failed`: an environment threw; the original error is the `cause`.
 * - `not-reset`: `step` before `reset`, or after the end of an episode.
 * - `empty-replay`: sampling more than a replay buffer can give.
 * - `diverged`: a loss or gradient is NaN or infinite; the update was not applied.
 * - `unsupported-platform`: the platform lacks what an engine needs.
 * - `missing-package`: an optional package that was asked for is not installed, or cannot be loaded; the original error is the `cause`.
 * - `out-of-memory`: an engine could not get the memory that was asked for.
 * - `device-lost`: a GPU is lost and none is there in its place; what was learned until it was last copied can still be saved.
 * - `disposed`: use after `dispose()`.
 * - `aborted`: the given signal was aborted; its reason is the `cause`.
 * - `invalid-checkpoint`: damaged, truncated or foreign bytes.
 * - `incompatible-checkpoint`: a sound checkpoint that does not fit here (a newer version, other parts or shapes).
 * - `file-failed`: a file could not be read or written; the original error is the `cause`.
 * - `storage-failed`: a store of checkpoints could not read or write, for want of space for example; the original error is the `cause`.
 * - `worker-failed`: a worker did not start, did not answer or died, or its code threw; the original error, where there is one, is the `cause`.
 * - `callback-failed`: a callback of a run threw, or could not begin or end; the original error is the `cause`.
 * - `not-loaded`: code that is loaded on demand is needed and has not been loaded.
 */
export type ErrorCode =
  | 'invalid-option'
  | 'invalid-space'
  | 'invalid-observation'
  | 'invalid-action'
  | 'invalid-reward'
  | 'invalid-dataset'
  | 'invalid-environment'
  | 'invalid-part'
  | 'environment-failed'
  | 'not-reset'
  | 'empty-replay'
  | 'diverged'
  | 'unsupported-platform'
  | 'missing-package'
  | 'out-of-memory'
  | 'device-lost'
  | 'disposed'
  | 'aborted'
  | 'invalid-checkpoint'
  | 'incompatible-checkpoint'
  | 'file-failed'
  | 'storage-failed'
  | 'worker-failed'
  | 'callback-failed'
  | 'not-loaded';

/** The parts of a {@link DqnError}, from which its message is written. */
export interface DqnErrorDetails {
  /** What went wrong, as a stable word. */
  readonly code: ErrorCode;
  /** Where: the function, option or part, for example `epsilonGreedy(epsilon)`. */
  readonly where: string;
  /** What was expected, as a noun phrase: `a number in [0, 1]`. */
  readonly expected: string;
  /** What came instead, as a noun phrase: `1.5`. */
  readonly received: string;
  /** What to do about it, as one sentence. */
  readonly remedy: string;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/**
 * Every error that the library throws on purpose. The message reads
 * `where: expected … but received …. Remedy.`
 */
export class DqnError extends Error {
  override readonly name = 'DqnError';
  /** What went wrong, as a stable word to switch on. */
  readonly code: ErrorCode;
  /** The function, option or part where it went wrong. */
  readonly where: string;
  /** What was expected. */
  readonly expected: string;
  /** What came instead. */
  readonly received: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(details: DqnErrorDetails) {
    const { code, where, expected, received, remedy, cause } = details;
    super(`${where}: expected ${expected} but received ${received}. ${remedy}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.received = received;
    this.remedy = remedy;
  }
}

/** A short, safe description of any value for an error message: never throws, never longer than 80 characters. */
export function describe(value: unknown): string {
  let text: string;
  try {
    text = phrase(value);
  } catch {
    text = 'a value that cannot be looked at'; // a proxy or getter that throws
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function phrase(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return `a function${value.name ? ` ${value.name}` : ''}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if (ArrayBuffer.isView(value) && 'length' in value) return `${value.constructor.name}(${String(value.length)})`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name === 'string' && name !== 'Object') return `an instance of ${name}`;
  const keys = Object.keys(value);
  return keys.length === 0
    ? 'an empty object'
    : `an object with keys ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', …' : ''}`;
}
