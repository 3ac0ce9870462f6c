type Guardable = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * The same numbers behind a guard that throws where one beyond either end is read or written. A typed array alone gives undefined there, and forgets what is
 * written, so that a loop of one turn too many shows nowhere but in its time.
 */
export function guarded<T extends Guardable>(values: T): T {
  const check = (key: string | symbol): void => {
    const isIndex = typeof key === 'string' && (key === 'undefined' || key === String(Number(key)));
    if (isIndex && !(key in values)) throw new RangeError(`Element ${key} of ${values.length} numbers was asked for.`);
  };
  return new Proxy(values, {
    get(target, key) {
      check(key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
    },
    set(target, key, value) {
      check(key);
      return Reflect.set(target, key, value);
    },
  });
}

/** A record whose typed arrays are {@link guarded}. */
export function guardedFields<T extends object>(record: T): T {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, ArrayBuffer.isView(value) ? guarded(value as Guardable) : value]),
  ) as T;
}

/** What `run` gives, when all typed arrays that are made meanwhile are {@link guarded}. */
export function guardingArrays<T>(run: () => T): T {
  const usual = { Float32Array, Float64Array, Int32Array, Uint8Array };
  const guarding = Object.entries(usual).map(([name, type]) => [
    name,
    new Proxy(type, {
      construct: (target, args) => guarded(Reflect.construct(target, args) as Guardable),
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        return key === 'from' || key === 'of'
          ? (...args: unknown[]) => guarded(Reflect.apply(value as () => Guardable, target, args))
          : value;
      },
    }),
  ]);
  Object.assign(globalThis, Object.fromEntries(guarding));
  try {
    return run();
  } finally {
    Object.assign(globalThis, usual);
  }
}
