import type { Worker } from 'node:worker_threads';
import { DqnError } from '../../common/errors.ts';
import { notCloneable } from '../../remote/not-cloneable.ts';
import { fromWire } from '../../remote/wire-error.ts';
import { onWorkerDeath } from '../on-worker-death.ts';
import type { ActorMake, FromActor, ToActor } from './messages.ts';

/** What a seat tells. */
export interface SeatListener {
  made(make: ActorMake): void;
  steps(): void;
  /** The worker has died or failed; the seat is empty. */
  died(error: DqnError): void;
}

/** A worker that acts, as the learner sees it. */
export class Seat {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #exited: Promise<void>;
  #listener: SeatListener | undefined;

  /** @param name - for errors: `actor 0 of 2`. */
  constructor(worker: Worker, name: string, listener: SeatListener) {
    this.#worker = worker;
    this.#name = name;
    this.#listener = listener;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (message: FromActor) => this.#take(message));
    onWorkerDeath(worker, (received, cause) => this.die(received, cause));
  }

  /** @throws DqnError `invalid-option` if a configuration cannot be copied. */
  send(message: ToActor): void {
    try {
      this.#worker.postMessage(message, []);
    } catch (cause) {
      throw notCloneable('startActors(config)', cause);
    }
  }

  /** Ends the worker at once, and tells why. */
  die(received: string, cause?: unknown): void {
    const listener = this.#listener;
    if (!listener) return;
    this.leave();
    void this.#worker.terminate();
    listener.died(
      new DqnError({
        code: 'worker-failed',
        where: this.#name,
        expected: 'a worker that acts',
        received,
        remedy: 'In a run that has begun another one takes its place. See the cause, or what the worker printed.',
        cause,
      }),
    );
  }

  /** Tells nothing any more. */
  leave(): void {
    this.#listener = undefined;
  }

  /** Waits until the worker has exited, but not longer than so many milliseconds; then it is ended. */
  async exit(timeout: number): Promise<void> {
    this.leave();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeout)));
    await Promise.race([this.#exited, late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #take(message: FromActor): void {
    switch (message.kind) {
      case 'made':
        return this.#listener?.made(message);
      case 'steps':
        return this.#listener?.steps();
      case 'failed': {
        const cause = fromWire(message.error);
        return this.die(`an error that it threw: ${cause.message}`, cause);
      }
    }
  }
}
