import { DqnError, describe } from './errors.ts';

/** Where a checked number may lie; both ends are included unless said otherwise. */
export interface NumberRange {
  /** The smallest allowed value. */
  readonly min?: number;
  /** The largest allowed value. */
  readonly max?: number;
  /** Whether `min` itself is refused. */
  readonly exclusiveMin?: boolean;
}

function phrase(noun: string, { min, max, exclusiveMin }: NumberRange): string {
  if (min !== undefined && max !== undefined) return `${noun} in ${exclusiveMin ? '(' : '['}${min}, ${max}]`;
  if (min !== undefined) return exclusiveMin ? `${noun} above ${min}` : `${noun} of at least ${min}`;
  return max === undefined ? noun : `${noun} of at most ${max}`;
}

function within(value: number, { min = -Infinity, max = Infinity, exclusiveMin = false }: NumberRange): boolean {
  return (exclusiveMin ? value > min : value >= min) && value <= max;
}

/** Returns `value` if it is a finite number in the range; otherwise throws `invalid-option`. */
export function checkNumber(where: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value === 'number' && Number.isFinite(value) && within(value, range)) return value;
  const expected = phrase('a finite number', range);
  throw new DqnError({ code: 'invalid-option', where, expected, received: describe(value), remedy: `Pass ${expected}.` });
}

/** Returns `value` if it is a whole number in the range; otherwise throws `invalid-option`. */
export function checkInteger(where: string, value: unknown, range: NumberRange = {}): number {
  if (Number.isSafeInteger(value) && within(value as number, range)) return value as number;
  const expected = phrase('a whole number', range);
  throw new DqnError({ code: 'invalid-option', where, expected, received: describe(value), remedy: `Pass ${expected}.` });
}

/**
 * Refuses options with a misspelt name, which would otherwise be silently ignored.
 * @throws DqnError `invalid-option` naming the unknown option and the known ones.
 */
export function checkNames(where: string, options: object, known: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(options)) {
    if (known[name] !== true) throw unknownOption(where, `options among ${Object.keys(known).join(', ')}`, name);
  }
}

/**
 * Refuses what is left of options once all that are known have been taken out of them, as {@link checkNames} does.
 * @throws DqnError `invalid-option` naming the unknown option.
 */
export function checkRest(where: string, rest: object): void {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw unknownOption(where, 'options that its reference names', name);
}

function unknownOption(where: string, expected: string, received: string): DqnError {
  return new DqnError({ code: 'invalid-option', where, expected, received, remedy: 'Mend the spelling or leave it out.' });
}
