import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/common/errors.ts';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { cases, choicesArb, finish, play, world } from './support.ts';

/** The error that a call throws. */
function thrown(call: () => unknown): DqnError {
  try {
    call();
  } catch (error) {
    if (error instanceof DqnError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function expectCode(code: ErrorCode, call: () => unknown): void {
  expect(thrown(call).code).toBe(code);
}

describe.each(cases)('$name', ({ name, create, limited, ending = 0, masked = false }) => {
  test('equal seeds and actions give equal episodes', () => {
    fc.assert(
      fc.property(fc.integer(), choicesArb, (seed, choices) => {
        const [a, b] = [create(), create()];
        expect(a.reset({ seed })).toEqual(b.reset({ seed }));
        expect(play(a, choices)).toEqual(play(b, choices));
      }),
      { numRuns: 20 },
    );
  });

  test('the first reset without a seed is seeded by 0, later ones go on, and a seed starts anew', () => {
    const [a, b] = [create(), create()];
    expect(a.reset()).toEqual(b.reset({ seed: 0 }));
    const random = new Random(3);
    const choices = Array.from({ length: 300 }, () => random.integer(12));
    const first = play(a, choices);
    expect(play(b, choices)).toEqual(first);
    a.reset({ seed: 0 });
    expect(play(a, choices)).toEqual(first);
  });

  test('every observation fits its space, is fresh and is never changed later', () => {
    const environment = create();
    const random = new Random(5);
    const kept: { now: unknown; copy: unknown }[] = [];
    const keep = (observation: unknown): void => {
      expect(environment.observationSpace.contains(observation)).toBe(true);
      kept.push({ now: observation, copy: structuredClone(observation) });
    };
    keep(environment.reset({ seed: 9 }).observation);
    for (let i = 0; i < 300; i++) {
      const result = environment.step(random.integer(environment.actionSpace.n));
      const mask = masked ? ['actionMask'] : [];
      expect(Object.keys(result)).toEqual(['observation', 'reward', 'terminated', 'truncated', ...mask, 'info']);
      keep(result.observation);
      if (result.terminated || result.truncated) keep(environment.reset().observation);
    }
    for (const { now, copy } of kept) expect(now).toEqual(copy);
    const arrays = kept.map(({ now }) => now).filter((value) => value instanceof Float32Array);
    expect(new Set(arrays.map((array) => array.buffer)).size).toBe(arrays.length);
  });

  test('a state saved amid an episode, through JSON, goes on exactly as the original, across resets', () => {
    fc.assert(
      fc.property(fc.integer(), choicesArb, choicesArb, (seed, before, after) => {
        const original = create();
        original.reset({ seed });
        play(original, before);
        const state = original.getState();
        const copy = create();
        copy.setState(JSON.parse(JSON.stringify(state)) as State);
        expect(copy.getState()).toEqual(state);
        expect(copy.render('ansi')).toBe(original.render('ansi'));
        expect(play(copy, after)).toEqual(play(original, after));
        expect(copy.getState()).toEqual(original.getState());
      }),
      { numRuns: 20 },
    );
  });

  test('a saved state is not changed by later steps', () => {
    const environment = create();
    environment.reset({ seed: 4 });
    const state = environment.getState();
    const copy = structuredClone(state);
    play(environment, [0, 1, 0, 1, 1]);
    environment.reset();
    expect(state).toEqual(copy);
  });

  test('the states before the first reset and after the end are restored as such', () => {
    const environment = create();
    const restored = create();
    restored.setState(environment.getState());
    expectCode('not-reset', () => restored.step(0));
    expect(restored.reset()).toEqual(environment.reset());
    finish(environment, (step) => (step % 2 === 0 ? ending : 1));
    restored.setState(environment.getState());
    expectCode('not-reset', () => restored.step(0));
    expect(restored.reset()).toEqual(environment.reset());
  });

  test('a step before reset, after the end and after close is refused', () => {
    const environment = create();
    expect(thrown(() => environment.step(0)).message).toMatch(
      `${name}.step(action): expected a running episode but received a step before`,
    );
    environment.reset();
    finish(environment, () => ending);
    expect(thrown(() => environment.step(0)).message).toMatch(/after the episode ended at step \d+\. Call reset\(\) first\./);
    expectCode('not-reset', () => environment.step(0));
    environment.reset();
    environment.step(0);
    environment.close();
    environment.close();
    expectCode('not-reset', () => environment.step(0));
    environment.reset();
    environment.step(0);
  });

  test('an action outside the space is refused by name, and nothing happens', () => {
    const environment = create();
    environment.reset({ seed: 2 });
    const { n } = environment.actionSpace;
    const before = environment.getState();
    const wrong: readonly unknown[] = [-1, n, 0.5, NaN, Infinity, '0', null, undefined, [0], 0n, true, {}, Symbol('a')];
    for (const action of wrong) expectCode('invalid-action', () => environment.step(action as number));
    expect(thrown(() => environment.step(n)).message).toContain(`expected a whole number in [0, ${n - 1}] but received ${n}.`);
    expect(environment.getState()).toEqual(before);
  });

  test('a bad seed or state to start from is refused, and the episode goes on', () => {
    const environment = create();
    environment.reset({ seed: 2 });
    environment.step(1);
    const before = environment.getState();
    expectCode('invalid-option', () => environment.reset({ seed: NaN }));
    const holes: number[] = [];
    holes.length = world(environment).length;
    for (const state of [3, null, 'left', [], [NaN], [1, 2, 3, 4, 5, 6], [1e9], { 0: 1 }, ['1'], [0.5], [-1], holes]) {
      expectCode('invalid-option', () => environment.reset({ options: { state } }));
    }
    expect(environment.getState()).toEqual(before);
  });

  test('a state to start from sets the world and draws nothing', () => {
    const environment = create();
    environment.reset({ seed: 8 });
    const { random, world } = environment.getState() as { random: number[]; world: number[] };
    const again = create();
    again.reset({ seed: 21 });
    const seeded = (again.getState() as { random: number[] }).random;
    again.reset({ options: { state: world } });
    expect(again.getState()).toEqual({ ...(environment.getState() as object), random: seeded });
    expect(seeded).not.toEqual(random);
  });

  test('garbage is not loaded, and changes nothing', () => {
    const environment = create();
    environment.reset({ seed: 2 });
    environment.step(1);
    const before = environment.getState();
    const good = structuredClone(before) as { readonly [key: string]: State };
    const garbage: readonly State[] = [
      null,
      1,
      'state',
      [],
      {},
      new Float32Array(4),
      ...Object.keys(good).map((key) => ({ ...good, [key]: null })),
      ...Object.keys(good).map((key) => Object.fromEntries(Object.entries(good).filter(([other]) => other !== key))),
      { ...good, random: [0, 0, 0, 0] },
      { ...good, random: [1, 2, 3] },
      { ...good, steps: -1 },
      { ...good, steps: 1.5 },
      { ...good, running: 1 },
      { ...good, world: [] },
      { ...good, world: [NaN] },
      { ...good, world: [1e9, ...(good['world'] as number[]).slice(1)] },
      { ...good, world: [...(good['world'] as number[]), 0] },
      { ...good, world: (good['world'] as number[]).map(String) },
    ];
    for (const state of garbage) expectCode('invalid-checkpoint', () => environment.setState(state));
    for (const other of cases) {
      if (other.name !== name) expectCode('incompatible-checkpoint', () => environment.setState(other.create().getState()));
    }
    expect(environment.getState()).toEqual(before);
  });

  test('a time limit truncates at its step, not before', () => {
    if (limited === undefined) return;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), choicesArb, (limit, seed, choices) => {
        const environment = limited(limit);
        const free = limited(10_000);
        environment.reset({ seed });
        free.reset({ seed });
        for (let step = 1; ; step++) {
          const action = choices[step % choices.length] % environment.actionSpace.n;
          const result = environment.step(action);
          // A step on the limit is truncated also where it terminates.
          expect(result).toEqual({ ...free.step(action), truncated: step === limit });
          if (result.terminated || result.truncated) break;
        }
        expectCode('not-reset', () => environment.step(0));
      }),
      { numRuns: 30 },
    );
    for (const limit of [0, -1, 1.5, NaN, '9']) expectCode('invalid-option', () => limited(limit as number));
  });
});
