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

/** Parses `0.001`, or `from:to:steps` for a straight line. */
export function schedule(text: string): ScheduleSetting {
  if (!text.includes(':')) return number(text);
  const parts = text.split(':');
  if (parts.length !== 3) throw new InvalidArgumentError('Expected a number or from:to:steps.');
  return { from: number(parts[0]), to: number(parts[1]), steps: wholeNumber(1)(parts[2]) };
}
