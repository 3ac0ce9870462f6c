// The types of harness.mjs, for the benchmarks in TypeScript.
export function median(values: readonly number[]): number;
export function calibrate(measure: (count: number) => Promise<number>, milliseconds?: number): Promise<number>;
export function format(value: number): string;
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string;

export function measureAlternating(options: {
  readonly ours: () => number | Promise<number>;
  readonly peers: Readonly<Record<string, () => number | Promise<number>>>;
  readonly rounds?: number;
  readonly warmUp?: boolean;
}): Promise<
  Record<string, { readonly median: number; readonly best: number; readonly ratio: number; readonly values: readonly number[] }>
>;
