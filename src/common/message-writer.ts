/** Writes the fields of a protocol-buffer message in their wire format (protobuf.dev, "Encoding"): as much of it as event files and ONNX models need. */
export class MessageWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** A field of type `int32`, `int64` or `enum`, at least 0 and a safe integer. */
  integer(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A field of type `double`. */
  double(field: number, value: number): this {
    this.#tag(field, 1);
    return this.#array(new Float64Array([value]));
  }

  /** A field of type `float`. */
  float(field: number, value: number): this {
    this.#tag(field, 5);
    return this.#array(new Float32Array([value]));
  }

  /** A field of type `repeated double`, packed. */
  doubles(field: number, values: readonly number[]): this {
    return this.numbers(field, new Float64Array(values));
  }

  /** A field of type `bytes` that holds numbers, lowest byte first: every platform of this library is little-endian, as the format is. */
  numbers(field: number, values: Uint8Array | Float32Array | Float64Array | BigInt64Array): this {
    this.#tag(field, 2);
    this.#varint(values.byteLength);
    return this.#array(values);
  }

  /** A field of type `string` or `bytes`. */
  text(field: number, value: string): this {
    return this.#block(field, new TextEncoder().encode(value));
  }

  /** A field that is a message. */
  message(field: number, value: MessageWriter): this {
    return this.#block(field, value.#bytes.subarray(0, value.#length));
  }

  /** The whole message. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #block(field: number, bytes: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(bytes.length);
    return this.#array(bytes);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(8);
    // Not by shifts, which see 32 bits alone.
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }

  #array({ buffer, byteOffset, byteLength }: ArrayBufferView): this {
    this.#reserve(byteLength);
    this.#bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.#length);
    this.#length += byteLength;
    return this;
  }

  /** Makes room for so many bytes more. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
