// Reverse-mode differentiation of functions of vectors, in double precision and plain loops: slow, and easy to check by eye.

/** A vector and the derivative of the result with respect to it. */
export interface Vector {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
}

/** A vector that nothing has been added to the gradient of yet. */
export function vector(values: ArrayLike<number>): Vector {
  return { values: Float64Array.from(values), gradient: new Float64Array(values.length) };
}

const sum = (values: ArrayLike<number>): number => Array.prototype.reduce.call(values, (a, b) => a + b, 0) as number;

/** Operations on vectors, each remembered with its chain rule. */
export class Tape {
  readonly #chainRules: (() => void)[] = [];

  /** Adds the derivatives to the gradients of all vectors that led to those whose gradient the caller has set. */
  backward(): void {
    for (const apply of this.#chainRules.toReversed()) apply();
  }

  /** `y` as a function of what `chainRule` hands `dy` on to. */
  record(values: ArrayLike<number>, chainRule: (dy: Float64Array) => void): Vector {
    const y = vector(values);
    this.#chainRules.push(() => chainRule(y.gradient));
    return y;
  }

  /** f of each element. */
  map(x: Vector, f: (x: number) => number, derivative: (x: number) => number): Vector {
    return this.record(x.values.map(f), (dy) => {
      dy.forEach((d, i) => (x.gradient[i] += d * derivative(x.values[i])));
    });
  }

  add(a: Vector, b: Vector): Vector {
    return this.record(
      a.values.map((x, i) => x + b.values[i]),
      (dy) => {
        dy.forEach((d, i) => (a.gradient[i] += d));
        dy.forEach((d, i) => (b.gradient[i] += d));
      },
    );
  }

  /** The product of elements. */
  multiply(a: Vector, b: Vector): Vector {
    return this.record(
      a.values.map((x, i) => x * b.values[i]),
      (dy) => {
        dy.forEach((d, i) => (a.gradient[i] += d * b.values[i]));
        dy.forEach((d, i) => (b.gradient[i] += d * a.values[i]));
      },
    );
  }

  /** `x · W + b`, `W [K, N]` row by row. */
  affine(x: Vector, weight: Vector, bias: Vector): Vector {
    const [inputs, outputs] = [x.values.length, bias.values.length];
    const y = bias.values.slice();
    for (let k = 0; k < inputs; k++) for (let n = 0; n < outputs; n++) y[n] += x.values[k] * weight.values[k * outputs + n];
    return this.record(y, (dy) => {
      for (let n = 0; n < outputs; n++) bias.gradient[n] += dy[n];
      for (let k = 0; k < inputs; k++) {
        for (let n = 0; n < outputs; n++) {
          weight.gradient[k * outputs + n] += x.values[k] * dy[n];
          x.gradient[k] += weight.values[k * outputs + n] * dy[n];
        }
      }
    });
  }

  /** Elements `from`, …, `to − 1`. */
  slice(x: Vector, from: number, to: number): Vector {
    return this.record(x.values.slice(from, to), (dy) => {
      dy.forEach((d, i) => (x.gradient[from + i] += d));
    });
  }

  /** One after the other. */
  concatenate(parts: readonly Vector[]): Vector {
    return this.record(
      parts.flatMap(({ values }) => [...values]),
      (dy) => {
        let at = 0;
        for (const { gradient } of parts) for (let i = 0; i < gradient.length; i++) gradient[i] += dy[at++];
      },
    );
  }

  /** `(x − mean) / √(variance + epsilon)`. */
  normalise(x: Vector, epsilon: number): Vector {
    const n = x.values.length;
    const mean = sum(x.values) / n;
    const deviation = Math.sqrt(sum(x.values.map((each) => (each - mean) ** 2)) / n + epsilon);
    const hat = x.values.map((each) => (each - mean) / deviation);
    return this.record(hat, (dy) => {
      const along = sum(dy.map((d, i) => d * hat[i])) / n;
      dy.forEach((d, i) => (x.gradient[i] += (d - sum(dy) / n - hat[i] * along) / deviation));
    });
  }
}
