import { InvalidArgumentError } from 'commander';
import type { ScheduleSetting } from './configuration/schema.ts';

/** Parses a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
  };
}

/** Parses any finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

/** Parses a number above 0. */
export function positive(text: string): number {
  const value = number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Parses `128,64`. */
export function wholeNumbers(text: string): number[] {
  return text.split(',').map(wholeNumber(1));
}

/** Parses `one,two`. */
export function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

/** Parses `0.001`, or a straight line: `from:to:steps`, `from:to:20%` of the run, `from:to` over all of it. */
export function schedule(text: string): ScheduleSetting {
  if (!text.includes(':')) return number(text);
  const [from, to, length = '100%', ...more] = text.split(':');
  if (more.length > 0) throw new InvalidArgumentError('Expected a number, from:to, from:to:steps or from:to:percent%.');
  const line = { from: number(from), to: number(to) };
  if (!length.endsWith('%')) return { ...line, steps: wholeNumber(1)(length) };
  const percent = number(length.slice(0, -1));
  if (percent <= 0 || percent > 100) throw new InvalidArgumentError('Expected a percentage above 0 and up to 100.');
  return { ...line, fraction: percent / 100 };
}

/** Parses what {@link schedule} does, or `ladder`. */
export function scheduleOrLadder(text: string): ScheduleSetting | 'ladder' {
  return text === 'ladder' ? text : schedule(text);
}
