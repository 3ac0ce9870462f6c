import { DqnError, type ErrorCode, describe } from '../../common/errors.ts';
import { type Fields, type Frame, FrameReader, KIND, encodeFrame, malformed } from './frames.ts';

/** The way to the other side, a child process say. */
export interface Channel {
  /** Who is there, for errors: `the Python process 4711`. */
  readonly name: string;
  send(bytes: Uint8Array): void;
  /** Where what comes goes, and the reason why no more will come. */
  listen(onBytes: (chunk: Uint8Array) => void, onEnd: (reason: string) => void): void;
  /** Whether somebody waits for an answer: only then does the channel keep the process alive. */
  hold(waiting: boolean): void;
  /** Closes the channel, and ends the other side if it has not ended after `patience` milliseconds. */
  kill(patience: number): void;
}

/** A warning from the other side, of Python's `warnings` say. */
export interface RemoteWarning {
  /** Its class, such as `UserWarning`. */
  readonly type: string;
  readonly message: string;
  /** The file and the line. */
  readonly where: string;
}

interface Pending {
  readonly kind: number;
  readonly what: string;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: DqnError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** How long the other side may take to end by itself, in milliseconds. */
const PATIENCE = 2_000;

/** Remedies by the codes that the other side may use; any other code counts as `environment-failed`. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  'environment-failed': "The cause has Python's traceback; reset() makes the environment usable again.",
  'invalid-option': 'Correct the option.',
  'invalid-space': 'Wrap the environment so that its spaces are of these kinds.',
  'invalid-observation': 'Mend the environment, or its spaces.',
  'invalid-action': 'Pass an element of the action space.',
  'not-reset': 'Call reset() first.',
  'missing-package': 'Install what is missing, or pass the path of another Python as the option python.',
  'worker-failed': 'See that both sides are of the same version of @scope/dqn.',
};

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : describe(value);
}

/** What the other side reports, with its own error, traceback included, as the cause. */
function remoteError(fields: Fields, what: string): DqnError {
  const [type, message] = [text(fields, 'type'), text(fields, 'message')];
  const cause = new Error(message);
  cause.name = type;
  cause.stack = text(fields, 'traceback');
  const code = Object.hasOwn(REMEDIES, String(fields.code)) ? (fields.code as ErrorCode) : 'environment-failed';
  const where = typeof fields.environment === 'number' ? `${what}, environment ${fields.environment}` : what;
  const received = type === 'Refusal' ? message : `${type}: ${message}`;
  return new DqnError({ code, where, expected: 'an answer', received, remedy: REMEDIES[code] ?? '', cause });
}

/** Requests to the other side of a channel and their answers, in order. */
export class Connection {
  readonly #channel: Channel;
  readonly #timeout: number;
  readonly #warn: (warning: RemoteWarning) => void;
  readonly #reader = new FrameReader();
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #lost: DqnError | undefined;

  /** @param timeout - milliseconds within which an answer must come. */
  constructor(channel: Channel, timeout: number, warn: (warning: RemoteWarning) => void) {
    this.#channel = channel;
    this.#timeout = timeout;
    this.#warn = warn;
    channel.listen(
      (chunk) => this.#receive(chunk),
      (reason) => this.#lose(this.#failure('it to stay', reason, 'reset() starts another.')),
    );
  }

  /** Why there is no other side any more. */
  get lost(): DqnError | undefined {
    return this.#lost;
  }

  /**
   * The answer to a request.
   * @param what - what is asked for, for errors.
   * @throws DqnError what the other side reports; `worker-failed` if it does not answer in time, answers nonsense or is gone.
   */
  async request(what: string, kind: number, fields?: Fields, raw?: Uint8Array): Promise<Frame> {
    if (this.#lost !== undefined) throw this.#lost;
    const id = this.#next;
    this.#next = (id + 1) >>> 0;
    const bytes = encodeFrame(kind, id, fields, raw);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(what), this.#timeout);
      this.#pending.set(id, { kind, what, resolve, reject, timer });
      if (this.#pending.size === 1) this.#channel.hold(true);
      this.#channel.send(bytes);
    });
  }

  /** Ends the other side, which gets some time to do so itself. */
  end(): void {
    this.#lose(this.#failure('an open bridge', 'one that was closed', 'reset() starts another.'), PATIENCE);
  }

  #giveUp(what: string): void {
    const remedy = 'It was ended; reset() starts another. Raise answerTimeout if it needs more time.';
    this.#lose(this.#failure(`an answer to ${what} within ${this.#timeout} ms`, 'none', remedy));
  }

  #failure(expected: string, received: string, remedy: string): DqnError {
    return new DqnError({ code: 'worker-failed', where: this.#channel.name, expected, received, remedy });
  }

  #lose(error: DqnError, patience = 0): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#channel.kill(patience);
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    this.#channel.hold(false);
    for (const { reject, timer } of waiting) {
      clearTimeout(timer);
      reject(error);
    }
  }

  #receive(chunk: Uint8Array): void {
    if (this.#lost !== undefined) return;
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#lose(error instanceof DqnError ? error : malformed('a message', describe(error), error));
    }
  }

  #take(frame: Frame): void {
    const { kind, id, fields } = frame;
    if (kind === KIND.note) {
      this.#warn({ type: text(fields, 'type'), message: text(fields, 'message'), where: text(fields, 'where') });
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined || (kind !== KIND.error && kind !== (pending.kind | KIND.answer))) {
      throw malformed('an answer to what was asked', `a message of kind ${kind} with the id ${id}`);
    }
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#channel.hold(false);
    if (kind === KIND.error) pending.reject(remoteError(fields, pending.what));
    else pending.resolve(frame);
  }
}
