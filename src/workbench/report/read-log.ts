import { DqnError, describe } from '../../common/errors.ts';
import type { LoggedScalar } from '../loggers/memory-logger.ts';

/** What the log of a run holds. */
export interface LoggedRun {
  /** Numbers by name, each in the order in which they came. */
  readonly series: ReadonlyMap<string, readonly LoggedScalar[]>;
  /** The last text of each name. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads what `jsonLinesLogger` wrote. Numbers that JSON has no word for come back as NaN. A last line that a crash cut off is left out.
 * @throws DqnError `invalid-option` at the first other line that is none of its.
 */
export function readLog(text: string): LoggedRun {
  const series = new Map<string, LoggedScalar[]>();
  const texts = new Map<string, string>();
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const entry = parse(line);
    if (entry === undefined && i === lines.length - 1) continue;
    const { step, scalars, name, text: words } = entry ?? {};
    const sound = Number.isSafeInteger(step) && (isRecord(scalars) || typeof name === 'string');
    if (!sound) throw damaged(i + 1, line);
    if (typeof name === 'string' && typeof words === 'string') texts.set(name, words);
    for (const [each, value] of Object.entries(isRecord(scalars) ? scalars : {})) {
      if (typeof value !== 'number' && value !== null) throw damaged(i + 1, line);
      const values = series.get(each) ?? [];
      series.set(each, values);
      values.push({ step: step as number, value: value ?? NaN });
    }
  }
  return { series, texts };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isRecord(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(line: number, received: string): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `readLog(text), line ${line}`,
    expected: 'a line that jsonLinesLogger wrote',
    received: describe(received.slice(0, 80)),
    remedy: 'Pass the text of a whole log of JSON lines.',
  });
}
