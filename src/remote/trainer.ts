import { checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { notCloneable } from './not-cloneable.ts';
import type { WorkerPort } from './port.ts';
import {
  eventFromWire,
  open,
  PROTOCOL,
  seal,
  type Answers,
  type AnyAnswer,
  type Command,
  type FinalState,
  type FromWorker,
} from './protocol.ts';
import type { TrainerEvent, TrainerStatus } from './trainer-events.ts';
import { fromWire } from './wire-error.ts';

/** How to train in a worker. */
export interface TrainerOptions {
  /** The bytes of a checkpoint to go on from, as `checkpoint()` gave them. Default: the latest in the worker's store, where it has one. */
  readonly resume?: Uint8Array | undefined;
  /** Milliseconds between two `progress` events, at least 0. Default 50. */
  readonly progressPeriod?: number;
  /** Milliseconds within which the worker must answer a call, and first of all show that it is there. Default 30,000. */
  readonly answerTimeout?: number;
}

/**
 * Training in a worker, from the thread that started it. Calls are carried out in their order, each between two events of the run, when the agent's state is whole; they
 * all wait until the agent is made, and are rejected with the reason where it cannot be.
 *
 * What goes wrong in the worker comes as the `DqnError` that was thrown there. After an error in the run, `policy()`, `checkpoint()` and `stop()` still give what was
 * learned. Where the worker itself dies, every call is rejected with `worker-failed`.
 */
export interface Trainer {
  /** Where it stands. */
  readonly status: TrainerStatus;
  /** Environment steps of the agent, as told last. */
  readonly step: number;
  /** Fulfilled when all steps are taken or the trainer is stopped; rejected with what ends it otherwise. */
  readonly finished: Promise<void>;
  /** Calls the listener with every event from now on. @returns what ends that. */
  listen(listener: (event: TrainerEvent) => void): () => void;
  /**
   * Starts; fulfilled when the first step is taken.
   * @throws DqnError `incompatible-checkpoint` or `invalid-checkpoint` if what it is to go on from does not fit, `environment-failed`.
   */
  start(): Promise<void>;
  /** Waits at the next event. */
  pause(): Promise<void>;
  /** Goes on after a pause. */
  resume(): Promise<void>;
  /** The network as it is now, for `loadPolicy`: so that this thread can act with it. */
  policy(): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole run as it is now, to go on from. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the run in good order, and the worker. @returns what was learned. */
  stop(): Promise<FinalState>;
  /** Ends the worker at once; calls that wait are rejected with `aborted`. What was not kept is lost. */
  terminate(): void;
}

/** A call that waits for its answer. */
interface Waiting {
  settle(answer: AnyAnswer): void;
  refuse(error: Error): void;
}

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** What the wait for the worker's greeting goes by, beside the numbers of commands. */
const GREETING = -1;

/** What to do where an answer is late. */
const BUSY = 'The worker is still busy with one step: ask again later, or end it with terminate().';

const over: readonly TrainerStatus[] = ['stopped', 'lost'];

/** The page's half of training in a worker. */
class RemoteTrainer implements Trainer {
  readonly finished: Promise<void>;
  readonly #port: WorkerPort;
  readonly #answerTimeout: number;
  readonly #listeners = new Set<(event: TrainerEvent) => void>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #made: Promise<void>;
  #commands = 0;
  #status: TrainerStatus = 'preparing';
  #step = 0;
  #stopping: Promise<FinalState> | undefined;
  /** Why no call is possible any more. */
  #end: DqnError | undefined;
  #finish!: { resolve: () => void; reject: (error: DqnError) => void };

  constructor(port: WorkerPort, config: unknown, { resume, progressPeriod = 50, answerTimeout = 30_000 }: TrainerOptions) {
    this.#port = port;
    this.#answerTimeout = answerTimeout;
    this.finished = new Promise((resolve, reject) => (this.#finish = { resolve, reject }));
    // Who does not ask is told by the status.
    this.finished.catch(() => {});
    port.receive((envelope) => {
      const message = open<FromWorker>(envelope);
      if (message) this.#hear(message);
    });
    port.onDeath((received, cause) => this.#die(received, cause));
    this.#made = this.#make({ kind: 'create', config, resume, progressPeriod });
    this.#made.catch(() => {});
  }

  get status(): TrainerStatus {
    return this.#status;
  }

  get step(): number {
    return this.#step;
  }

  listen(listener: (event: TrainerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    return this.#call('Trainer.start()', 'go');
  }

  pause(): Promise<void> {
    return this.#call('Trainer.pause()', 'pause');
  }

  resume(): Promise<void> {
    return this.#call('Trainer.resume()', 'go');
  }

  policy(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('Trainer.policy()', 'policy');
  }

  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('Trainer.checkpoint()', 'checkpoint');
  }

  async stop(): Promise<FinalState> {
    await this.#made;
    // The worker is asked once, though its answer may be waited for again; however late that is, it ends the worker.
    this.#stopping ??= this.#stop();
    return this.#within(this.#answerTimeout, this.#stopping, 'Trainer.stop()', BUSY);
  }

  terminate(): void {
    if (!over.includes(this.#status)) this.#close('stopped', stopped());
  }

  /** Waits for the worker, then lets it make its agent. */
  async #make(create: CommandOf<'create'>): Promise<void> {
    const where = 'trainInWorker(worker)';
    const here = new Promise<AnyAnswer>((settle, refuse) => this.#waiting.set(GREETING, { settle, refuse }));
    const remedy = 'Check that the worker is a module (type: "module") whose code calls serveTraining().';
    // Where the worker was there first: it has said so before anyone listened.
    this.#port.send(seal({ kind: 'knock' }), []);
    try {
      await this.#within(this.#answerTimeout, here, where, remedy);
      await this.#ask(create);
    } catch (error) {
      // There is nothing in such a worker to come back for.
      if (!this.#end) this.#close('failed', error as DqnError);
      throw error;
    }
  }

  async #stop(): Promise<FinalState> {
    try {
      const final = await this.#ask<'stop'>({ kind: 'stop' });
      this.#close('stopped', stopped());
      return final;
    } finally {
      this.#stopping = undefined;
    }
  }

  async #call<K extends Exclude<Command['kind'], 'create' | 'stop'>>(where: string, kind: K): Promise<Answers[K]> {
    await this.#made;
    return this.#within(this.#answerTimeout, this.#ask<K>({ kind } as CommandOf<K>), where, BUSY);
  }

  #ask<K extends Command['kind']>(command: CommandOf<K>): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end;
      const id = this.#commands++;
      try {
        this.#port.send(seal({ kind: 'command', id, command }), []);
      } catch (cause) {
        throw notCloneable('trainInWorker(config)', cause);
      }
      this.#waiting.set(id, { settle: (answer) => resolve(answer as Answers[K]), refuse: reject });
    });
  }

  /** The answer, if it comes in time. */
  async #within<T>(milliseconds: number, answer: Promise<T>, where: string, remedy: string): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const expected = `an answer from the worker within ${milliseconds} ms`;
        reject(new DqnError({ code: 'worker-failed', where, expected, received: 'none', remedy }));
      }, milliseconds);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'here':
        if (message.protocol === PROTOCOL) this.#take(GREETING)?.settle(undefined);
        else this.#die(`one that speaks version ${message.protocol} of the protocol, not ${PROTOCOL}`);
        return;
      case 'answer':
        this.#take(message.id)?.settle(message.value);
        return;
      case 'refusal':
        this.#take(message.id)?.refuse(fromWire(message.error));
        return;
      case 'event':
        this.#tell(eventFromWire(message.event));
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #tell(event: TrainerEvent): void {
    if (over.includes(this.#status)) return;
    this.#step = event.step;
    if (event.kind === 'status') {
      const { status, error } = event;
      this.#status = status;
      if (status === 'finished' || status === 'stopped') this.#finish.resolve();
      else if (error) this.#finish.reject(error);
    }
    for (const listener of this.#listeners) listener(event);
  }

  #die(received: string, cause?: unknown): void {
    if (this.#end) return;
    this.#close(
      'lost',
      new DqnError({
        code: 'worker-failed',
        where: 'trainInWorker(worker)',
        expected: 'a living worker',
        received,
        remedy: 'Start another worker, and go on from the latest checkpoint that was kept.',
        cause,
      }),
    );
  }

  #close(status: 'stopped' | 'failed' | 'lost', error: DqnError): void {
    this.#end = error;
    this.#port.terminate();
    for (const { refuse } of this.#waiting.values()) refuse(error);
    this.#waiting.clear();
    if (this.#status !== status)
      this.#tell({ kind: 'status', status, step: this.#step, error: status === 'stopped' ? undefined : error });
  }
}

function stopped(): DqnError {
  return new DqnError({
    code: 'aborted',
    where: 'Trainer',
    expected: 'a trainer in use',
    received: 'one that was stopped',
    remedy: 'Start another with trainInWorker(), and let it go on from a checkpoint.',
  });
}

/** Trains through a port to a worker that serves training. @throws DqnError `invalid-option`. */
export function connect(port: WorkerPort, config: unknown, options: TrainerOptions): Trainer {
  checkNames('trainInWorker(options)', options, { resume: true, progressPeriod: true, answerTimeout: true });
  checkNumber('trainInWorker({ progressPeriod })', options.progressPeriod ?? 0, { min: 0 });
  checkNumber('trainInWorker({ answerTimeout })', options.answerTimeout ?? 1, { min: 1, max: 2 ** 31 - 1 });
  return new RemoteTrainer(port, config, options);
}
