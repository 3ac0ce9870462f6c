import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DqnError, describe as describeValue } from '../../src/common/errors.ts';

describe('DqnError', () => {
  const details = { code: 'invalid-option', where: 'f(x)', expected: 'a number', received: '"1"', remedy: 'Pass 1.' } as const;

  it('writes its message from its parts and keeps them', () => {
    const error = new DqnError(details);
    expect(error.message).toBe('f(x): expected a number but received "1". Pass 1.');
    expect(error).toMatchObject({ ...details, name: 'DqnError' });
    expect(error).toBeInstanceOf(Error);
    expect('cause' in error).toBe(false);
  });

  it('keeps its cause', () => {
    const cause = new Error('inner');
    expect(new DqnError({ ...details, cause }).cause).toBe(cause);
  });
});

describe('describe', () => {
  it('names values', () => {
    expect(describeValue('a"b')).toBe('"a\\"b"');
    expect(describeValue('x'.repeat(100))).toBe(`"${'x'.repeat(60)}…"`);
    expect([1.5, NaN, -Infinity, true, undefined, null, 5n].map(describeValue)).toEqual([
      '1.5',
      'NaN',
      '-Infinity',
      'true',
      'undefined',
      'null',
      '5n',
    ]);
    expect(describeValue(Symbol('s'))).toBe('Symbol(s)');
    expect(describeValue(function named() {})).toBe('a function named');
    expect(describeValue(() => 1)).toBe('a function');
    expect(describeValue([1, 2])).toBe('an array of length 2');
    expect(describeValue(new Float32Array(3))).toBe('Float32Array(3)');
    expect(describeValue(new Map())).toBe('an instance of Map');
    expect(describeValue({})).toBe('an empty object');
    expect(describeValue({ a: 1, b: 2 })).toBe('an object with keys a, b');
    expect(describeValue({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 })).toBe('an object with keys a, b, c, d, e, …');
    expect(describeValue(Object.create(null))).toBe('an empty object');
  });

  it('never throws and is never long', () => {
    const hostile = [
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error('no');
          },
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
      {
        get constructor(): unknown {
          throw new Error('no');
        },
      },
      Object.create({
        get constructor(): unknown {
          throw new Error('no');
        },
      }),
      new DataView(new ArrayBuffer(4)),
      Symbol('s'.repeat(500)),
      Object.defineProperty(() => 1, 'name', { value: 'n'.repeat(500) }),
      { ['k'.repeat(500)]: 1 },
      10n ** 500n,
      new (class X {
        static readonly name: string = 'c'.repeat(500);
      })(),
      ((): unknown => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ];
    for (const value of hostile) expect(describeValue(value).length).toBeLessThanOrEqual(80);
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
        (value) => {
          expect(describeValue(value).length).toBeLessThanOrEqual(80);
        },
      ),
    );
  });
});
