import type { Logger, Sink } from './logger.ts';

/**
 * Writes scalars as CSV (RFC 4180) with the columns `step,name,value`, one number a line, so that a new name needs no new column and a table can be appended to for ever. In
 * pandas: `pd.read_csv(path).pivot_table(index='step', columns='name', values='value', aggfunc='last')`.
 */
export function csvLogger(sink: Sink<string>): Logger {
  let begun = !sink.empty;
  return {
    scalars(step, values) {
      const rows = Object.entries(values).map(([name, value]) => `${step},${quote(name)},${value}\n`);
      if (rows.length === 0) return undefined;
      if (!begun) rows.unshift('step,name,value\n');
      begun = true;
      return sink.write(rows.join(''));
    },
    close: () => sink.close?.(),
  };
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
