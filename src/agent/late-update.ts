import { isPromise, type MaybePromise } from '../common/maybe-promise.ts';
import { damagedState, readArray, readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { DeviceReport } from '../networks/device-update.ts';

/** The numbers of an update that have come back from its device. */
interface LateReport extends DeviceReport {
  /** `[B]`: its transitions. */
  readonly ids: Float64Array;
}

/**
 * The last update of an agent whose engine runs whole updates on its device. Its numbers come back while the agent goes on, and count when the next update begins, never
 * before, however soon they are there: so the same run repeats exactly, whether or not it was saved in between.
 */
export class LateUpdate {
  #report: LateReport | undefined;
  #last: LateReport | undefined;
  #arrive: (() => MaybePromise<void>) | undefined;
  #failure: unknown;

  /**
   * Waits for an update of these transitions.
   * @param read - gives its numbers, with a TD error for every transition; is called once.
   */
  expect(transitions: Float64Array, read: () => MaybePromise<DeviceReport>): void {
    const ids = transitions.slice();
    let arriving: Promise<void> | undefined;
    const settle = (report: DeviceReport | undefined, failure?: unknown): void => {
      this.#report = report && { ...report, ids };
      this.#failure = failure;
      this.#arrive = undefined;
    };
    this.#arrive = () => {
      if (arriving) return arriving;
      const reading = read();
      if (!isPromise(reading)) return settle(reading);
      arriving = reading.then(settle, (failure: unknown) => settle(undefined, failure));
      return arriving;
    };
  }

  /** Lets the numbers arrive, if any are on their way, or the failure that comes in their place. */
  arrive(): MaybePromise<void> {
    return this.#arrive?.();
  }

  /** Why the numbers of the last update have not come, once. */
  takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** The numbers of the last update that counts; before any does, those that have arrived. */
  get last(): LateReport | undefined {
    return this.#last ?? this.#report;
  }

  /** Makes the numbers count that have arrived, and gives them, once. Those of an update that changed nothing are given alone. */
  take(): LateReport | undefined {
    const report = this.#report;
    this.#report = undefined;
    if (report?.applied) this.#last = report;
    return report;
  }

  /** The numbers that have arrived and do not count yet. */
  getState(): State {
    return this.#report ? { ...this.#report } : null;
  }

  /** @throws DqnError `invalid-checkpoint`; nothing is changed then. */
  setState(where: string, state: unknown): void {
    this.#report = state === null || state === undefined ? undefined : readReport(where, state);
    this.#last = undefined;
    this.#arrive = undefined;
    this.#failure = undefined;
  }
}

function readReport(where: string, state: unknown): LateReport {
  const fields = readFields(where, state);
  const { ids, applied } = fields;
  if (!(ids instanceof Float64Array)) throw damagedState(`${where}.ids`, 'Float64Array', ids);
  if (typeof applied !== 'boolean') throw damagedState(`${where}.applied`, 'true or false', applied);
  const number = (key: string): number => {
    const value = fields[key];
    if (typeof value !== 'number') throw damagedState(`${where}.${key}`, 'a number', value);
    return value;
  };
  return {
    ids,
    applied,
    loss: number('loss'),
    meanQ: number('meanQ'),
    // Not told by releases that did not report it yet.
    maxQ: fields.maxQ === undefined ? NaN : number('maxQ'),
    meanTdError: number('meanTdError'),
    gradientNorm: number('gradientNorm'),
    tdErrors: readArray(where, fields, 'tdErrors', Float32Array, ids.length),
  };
}
