import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import {
  constant,
  cosine,
  exponential,
  linear,
  piecewise,
  toSchedule,
  type LinearSchedule,
  type Schedule,
} from '../../src/common/schedules.ts';

const valueArb = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const stepsArb = fc.integer({ min: 1, max: 1_000_000 });
const rampArb: fc.Arbitrary<{ schedule: Schedule; from: number; to: number; end: number }> = fc
  .tuple(valueArb, valueArb, stepsArb, fc.nat(1000))
  .chain(([from, to, steps, start]) =>
    fc.constantFrom(
      { schedule: linear(from, to, steps, { start }), from, to, end: start + steps },
      { schedule: cosine(from, to, steps), from, to, end: steps },
      { schedule: exponential(from, to, steps), from, to, end: Infinity },
      {
        schedule: piecewise([
          [start, from],
          [start + steps, to],
        ]),
        from,
        to,
        end: start + steps,
      },
    ),
  );

const refusal = (build: () => unknown): Partial<DqnError> => {
  try {
    build();
  } catch (error) {
    if (error instanceof DqnError) return { code: error.code, where: error.where };
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('schedules', () => {
  it('pins hand-computed values', () => {
    expect([0, 1, 5, 10, 11].map(linear(1, 0, 10).at)).toEqual([1, 0.9, 0.5, 0, 0]);
    expect([0, 4, 5, 15, 1e9].map(linear(2, 4, 10, { start: 5 }).at)).toEqual([2, 2, 2, 4, 4]);
    expect(linear(2, 4, 10, { start: 5 }).at(10)).toBe(3);
    expect(exponential(1, 0, 100).at(100)).toBeCloseTo(Math.exp(-1), 15);
    expect(exponential(3, 1, 10).at(20)).toBeCloseTo(1 + 2 * Math.exp(-2), 14);
    expect([0, 25, 50, 100, 500].map(cosine(1, 0, 100).at)[1]).toBeCloseTo((1 + Math.SQRT1_2) / 2, 15);
    expect(cosine(1, 0, 100).at(50)).toBeCloseTo(0.5, 15);
    expect(cosine(1, 0, 100).at(500)).toBe(0);
    const points = piecewise([
      [10, 1],
      [20, 0],
      [40, 4],
    ]);
    expect([0, 10, 15, 20, 25, 30, 40, 99].map(points.at)).toEqual([1, 1, 0.5, 0, 1, 2, 4, 4]);
    expect(piecewise([[7, 3]]).at(0)).toBe(3);
    expect(constant(0.1).at(12)).toBe(0.1);
  });

  it('begins at from, ends at to and stays between them, moving one way', () => {
    fc.assert(
      fc.property(
        rampArb,
        fc.array(fc.double({ min: 0, max: 3e6, noNaN: true }), { minLength: 2 }),
        ({ schedule, from, to, end }, steps) => {
          expect(schedule.at(0)).toBe(from);
          if (end < Infinity) expect(schedule.at(end)).toBe(to);
          expect(schedule.at(end < Infinity ? end * 2 : 1e12)).toBe(to);
          const values = [...steps].sort((a, b) => a - b).map((step) => schedule.at(step));
          for (const value of values) {
            expect(value).toBeGreaterThanOrEqual(Math.min(from, to));
            expect(value).toBeLessThanOrEqual(Math.max(from, to));
          }
          for (let i = 1; i < values.length; i++) {
            if (from <= to) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1]);
            else expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
          }
        },
      ),
    );
  });

  it('are frozen plain objects that show their parameters', () => {
    expect(linear(1, 0.1, 100, { start: 3 })).toMatchObject({ kind: 'linear', from: 1, to: 0.1, steps: 100, start: 3 });
    expect(exponential(1, 0.1, 9)).toMatchObject({ kind: 'exponential', from: 1, to: 0.1, timeConstant: 9 });
    expect(cosine(1, 0.1, 9)).toMatchObject({ kind: 'cosine', from: 1, to: 0.1, steps: 9 });
    expect(constant(4)).toMatchObject({ kind: 'constant', value: 4 });
    const given: [number, number][] = [
      [0, 1],
      [5, 2],
    ];
    const schedule = piecewise(given);
    given[1][1] = 100;
    expect(schedule).toMatchObject({
      kind: 'piecewise',
      points: [
        [0, 1],
        [5, 2],
      ],
    });
    expect(schedule.at(5)).toBe(2);
    for (const made of [
      linear(1, 0, 1),
      exponential(1, 0, 1),
      cosine(1, 0, 1),
      constant(1),
      schedule,
      schedule.points,
      schedule.points[0],
    ]) {
      expect(Object.isFrozen(made)).toBe(true);
    }
    expectTypeOf(linear).returns.toEqualTypeOf<LinearSchedule>();
    expectTypeOf<{ kind: string; at(step: number): number }>().toExtend<Schedule>();
  });

  it('refuses what makes no schedule', () => {
    const code = 'invalid-option';
    for (const bad of [NaN, Infinity, '1' as unknown as number]) {
      expect(refusal(() => constant(bad))).toEqual({ code, where: 'constant(value)' });
      expect(refusal(() => linear(bad, 0, 1))).toEqual({ code, where: 'linear(from)' });
      expect(refusal(() => linear(0, bad, 1))).toEqual({ code, where: 'linear(to)' });
      expect(refusal(() => exponential(bad, 0, 1))).toEqual({ code, where: 'exponential(from)' });
      expect(refusal(() => exponential(0, bad, 1))).toEqual({ code, where: 'exponential(to)' });
      expect(refusal(() => cosine(bad, 0, 1))).toEqual({ code, where: 'cosine(from)' });
      expect(refusal(() => cosine(0, bad, 1))).toEqual({ code, where: 'cosine(to)' });
    }
    for (const bad of [0, -1, NaN, Infinity]) {
      expect(refusal(() => linear(0, 1, bad))).toEqual({ code, where: 'linear(steps)' });
      expect(refusal(() => exponential(0, 1, bad))).toEqual({ code, where: 'exponential(timeConstant)' });
      expect(refusal(() => cosine(0, 1, bad))).toEqual({ code, where: 'cosine(steps)' });
    }
    expect(refusal(() => linear(0, 1, 1, { start: -1 }))).toEqual({ code, where: 'linear(start)' });
    // @ts-expect-error The option is called start.
    expect(refusal(() => linear(0, 1, 1, { begin: 5 }))).toEqual({ code, where: 'linear(options)' });
    expect(refusal(() => piecewise([]))).toEqual({ code, where: 'piecewise(points)' });
    expect(
      refusal(() =>
        piecewise([
          [0, 1],
          [0, 2],
        ]),
      ),
    ).toEqual({ code, where: 'piecewise(points[1])[0]' });
    expect(
      refusal(() =>
        piecewise([
          [5, 1],
          [4, 2],
        ]),
      ),
    ).toEqual({ code, where: 'piecewise(points[1])[0]' });
    expect(refusal(() => piecewise([[-1, 1]]))).toEqual({ code, where: 'piecewise(points[0])[0]' });
    expect(refusal(() => piecewise([[0, NaN]]))).toEqual({ code, where: 'piecewise(points[0])[1]' });
    expect(refusal(() => piecewise([3 as unknown as [number, number]]))).toEqual({ code, where: 'piecewise(points[0])' });
  });

  it('takes numbers and schedules alike', () => {
    const own: Schedule = { kind: 'mine', at: (step) => step };
    expect(toSchedule(own)).toBe(own);
    expect(toSchedule(0.3)).toMatchObject({ kind: 'constant', value: 0.3 });
    for (const bad of [NaN, '1', null, {}, { kind: 'x' }, { at: () => 1 }]) {
      expect(refusal(() => toSchedule(bad as number, 'option(x)'))).toEqual({ code: 'invalid-option', where: 'option(x)' });
    }
  });
});
