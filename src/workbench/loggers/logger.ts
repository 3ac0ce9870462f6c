import type { MaybePromise } from '../../common/maybe-promise.ts';
import type { Histogram } from './histogram.ts';

/** Takes down what is measured. What a logger cannot show it leaves out. */
export interface Logger {
  /** Numbers at a step of training, by name: `update/loss`. */
  scalars(step: number, values: Readonly<Record<string, number>>): MaybePromise<void>;
  /** How values were distributed at a step. */
  histogram?(step: number, name: string, histogram: Histogram): MaybePromise<void>;
  /** Words: hyperparameters, for example. */
  text?(step: number, name: string, text: string): MaybePromise<void>;
  /** A picture, as the bytes of a PNG file. */
  image?(step: number, name: string, png: Uint8Array): MaybePromise<void>;
  /** Called once, after the last: all must be where it belongs when it is done. */
  close?(): MaybePromise<void>;
}

/** Where a logger writes to: a file (`openLogFile` of `@scope/dqn/node`), or a place of your own. What it has been given stands in the order of the calls. */
export interface Sink<Content extends string | Uint8Array> {
  /** Whether nothing is there yet, from earlier runs either. */
  readonly empty: boolean;
  /** Appends. */
  write(content: Content): MaybePromise<void>;
  /** Called once, after the last `write`. */
  close?(): MaybePromise<void>;
}
