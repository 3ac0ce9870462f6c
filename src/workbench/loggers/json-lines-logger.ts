import type { Logger, Sink } from './logger.ts';

/**
 * Writes everything as JSON, one object a line: `{ step, scalars: { name: value, … } }`, `{ step, name, histogram: { … } }` or `{ step, name, text }`. JSON has no NaN and no
 * infinity: they become `null`.
 */
export function jsonLinesLogger(sink: Sink<string>): Logger {
  const write = (line: object) => sink.write(`${JSON.stringify(line)}\n`);
  return {
    scalars: (step, scalars) => write({ step, scalars }),
    histogram: (step, name, histogram) => write({ step, name, histogram }),
    text: (step, name, text) => write({ step, name, text }),
    close: () => sink.close?.(),
  };
}
