import { DqnError, describe } from '../common/errors.ts';
import { sizeOf } from '../networks/plan.ts';
import type { NamedTensor } from '../networks/q-network.ts';

// The format (github.com/huggingface/safetensors): the length of the header as a 64-bit integer, the header as JSON, then the numbers of all tensors without a gap.

/** The longest header, as the reference implementation has it. */
const MAX_HEADER = 100_000_000;

/** For each type of numbers how many bytes one takes, and how it is read. */
const TYPES: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F16: [2, (view, at) => halfPrecision(view.getUint16(at, true))],
  BF16: [2, (view, at) => brainPrecision(view.getUint16(at, true))],
};

/**
 * Tensors as the bytes of a safetensors file, in single precision, in their order: for `safetensors.torch.load_file` and the like.
 * @throws DqnError `invalid-option` if two tensors have the same name, or one has another number of values than its shape says.
 */
export function encodeSafetensors(tensors: readonly NamedTensor[]): Uint8Array<ArrayBuffer> {
  const where = 'encodeSafetensors(tensors)';
  const entries = new Map<string, unknown>();
  let size = 0;
  for (const { name, shape, values } of tensors) {
    if (entries.has(name) || name === '__metadata__') refuse(where, 'a name of its own for each tensor', describe(name));
    if (!(values instanceof Float32Array) || values.length !== sizeOf(shape)) {
      refuse(where, `${sizeOf(shape)} numbers in ${describe(name)}`, describe(values));
    }
    entries.set(name, { dtype: 'F32', shape, data_offsets: [size, (size += values.byteLength)] });
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerSize = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerSize + size);
  new DataView(bytes.buffer).setUint32(0, headerSize, true);
  bytes.fill(0x20, 8, 8 + headerSize);
  bytes.set(header, 8);
  let at = 8 + headerSize;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/**
 * The tensors in a safetensors file, in single precision: of 64, 32, 16 bits (F64, F32, F16, BF16). The bytes are not trusted.
 * @throws DqnError `invalid-checkpoint` if they are damaged, truncated or of another format; `incompatible-checkpoint` naming a tensor whose numbers are of another type.
 */
export function decodeSafetensors(bytes: Uint8Array): NamedTensor[] {
  if (!(bytes instanceof Uint8Array)) throw damaged('the bytes of a safetensors file as a Uint8Array', describe(bytes));
  if (bytes.length < 8) throw damaged('a safetensors file', `only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerSize > Math.min(bytes.length - 8, MAX_HEADER)) {
    throw damaged(`a header of ${headerSize} bytes, as the first eight say`, `${bytes.length - 8} bytes after them`);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset + 8 + headerSize, bytes.length - 8 - headerSize);
  const entries = Object.entries(parseHeader(bytes.subarray(8, 8 + headerSize))).filter(([name]) => name !== '__metadata__');
  const tensors = entries.map(([name, entry]) => readTensor(name, entry, data));
  checkOffsets(tensors, data.byteLength);
  return tensors.map(({ name, shape, values }) => ({ name, shape, values }));
}

interface PlacedTensor extends NamedTensor {
  readonly start: number;
  readonly end: number;
}

function parseHeader(bytes: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged('a header in JSON', 'something else', cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw damaged('a header', describe(header));
  return header;
}

function readTensor(name: string, entry: unknown, data: DataView): PlacedTensor {
  const { dtype, shape, data_offsets: offsets } = (typeof entry === 'object' ? (entry ?? {}) : {}) as Record<string, unknown>;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount)) throw damaged(`a shape of ${describe(name)}`, describe(shape));
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw damaged(`two offsets of ${describe(name)}`, describe(offsets));
  }
  const type = typeof dtype === 'string' && Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (type === undefined) {
    throw new DqnError({
      code: 'incompatible-checkpoint',
      where: 'decodeSafetensors(bytes)',
      expected: `numbers of a type among ${Object.keys(TYPES).join(', ')} in ${describe(name)}`,
      received: describe(dtype),
      remedy: 'Save the weights alone, as floating-point numbers.',
    });
  }
  const [width, read] = type;
  const [start, end] = offsets as [number, number];
  const size = sizeOf(shape as number[]);
  if (end - start !== size * width) throw damaged(`${size * width} bytes of ${describe(name)}`, `${end - start}`);
  if (end > data.byteLength) throw damaged(`${describe(name)} up to byte ${end}`, `${data.byteLength} bytes of numbers`);
  const values = Float32Array.from({ length: size }, (_, i) => read(data, start + i * width));
  return { name, shape: shape as number[], values, start, end };
}

/** Refuses tensors that overlap, and bytes that belong to none. */
function checkOffsets(tensors: readonly PlacedTensor[], size: number): void {
  let at = 0;
  for (const { name, start, end } of tensors.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at) throw damaged(`${describe(name)} from byte ${at}`, `from byte ${start}`);
    at = end;
  }
  if (at !== size) throw damaged(`${at} bytes of numbers`, `${size}`);
}

/** A number of IEEE 754's binary16. */
function halfPrecision(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A number of bfloat16: the upper half of a single-precision number. */
function brainPrecision(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

function refuse(where: string, expected: string, received: string): never {
  throw new DqnError({ code: 'invalid-option', where, expected, received, remedy: 'Mend the list of tensors.' });
}

function damaged(expected: string, received: string, cause?: unknown): DqnError {
  return new DqnError({
    code: 'invalid-checkpoint',
    where: 'decodeSafetensors(bytes)',
    expected,
    received,
    remedy: 'Save the file again, or copy it anew.',
    cause,
  });
}
