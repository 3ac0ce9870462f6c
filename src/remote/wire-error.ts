import { DqnError, describe, type DqnErrorDetails } from '../common/errors.ts';

/** An error as plain data: cloning a `DqnError` would lose its parts. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The parts of a DqnError, without its cause. */
  readonly details?: Omit<DqnErrorDetails, 'cause'>;
  readonly cause?: WireError;
}

/** How far causes of causes are followed. */
const DEPTH = 8;

/** Anything thrown, as plain data. */
export function toWire(error: unknown, depth = DEPTH): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: describe(error) };
  const { name, message, stack, cause } = error;
  const wire = { name, message, stack, cause: cause === undefined || depth === 0 ? undefined : toWire(cause, depth - 1) };
  if (!(error instanceof DqnError)) return wire;
  const { code, where, expected, received, remedy } = error;
  return { ...wire, details: { code, where, expected, received, remedy } };
}

/** The error again; its stack is that of the other thread. */
export function fromWire({ name, message, stack, details, cause: inner }: WireError): Error {
  const cause = inner && fromWire(inner);
  const error = details ? new DqnError({ ...details, cause }) : new Error(message, cause && { cause });
  if (!details) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}
