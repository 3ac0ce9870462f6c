import { DqnError } from '../../common/errors.ts';

/** The version of the protocol of docs/gymnasium-bridge.md that is spoken here. */
export const PROTOCOL = 1;

/** The kinds of messages. An answer has the kind of its request with the highest bit set. */
export const KIND = { hello: 1, make: 2, reset: 3, step: 4, render: 5, close: 6, answer: 0x80, note: 0xfe, error: 0xff } as const;

/** What a message may hold at most; more is refused before anything is allocated for it. */
export const LIMITS = {
  /** Bytes of JSON. */
  json: 16 * 2 ** 20,
  /** Bytes of raw data. */
  raw: 256 * 2 ** 20,
  environments: 4_096,
  /** Numbers in one space. */
  numbers: 2 ** 24,
  /** How deep spaces may be nested. */
  depth: 16,
} as const;

/** The fields of a message. */
export type Fields = Readonly<Record<string, unknown>>;

/** A message. */
export interface Frame {
  readonly kind: number;
  /** Of the request; an answer carries that of its request. */
  readonly id: number;
  readonly fields: Fields;
  readonly raw: Uint8Array;
}

const HEADER = 20;
const MAGIC = 0x424e5144; // "DQNB", little-endian
const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: Fields = {};
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The error for bytes of the other side that are no message, or one that makes no sense. */
export function malformed(expected: string, received: string, cause?: unknown): DqnError {
  return new DqnError({
    code: 'worker-failed',
    where: 'the bridge',
    expected,
    received,
    remedy: 'See that both sides are of the same version of @scope/dqn and that nothing else writes to the pipe.',
    cause,
  });
}

/**
 * The bytes of a message.
 * @throws DqnError `invalid-option` if the fields are no JSON, or the message is over the {@link LIMITS}.
 */
export function encodeFrame(kind: number, id: number, fields: Fields = NO_FIELDS, raw: Uint8Array = NO_BYTES): Uint8Array {
  const json = fields === NO_FIELDS ? NO_BYTES : encodeFields(fields);
  if (json.length > LIMITS.json || raw.length > LIMITS.raw) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'the bridge',
      expected: `a message of at most ${LIMITS.json} bytes of JSON and ${LIMITS.raw} bytes of raw data`,
      received: `${json.length} and ${raw.length}`,
      remedy: 'Use fewer environments at a time, or smaller options.',
    });
  }
  const bytes = new Uint8Array(HEADER + json.length + raw.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, kind);
  view.setUint32(8, id, true);
  view.setUint32(12, json.length, true);
  view.setUint32(16, raw.length, true);
  bytes.set(json, HEADER);
  bytes.set(raw, HEADER + json.length);
  return bytes;
}

function encodeFields(fields: Fields): Uint8Array {
  try {
    return encoder.encode(JSON.stringify(fields));
  } catch (cause) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'the bridge',
      expected: 'options that JSON can hold',
      received: cause instanceof Error ? cause.message : 'others',
      remedy: 'Pass plain objects, lists, texts, numbers and booleans.',
      cause,
    });
  }
}

function decodeFields(bytes: Uint8Array): Fields {
  if (bytes.length === 0) return NO_FIELDS;
  let fields: unknown;
  try {
    fields = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw malformed('a message with JSON', 'other text', cause);
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw malformed('a message with a JSON object', 'other JSON');
  }
  return fields as Fields;
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** Cuts a stream of bytes into messages. It never holds more than what has come, and that is at most one message and a chunk. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #needed = HEADER;

  /** Whether the stream is in the middle of a message. */
  get partial(): boolean {
    return this.#size > 0;
  }

  /**
   * The messages that are whole with this chunk. Their raw data may lie in the chunk itself.
   * @throws DqnError `worker-failed` if the bytes are no message: nothing after them can be read.
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    if (chunk.length === 0) return frames;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const bytes = concatenate(this.#chunks, this.#size);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (view.getUint32(0, true) !== MAGIC) throw malformed('a message that begins with DQNB', 'other bytes');
      const json = view.getUint32(12, true);
      const raw = view.getUint32(16, true);
      if (json > LIMITS.json || raw > LIMITS.raw) {
        throw malformed(`at most ${LIMITS.json} bytes of JSON and ${LIMITS.raw} of raw data`, `${json} and ${raw}`);
      }
      const end = HEADER + json + raw;
      this.#chunks = [bytes];
      this.#needed = end;
      if (bytes.length < end) break;
      frames.push({
        kind: view.getUint8(4),
        id: view.getUint32(8, true),
        fields: decodeFields(bytes.subarray(HEADER, HEADER + json)),
        raw: bytes.subarray(HEADER + json, end),
      });
      this.#size = bytes.length - end;
      this.#chunks = this.#size === 0 ? [] : [bytes.subarray(end)];
      this.#needed = HEADER;
    }
    return frames;
  }
}
