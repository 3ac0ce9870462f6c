import { quantized } from '../quantize.ts';

/**
 * The weights of a standalone policy as bytes: all numbers of single precision, then all steps of 8 bits. Gives the code that reads each tensor of them: `float(at, length)`, or
 * `steps(scalesAt, outputs, at, length)`.
 */
export class WeightPack {
  readonly #bits: 8 | 32;
  readonly #floats: Float32Array[] = [];
  readonly #steps: Int8Array[] = [];
  #floatCount = 0;
  #stepCount = 0;

  constructor(bits: 8 | 32) {
    this.#bits = bits;
  }

  /** Numbers kept in single precision. */
  floats(values: Float32Array): string {
    const at = this.#floatCount;
    this.#floats.push(values);
    this.#floatCount += values.length;
    return `float(${at}, ${values.length})`;
  }

  /** A matrix `[K, N]`, or filters with N of them, in so many bits as were asked for. */
  matrix(values: Float32Array, outputs: number): string {
    if (this.#bits === 32) return this.floats(values);
    const { scales, steps } = quantized(values, outputs);
    const scalesAt = this.#floatCount;
    this.floats(scales);
    const at = this.#stepCount;
    this.#steps.push(steps);
    this.#stepCount += steps.length;
    return `steps(${scalesAt}, ${outputs}, ${at}, ${steps.length})`;
  }

  /** The code of `float` and, where it is needed, `steps`, which read `bytes`. */
  get code(): string[] {
    // A copy, which begins where numbers of 4 bytes may. Not by slice(): that of Node's Buffer, which its files come in, copies nothing.
    const own = 'const own = new Uint8Array(bytes).buffer;';
    const floats = `const floats = new Float32Array(own, 0, ${this.#floatCount});`;
    const float = 'const float = (at, length) => floats.subarray(at, at + length);';
    if (this.#stepCount === 0) return [own, floats, float];
    return [
      own,
      floats,
      float,
      `const whole = new Int8Array(own, ${4 * this.#floatCount});`,
      'const steps = (scales, n, at, length) => Float32Array.from({ length }, (_, i) => whole[at + i] * floats[scales + (i % n)]);',
    ];
  }

  /** How many bytes {@link WeightPack.bytes} gives. */
  get size(): number {
    return 4 * this.#floatCount + this.#stepCount;
  }

  /** All of it. */
  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of [...this.#floats, ...this.#steps]) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }
}
