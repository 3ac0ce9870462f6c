// The types of harness.mjs, for the benchmarks in TypeScript.
export function median(values: readonly number[]): number;
export function calibrate(measure: (count: number) => Promise<number>, milliseconds?: number): Promise<number>;
export function format(value: number): string;
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string;
