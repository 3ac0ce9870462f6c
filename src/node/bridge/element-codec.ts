import type { SpaceDescription } from './space-description.ts';

/** Reads and writes the elements of a space as bytes, little-endian, always as many. */
export interface ElementCodec {
  /** Bytes of an element. */
  readonly size: number;
  /** A fresh element. */
  read(bytes: DataView, offset: number): unknown;
  /** The element must be one of the space. */
  write(element: unknown, bytes: DataView, offset: number): void;
}

function bytesCodec(size: number): ElementCodec {
  return {
    size,
    read: ({ buffer, byteOffset }, offset) => new Uint8Array(buffer, byteOffset + offset, size).slice(),
    write: (element, { buffer, byteOffset }, offset) =>
      new Uint8Array(buffer, byteOffset + offset, size).set(element as Uint8Array),
  };
}

function float32Codec(length: number): ElementCodec {
  return {
    size: 4 * length,
    read: (bytes, offset) => {
      const element = new Float32Array(length);
      for (let i = 0; i < length; i++) element[i] = bytes.getFloat32(offset + 4 * i, true);
      return element;
    },
    write: (element, bytes, offset) => {
      const numbers = element as Float32Array;
      for (let i = 0; i < length; i++) bytes.setFloat32(offset + 4 * i, numbers[i], true);
    },
  };
}

function int32Codec(length: number): ElementCodec {
  return {
    size: 4 * length,
    read: (bytes, offset) => {
      const element = new Int32Array(length);
      for (let i = 0; i < length; i++) element[i] = bytes.getInt32(offset + 4 * i, true);
      return element;
    },
    write: (element, bytes, offset) => {
      const numbers = element as Int32Array;
      for (let i = 0; i < length; i++) bytes.setInt32(offset + 4 * i, numbers[i], true);
    },
  };
}

/** A start may lie anywhere in ±2³¹, so that elements need more than 32 bits. */
const numberCodec: ElementCodec = {
  size: 8,
  read: (bytes, offset) => bytes.getFloat64(offset, true),
  write: (element, bytes, offset) => bytes.setFloat64(offset, element as number, true),
};

function partsCodec(
  parts: readonly (readonly [name: string | number, codec: ElementCodec])[],
  collect: (values: readonly (readonly [name: string | number, value: unknown])[]) => unknown,
): ElementCodec {
  return {
    size: parts.reduce((sum, [, codec]) => sum + codec.size, 0),
    read: (bytes, offset) =>
      collect(
        parts.map(([name, codec]) => {
          const value = codec.read(bytes, offset);
          offset += codec.size;
          return [name, value];
        }),
      ),
    write: (element, bytes, offset) => {
      for (const [name, codec] of parts) {
        codec.write((element as Readonly<Record<string | number, unknown>>)[name], bytes, offset);
        offset += codec.size;
      }
    },
  };
}

/** The codec of a space, by its description: parts lie in the order that this tells. */
export function elementCodec(description: SpaceDescription): ElementCodec {
  switch (description.kind) {
    case 'box': {
      const length = description.shape.reduce((product, size) => product * size, 1);
      return description.dtype === 'uint8' ? bytesCodec(length) : float32Codec(length);
    }
    case 'discrete':
      return numberCodec;
    case 'multiDiscrete':
      return int32Codec(description.nvec.length);
    case 'multiBinary':
      return bytesCodec(description.n);
    case 'tuple':
      return partsCodec(
        description.spaces.map((part, i) => [i, elementCodec(part)]),
        (values) => values.map(([, value]) => value),
      );
    case 'dict':
      return partsCodec(
        description.spaces.map(([name, part]) => [name, elementCodec(part)]),
        (values) => Object.fromEntries(values),
      );
  }
}
