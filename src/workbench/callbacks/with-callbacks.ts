import { DqnError, describe } from '../../common/errors.ts';
import { isPromise, type MaybePromise } from '../../common/maybe-promise.ts';
import type { TrainEvent } from '../../training/events.ts';
import type { TrainingRun } from '../../training/train.ts';
import type { Callback, CallbackRun, Outcome } from './callback.ts';

/**
 * A run with callbacks: each event goes to every callback, in their order, and then to whoever asks for events. The result is a run again, so more
 * callbacks may be put around it.
 *
 * A callback that asks for the end, or throws, ends the run as soon as every event of the step has been told, so that a checkpoint of the run is whole and
 * complete then. One that threw is called no more, the others to the end.
 *
 * @example
 * ```ts
 * import { createAgent, memoryStore, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { keepBest, stopAtReturn, withCallbacks } from '@scope/dqn/workbench';
 *
 * const agent = await createAgent(new CartPole(), { seed: 1 });
 * const run = train(agent, new CartPole(), { steps: 3_000, evaluation: { environment: new CartPole(), period: 500 } });
 * const best = keepBest({ agent, store: memoryStore(), name: 'cart-pole.best' });
 * for await (const event of withCallbacks(run, [best, stopAtReturn({ threshold: 475 })])) {
 *   if (event.kind === 'evaluation') console.log(event.step, event.mean);
 * }
 * ```
 * @throws DqnError `callback-failed` where a callback throws, with its error as the cause: from the events, once those of the step are told. The agent keeps what it
 * has learned. `invalid-option` where callbacks are no list of objects with a name.
 */
export function withCallbacks(run: TrainingRun, callbacks: readonly Callback[]): CallbackRun {
  if (!Array.isArray(callbacks) || !callbacks.every(isCallback)) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'withCallbacks(callbacks)',
      expected: 'a list of callbacks { name, onEvent }',
      received: describe(Array.isArray(callbacks) ? callbacks.find((callback) => !isCallback(callback)) : callbacks),
      remedy: 'Call the functions that make them, keepBest({ … }) for example, and give each of your own a name.',
    });
  }
  const watch = new Watch(run, callbacks);
  const watched = Object.assign(watch.events(), {
    checkpoint: () => run.checkpoint(),
    checkpointParts: () => run.checkpointParts(),
    pending: 0,
    outcome: undefined,
  });
  return Object.defineProperties(watched, {
    pending: { get: () => run.pending },
    outcome: { get: () => watch.outcome },
  });
}

/**
 * Trains to the end of a run, or until a callback asks for it.
 *
 * @returns how it ended.
 * @throws DqnError as the run does, and as {@link withCallbacks}.
 */
export async function runTraining(run: TrainingRun, callbacks: readonly Callback[]): Promise<Outcome> {
  const watched = withCallbacks(run, callbacks);
  while (!(await watched.next()).done);
  // A run that has told its last event without throwing has an outcome.
  return watched.outcome as Outcome;
}

function isCallback(callback: unknown): callback is Callback {
  return typeof callback === 'object' && callback !== null && typeof (callback as { name?: unknown }).name === 'string';
}

/** Hands the events of one run on. */
class Watch {
  readonly #run: TrainingRun;
  readonly #callbacks: readonly Callback[];
  readonly #failed = new Set<Callback>();
  #failure: DqnError | undefined;
  #stop: Outcome | undefined;
  outcome: Outcome | undefined;

  constructor(run: TrainingRun, callbacks: readonly Callback[]) {
    this.#run = run;
    this.#callbacks = callbacks;
  }

  async *events(): AsyncGenerator<TrainEvent, void, void> {
    // What stands if nobody asks for the next event.
    let outcome: Outcome = { kind: 'stopped', by: 'caller', reason: 'no further event was asked for' };
    try {
      for (const callback of this.#callbacks) await this.#call(callback, 'begin', () => callback.begin?.());
      if (!this.#failure) {
        for await (const event of this.#run) {
          for (const callback of this.#callbacks) {
            const answer = this.#call(callback, 'onEvent', () => callback.onEvent?.(event, this.#run));
            const reason = isPromise(answer) ? await answer : answer;
            if (typeof reason === 'string') this.#stop ??= { kind: 'stopped', by: callback.name, reason };
          }
          yield event;
          if ((this.#stop || this.#failure) && this.#run.pending === 0) break;
        }
      }
      outcome = this.#failure ? { kind: 'failed', error: this.#failure } : (this.#stop ?? { kind: 'finished' });
    } catch (error) {
      outcome = { kind: 'failed', error };
      throw error;
    } finally {
      await this.#end(outcome);
    }
    if (this.#failure) throw this.#failure;
  }

  async #end(outcome: Outcome): Promise<void> {
    for (const callback of this.#callbacks) await this.#call(callback, 'end', () => callback.end?.(this.#run, outcome));
    this.outcome = outcome.kind !== 'failed' && this.#failure ? { kind: 'failed', error: this.#failure } : outcome;
    // Whoever asks for no further events would otherwise not learn of it.
    if (outcome.kind === 'stopped' && outcome.by === 'caller' && this.#failure) throw this.#failure;
  }

  /** Calls a method of a callback that has not failed; its end is called even so, for what it holds. */
  #call<T>(callback: Callback, method: 'begin' | 'onEvent' | 'end', call: () => MaybePromise<T>): MaybePromise<T | undefined> {
    if (method !== 'end' && this.#failed.has(callback)) return undefined;
    try {
      const answer = call();
      return isPromise(answer) ? answer.catch((error: unknown) => this.#fail(callback, method, error)) : answer;
    } catch (error) {
      return this.#fail(callback, method, error);
    }
  }

  #fail(callback: Callback, method: string, cause: unknown): undefined {
    this.#failed.add(callback);
    this.#failure ??= new DqnError({
      code: 'callback-failed',
      where: `callback ${describe(callback.name)}: ${method}()`,
      expected: 'to return',
      received: `an error: ${cause instanceof Error ? cause.message : describe(cause)}`,
      remedy:
        'Everything learned so far is kept: mend the callback or leave it out, and train on, or save run.checkpoint() to resume from.',
      cause,
    });
    return undefined;
  }
}
