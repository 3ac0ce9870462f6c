import type { DqnError } from '../common/errors.ts';
import type { ProblemEvent } from '../training/events.ts';
import type { StatusEvent, TrainerEvent } from './trainer-events.ts';
import { fromWire, toWire, type WireError } from './wire-error.ts';

/** The version of the protocol: both threads must speak the same. */
export const PROTOCOL = 2;

/** A command to the worker. */
export type Command =
  | {
      readonly kind: 'create';
      readonly config: unknown;
      /** The bytes of a checkpoint to go on from. */
      readonly resume: Uint8Array | undefined;
      readonly progressPeriod: number;
    }
  | { readonly kind: 'go' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'policy' }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'stop' };

/** What comes back for each. */
export interface Answers {
  create: undefined;
  go: undefined;
  pause: undefined;
  policy: Uint8Array<ArrayBuffer>;
  checkpoint: Uint8Array<ArrayBuffer>;
  stop: FinalState;
}

/** Any of them. */
export type AnyAnswer = Answers[Command['kind']];

/** What a trainer that was stopped leaves. */
export interface FinalState {
  /** Environment steps of the agent. */
  readonly step: number;
  /** Gradient updates of the agent. */
  readonly updates: number;
  /** The network alone, for `loadPolicy`. */
  readonly policy: Uint8Array<ArrayBuffer>;
  /** The whole run, to go on from. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
}

/** To the worker: a command, or the question whether it is there. */
export type ToWorker = { readonly kind: 'knock' } | { readonly kind: 'command'; readonly id: number; readonly command: Command };

/** An event on its way: errors are plain data. */
export type WireEvent =
  | Exclude<TrainerEvent, ProblemEvent | StatusEvent>
  | (Omit<ProblemEvent, 'error'> & { readonly error: WireError })
  | (Omit<StatusEvent, 'error'> & { readonly error?: WireError });

/** From the worker. */
export type FromWorker =
  | { readonly kind: 'here'; readonly protocol: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: AnyAnswer }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'event'; readonly event: WireEvent };

export function eventToWire(event: TrainerEvent): WireEvent {
  if (event.kind === 'problem') return { ...event, error: toWire(event.error) };
  if (event.kind === 'status') return { ...event, error: event.error && toWire(event.error) };
  return event;
}

export function eventFromWire(event: WireEvent): TrainerEvent {
  if (event.kind === 'problem') return { ...event, error: fromWire(event.error) as DqnError };
  if (event.kind === 'status') return { ...event, error: event.error && (fromWire(event.error) as DqnError) };
  return event;
}

/** Marks a message as ours among others that the two threads may exchange. */
const MARK = '@scope/dqn';

/** A message in its envelope. */
export function seal(message: ToWorker | FromWorker): unknown {
  return { [MARK]: message };
}

/** The message in an envelope; nothing where it is of somebody else. */
export function open<Message extends ToWorker | FromWorker>(envelope: unknown): Message | undefined {
  if (typeof envelope !== 'object' || envelope === null) return undefined;
  return (envelope as { readonly [MARK]?: Message })[MARK];
}
