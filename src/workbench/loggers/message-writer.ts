/** Writes the fields of a protocol-buffer message in their wire format (protobuf.dev, "Encoding"): as much of it as event files need. */
export class MessageWriter {
  readonly #bytes: number[] = [];

  /** A field of type `int64` or `enum`, at least 0 and a safe integer. */
  integer(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A field of type `double`. */
  double(field: number, value: number): this {
    this.#tag(field, 1);
    this.#fixed(new Float64Array([value]));
    return this;
  }

  /** A field of type `float`. */
  float(field: number, value: number): this {
    this.#tag(field, 5);
    this.#fixed(new Float32Array([value]));
    return this;
  }

  /** A field of type `repeated double`, packed. */
  doubles(field: number, values: readonly number[]): this {
    this.#tag(field, 2);
    this.#varint(values.length * 8);
    this.#fixed(new Float64Array(values));
    return this;
  }

  /** A field of type `string` or `bytes`. */
  text(field: number, value: string): this {
    return this.#block(field, new TextEncoder().encode(value));
  }

  /** A field that is a message. */
  message(field: number, value: MessageWriter): this {
    return this.#block(field, value.#bytes);
  }

  /** The whole message. */
  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #block(field: number, bytes: ArrayLike<number>): this {
    this.#tag(field, 2);
    this.#varint(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i]);
    return this;
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    // Not by shifts, which see 32 bits alone.
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
  }

  /** Every platform of this library is little-endian, as the format is. */
  #fixed({ buffer }: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>): void {
    for (const byte of new Uint8Array(buffer)) this.#bytes.push(byte);
  }
}
