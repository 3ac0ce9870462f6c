import type { Histogram } from './histogram.ts';
import type { Logger } from './logger.ts';

/** A number at a step of training. */
export interface LoggedScalar {
  readonly step: number;
  readonly value: number;
}

/** Keeps what is logged, to draw it or to look at it. */
export interface MemoryLogger extends Logger {
  /** By name, in the order in which they came. */
  readonly series: ReadonlyMap<string, readonly LoggedScalar[]>;
  /** By name, in the order in which they came. */
  readonly histograms: ReadonlyMap<string, readonly { readonly step: number; readonly histogram: Histogram }[]>;
  /** The last of each name. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Keeps what is logged in memory. */
export function memoryLogger(): MemoryLogger {
  const series = new Map<string, LoggedScalar[]>();
  const histograms = new Map<string, { step: number; histogram: Histogram }[]>();
  const texts = new Map<string, string>();
  return {
    series,
    histograms,
    texts,
    scalars(step, values) {
      for (const [name, value] of Object.entries(values)) append(series, name, { step, value });
    },
    histogram: (step, name, histogram) => append(histograms, name, { step, histogram }),
    text: (_step, name, text) => void texts.set(name, text),
  };
}

function append<T>(lists: Map<string, T[]>, name: string, entry: T): void {
  const list = lists.get(name);
  if (list) list.push(entry);
  else lists.set(name, [entry]);
}
