import { crc32 } from './crc32.ts';
import { DqnError, describe } from './errors.ts';
import type { State, StateArray } from './state.ts';

/** What an archive says it holds. */
export interface ArchiveLabel {
  /** What is inside, for example `agent`. */
  readonly kind: string;
  /** The version of the layout of that kind, a whole number of at least 1. */
  readonly version: number;
}

/** What goes into an archive. */
export interface Archive extends ArchiveLabel {
  readonly state: State;
}

// The container is a safetensors file: a 64-bit length, that many bytes of JSON, then the tensors. The JSON begins with
// PREFIX and eight hexadecimal digits of the checksum, so both are at fixed places:
//   {"__metadata__":{"checksum":"…","format":"@scope/dqn","kind":"…","version":"1","state":"…"},
//    "/path/of/array":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}, …}
// `state` is the JSON of the State in which an object with the only key `$` stands for what JSON cannot say: {"$":"tensor"}
// for the tensor named by the path, {"$":"NaN"}, {"$":"Infinity"}, {"$":"-Infinity"}, {"$":"-0"}. A key of the State that
// itself begins with `$` gets one more. Tensors lie in the order of their names in the header, the widest types first, so
// that each is aligned.
const FORMAT = '@scope/dqn';
const PREFIX = '{"__metadata__":{"checksum":"';
const CHECKSUM_AT = 8 + PREFIX.length;
const CHECKSUM_END = CHECKSUM_AT + 8;
const METADATA_KEYS = 'checksum format kind version state';
const MAX_DEPTH = 64;

type ArrayClass = { new (buffer: ArrayBuffer): StateArray; readonly BYTES_PER_ELEMENT: number };

const DTYPES: ReadonlyMap<string, readonly [dtype: string, type: ArrayClass]> = /* @__PURE__ */ new Map([
  ['Float64Array', ['F64', Float64Array]],
  ['Float32Array', ['F32', Float32Array]],
  ['Int32Array', ['I32', Int32Array]],
  ['Uint32Array', ['U32', Uint32Array]],
  ['Int16Array', ['I16', Int16Array]],
  ['Uint16Array', ['U16', Uint16Array]],
  ['Int8Array', ['I8', Int8Array]],
  ['Uint8Array', ['U8', Uint8Array]],
]);
const TYPES: ReadonlyMap<string, ArrayClass> = /* @__PURE__ */ new Map(DTYPES.values());

/**
 * Packs a state into one array of bytes, which is also a valid safetensors file: every typed array at any depth becomes a
 * tensor named by its path (`/online/weights/0`), everything else goes into `__metadata__`. The same state gives the same bytes.
 *
 * @throws DqnError `invalid-option` where the state is not a {@link State}: `undefined`, a function, a class instance, a cycle,
 * more than 64 levels, or the key `__proto__`.
 */
export function encodeArchive(archive: Archive): Uint8Array<ArrayBuffer> {
  return joinParts(encodeArchiveParts(archive));
}

/**
 * The same bytes in parts, in order, without copying the arrays: all but the first are views of them, to be used before they change. Large states need no second place in memory.
 *
 * @throws DqnError as {@link encodeArchive}.
 */
export function encodeArchiveParts({ kind, version, state }: Archive): readonly Uint8Array[] {
  const tensors: Tensor[] = [];
  const tree = JSON.stringify(strip(state, [], tensors));
  tensors.sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);

  let size = 0;
  const entries = tensors.map(({ name, dtype, values }) => {
    const start = size;
    size += values.byteLength;
    return [name, { dtype, shape: [values.length], data_offsets: [start, size] }] as const;
  });
  const metadata = { checksum: '00000000', format: FORMAT, kind, version: String(version), state: tree };
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...entries])));
  const headerSize = Math.ceil(header.length / 8) * 8;

  const first = new Uint8Array(8 + headerSize);
  const view = new DataView(first.buffer);
  view.setUint32(0, headerSize, true);
  view.setUint32(4, Math.floor(headerSize / 2 ** 32), true);
  first.set(header, 8);
  first.fill(0x20, 8 + header.length);
  const parts = [first, ...tensors.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength))];
  first.set(new TextEncoder().encode(checksum(parts)), CHECKSUM_AT);
  return parts;
}

/** The bytes of all parts, in one array. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOfParts(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function sizeOfParts(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Unpacks what {@link encodeArchive} packed. The bytes are not trusted: whatever is wrong with them is refused, the memory used is in
 * proportion to their number, and no code of theirs runs. The arrays of the result are copies.
 *
 * @throws DqnError `invalid-checkpoint` where the bytes are damaged, truncated, extended or foreign; `incompatible-checkpoint`
 * where they are sound but of another kind or version.
 */
export function decodeArchive(bytes: Uint8Array, { kind, version }: ArchiveLabel): State {
  const frame = checkArchive(bytes);
  const { metadata } = frame;
  if (metadata.kind !== kind) {
    throw incompatible(
      `a checkpoint of the kind ${describe(kind)}`,
      describe(metadata.kind),
      'Load it with the function that reads this kind.',
    );
  }
  if (metadata.version !== String(version)) {
    const newer = Number(metadata.version) > version;
    throw incompatible(
      `version ${version} of a checkpoint of the kind ${describe(kind)}`,
      `version ${metadata.version}`,
      `It was written by ${newer ? 'a newer' : 'an older'} release of this library: load it with that one.`,
    );
  }
  return stateOf(bytes, frame);
}

/**
 * Unpacks an archive of any kind and version, as carefully as {@link decodeArchive}.
 *
 * @throws DqnError `invalid-checkpoint` where the bytes are damaged, truncated, extended or foreign.
 */
export function openArchive(bytes: Uint8Array): Archive {
  const frame = checkArchive(bytes);
  const { kind, version } = frame.metadata;
  return { kind, version: Number(version), state: stateOf(bytes, frame) };
}

function stateOf(bytes: Uint8Array, { metadata, tensors, base }: ArchiveFrame): State {
  const arrays = new Map<string, StateArray>();
  for (const { name, type, start, end } of tensors) {
    arrays.set(name, new type(new Uint8Array(bytes.subarray(base + start, base + end)).buffer));
  }
  const state = restore(parse(metadata.state), [], arrays);
  if (arrays.size > 0) throw corrupt('a place in the state for each tensor', `none for ${describe([...arrays.keys()][0])}`);
  return state;
}

/** What is in an archive, and where its tensors begin. */
interface ArchiveFrame {
  readonly metadata: Metadata;
  readonly tensors: readonly TensorEntry[];
  readonly base: number;
}

/**
 * Checks that bytes, in one array or in parts of which the first holds at least the header, are a whole archive of any kind, by their lengths and their checksum; what they hold is not looked at.
 *
 * @throws DqnError `invalid-checkpoint`.
 */
export function checkArchive(bytes: Uint8Array | readonly Uint8Array[]): ArchiveFrame {
  const parts = Array.isArray(bytes) ? (bytes as readonly Uint8Array[]) : [bytes as Uint8Array];
  for (const part of parts) {
    if (ArrayBuffer.isView(part) && part[Symbol.toStringTag] === 'Uint8Array') continue;
    throw invalid('the bytes of a checkpoint as a Uint8Array', describe(part));
  }
  const [first = new Uint8Array()] = parts;
  const headerSize = checkFrame(first);
  const { metadata, tensors } = readHeader(first, headerSize);
  const base = 8 + headerSize;
  const size = base + (tensors.at(-1)?.end ?? 0);
  const length = sizeOfParts(parts);
  if (length < size) throw invalid(`${size} bytes`, `only the first ${length}`, TRUNCATED);
  if (length > size) throw invalid(`${size} bytes`, `${length - size} more after them`, DAMAGED);
  const sum = checksum(parts);
  if (metadata.checksum !== sum) throw invalid(`the checksum ${metadata.checksum}`, sum, DAMAGED);
  return { metadata, tensors, base };
}

interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly values: StateArray;
}

/** Replaces what JSON cannot say, and collects the typed arrays. */
function strip(value: State, path: string[], tensors: Tensor[]): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return { $: '-0' };
    return Number.isFinite(value) ? value : { $: String(value) };
  }
  if (typeof value !== 'object') throw notState(path, describe(value));
  if (ArrayBuffer.isView(value)) {
    // The tag names the type even where the array comes from another realm, such as a frame.
    const dtype = DTYPES.get(value[Symbol.toStringTag])?.[0];
    if (dtype === undefined) throw notState(path, describe(value));
    tensors.push({ name: nameOf(path), dtype, values: value });
    return { $: 'tensor' };
  }
  if (path.length >= MAX_DEPTH) throw notState(path, `more than ${MAX_DEPTH} levels, or a cycle`);
  if (Array.isArray(value)) {
    return Array.from(value, (item: State, i) => {
      path.push(String(i));
      const stripped = strip(item, path, tensors);
      path.pop();
      return stripped;
    });
  }
  if (!isPlain(value)) throw notState(path, describe(value));
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw notState(path, 'the key "__proto__"');
    path.push(key);
    result[key.startsWith('$') ? `$${key}` : key] = strip(item, path, tensors);
    path.pop();
  }
  return result;
}

const SPECIAL: ReadonlyMap<unknown, number> = /* @__PURE__ */ new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/** The inverse of {@link strip}; takes each array it places out of the map. */
function restore(value: unknown, path: string[], arrays: Map<string, StateArray>): State {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (path.length > MAX_DEPTH) throw corrupt(`at most ${MAX_DEPTH} levels`, 'more');
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) => {
      path.push(String(i));
      const restored = restore(item, path, arrays);
      path.pop();
      return restored;
    });
  }
  const entries = Object.entries(value as object);
  if (entries.length === 1 && entries[0][0] === '$') {
    const name = nameOf(path);
    const special = entries[0][1] === 'tensor' ? arrays.get(name) : SPECIAL.get(entries[0][1]);
    if (special === undefined) throw corrupt('a number or tensor', `none at ${describe(name)}`);
    if (typeof special === 'object') arrays.delete(name);
    return special;
  }
  const result: Record<string, State> = {};
  for (const [key, item] of entries) {
    if (key === '__proto__' || (key.startsWith('$') && !key.startsWith('$$'))) throw corrupt('the key of a state', describe(key));
    const original = key.startsWith('$') ? key.slice(1) : key;
    path.push(original);
    result[original] = restore(item, path, arrays);
    path.pop();
  }
  return result;
}

/** A JSON pointer (RFC 6901), in which a lone surrogate, which UTF-8 cannot hold, is written `~uD800`. */
function nameOf(path: readonly string[]): string {
  return path
    .map(
      (key) =>
        `/${key
          .replaceAll('~', '~0')
          .replaceAll('/', '~1')
          .replace(/\p{Surrogate}/gu, escapeSurrogate)}`,
    )
    .join('');
}

function escapeSurrogate(half: string): string {
  return `~u${half.charCodeAt(0).toString(16).toUpperCase()}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** CRC-32 of everything, the checksum itself, which is in the first part, taken as zeros. */
function checksum([first, ...others]: readonly Uint8Array[]): string {
  const before = crc32(first.subarray(0, CHECKSUM_AT));
  const zeros = crc32(new Uint8Array(8).fill(0x30), before);
  let sum = crc32(first.subarray(CHECKSUM_END), zeros);
  for (const part of others) sum = crc32(part, sum);
  return sum.toString(16).padStart(8, '0');
}

/** Checks what comes before the rest of the header, and gives the header's length. */
function checkFrame(bytes: Uint8Array): number {
  const prefix = bytes.subarray(8, CHECKSUM_AT);
  for (let i = 0; i < prefix.length; i++) {
    if (prefix[i] === PREFIX.charCodeAt(i)) continue;
    throw invalid('the bytes of a checkpoint of this library', 'those of another kind of file', 'Pass what saving gave.');
  }
  if (bytes.length < CHECKSUM_END) {
    throw invalid('the bytes of a checkpoint', bytes.length === 0 ? 'none at all' : `only ${bytes.length} bytes`, TRUNCATED);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const headerSize = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerSize > bytes.length - 8) {
    throw invalid(`a header of ${headerSize} bytes`, `only ${bytes.length - 8} bytes after its length`, TRUNCATED);
  }
  if (headerSize % 8 !== 0) throw invalid('a header of whole words', `one of ${headerSize} bytes`, DAMAGED);
  return headerSize;
}

interface Metadata {
  readonly checksum: string;
  readonly kind: string;
  readonly version: string;
  readonly state: string;
}

interface TensorEntry {
  readonly name: string;
  readonly type: ArrayClass;
  readonly start: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, headerSize: number): { metadata: Metadata; tensors: TensorEntry[] } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerSize));
  } catch (cause) {
    throw invalid('a header in UTF-8', 'other bytes', DAMAGED, cause);
  }
  const header = parse(text.replace(/ {0,7}$/, ''));
  if (!isRecord(header)) throw corrupt('a header', describe(header));
  const [[first, metadata], ...entries] = Object.entries(header);
  if (first !== '__metadata__' || !isMetadata(metadata)) throw corrupt('the metadata of a checkpoint', describe(metadata));
  let start = 0;
  const tensors = entries.map(([name, entry]) => {
    const tensor = readTensor(name, entry, start);
    start = tensor.end;
    return tensor;
  });
  return { metadata, tensors };
}

function readTensor(name: string, entry: unknown, start: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (isRecord(entry) ? entry : {}) as Partial<Record<string, unknown>>;
  const type = typeof dtype === 'string' ? TYPES.get(dtype) : undefined;
  const length: unknown = Array.isArray(shape) && shape.length === 1 ? shape[0] : undefined;
  if (type === undefined || !isCount(length)) throw corrupt('the type and length of a tensor', `others for ${describe(name)}`);
  const end = start + length * type.BYTES_PER_ELEMENT;
  if (!Array.isArray(offsets) || offsets.length !== 2 || offsets[0] !== start || offsets[1] !== end) {
    throw corrupt(`the offsets ${start} and ${end}`, `others for ${describe(name)}`);
  }
  return { name, type, start, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMetadata(value: unknown): value is Metadata {
  if (!isRecord(value) || Object.keys(value).join(' ') !== METADATA_KEYS) return false;
  if (Object.values(value).some((text) => typeof text !== 'string')) return false;
  return value.format === FORMAT && /^[1-9]\d{0,8}$/.test(value.version as string);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** JSON as `JSON.stringify` writes it and no other, so that no key comes twice and no number is rounded. */
function parse(text: string): unknown {
  let value: unknown;
  let canonical: boolean;
  try {
    value = JSON.parse(text);
    canonical = JSON.stringify(value) === text;
  } catch (cause) {
    // Also where it is nested more deeply than the stack allows.
    throw invalid('the JSON of a checkpoint', 'something else', DAMAGED, cause);
  }
  if (!canonical) throw corrupt('the JSON of a checkpoint as this library writes it', 'another spelling');
  return value;
}

const TRUNCATED = 'The end is missing: copy or download the file again, or use an earlier checkpoint.';
const DAMAGED = 'The file is damaged: use another copy or an earlier checkpoint.';

function invalid(expected: string, received: string, remedy = 'Pass what saving gave.', cause?: unknown): DqnError {
  return new DqnError({ code: 'invalid-checkpoint', where: 'decodeArchive(bytes)', expected, received, remedy, cause });
}

function corrupt(expected: string, received: string): DqnError {
  return invalid(expected, received, DAMAGED);
}

function incompatible(expected: string, received: string, remedy: string): DqnError {
  return new DqnError({ code: 'incompatible-checkpoint', where: 'decodeArchive(bytes)', expected, received, remedy });
}

function notState(path: readonly string[], received: string): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `encodeArchive(state) at ${describe(nameOf(path))}`,
    expected: 'null, a boolean, number, string, typed array, or an array or plain object of these',
    received,
    remedy: 'Let getState() give plain data alone.',
  });
}
