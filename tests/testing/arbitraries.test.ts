import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkNetworkSpec } from '../../src/networks/check-spec.ts';
import { planNetwork } from '../../src/networks/plan.ts';
import { uniform } from '../../src/replay/uniform.ts';
import * as kit from '../../src/testing/index.ts';

const shapeArb = fc.record({ batch: fc.integer({ min: 1, max: 4 }), actions: fc.integer({ min: 1, max: 4 }) });

it('masks leave an action possible unless told otherwise', () => {
  fc.assert(
    fc.property(
      shapeArb.chain((shape) => fc.tuple(fc.constant(shape), kit.maskArb(shape))),
      ([{ batch, actions }, mask]) => {
        expect(mask.length).toBe(batch * actions);
        for (let b = 0; b < batch; b++) expect([...mask.subarray(b * actions, (b + 1) * actions)]).toContain(1);
      },
    ),
  );
  expect(
    fc.sample(kit.maskArb({ batch: 1, actions: 2 }, { empty: true }), { numRuns: 100, seed: 1 }).some((mask) => !mask.includes(1)),
  ).toBe(true);
});

it('values lie in their range, with ties', () => {
  const tables = fc.sample(kit.qValuesArb({ batch: 2, actions: 3 }, { min: -2, max: 3 }), { numRuns: 100, seed: 1 });
  for (const table of tables) expect(table.every((x) => x >= -2 && x <= 3)).toBe(true);
  expect(tables.filter((table) => new Set(table).size < 6).length).toBeGreaterThan(20);
});

it('priorities are finite and not negative, supports ordered', () => {
  fc.assert(fc.property(kit.priorityArb(), (p) => p >= 0 && p < Infinity));
  fc.assert(fc.property(kit.supportArb({ maxAtoms: 5 }), ({ atoms, vMin, vMax }) => atoms >= 2 && atoms <= 5 && vMin < vMax));
});

it('transitions are taken by a buffer, and batches have its shapes', () => {
  fc.assert(
    fc.property(
      kit
        .layoutArb()
        .chain((layout) =>
          fc.tuple(fc.constant(layout), kit.transitionArb(layout), kit.batchArb(layout, { size: 3, masks: 'always' })),
        ),
      ([layout, transition, batch]) => {
        const buffer = uniform({ capacity: 2 }).create(layout);
        buffer.add(transition);
        expect(buffer.size).toBe(1);
        expect(batch.observations.length).toBe(3 * layout.observationSize);
        expect(batch.nextActionMasks?.length).toBe(3 * layout.actions);
        expect(batch.actions.every((a) => a < layout.actions)).toBe(true);
      },
    ),
  );
});

it('observations are elements of their spaces, of every kind', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(
      kit.spaceArb().chain((space) => fc.tuple(fc.constant(space), kit.observationArb(space))),
      ([space, observation]) => {
        kinds.add(space.kind);
        expect(space.contains(observation)).toBe(true);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
  expect(kinds.size).toBe(6);
});

it('the outcomes of each action of a finite MDP have probability 1 together', () => {
  fc.assert(
    fc.property(kit.finiteMdpArb(), ({ states, actions, discount, transitions }) => {
      const sums = new Float64Array(states * actions);
      for (const { state, action, probability, nextState } of transitions) {
        sums[state * actions + action] += probability;
        expect(nextState < states).toBe(true);
      }
      for (const sum of sums) expect(sum).toBeCloseTo(1, 9);
      expect(discount >= 0 && discount <= 0.9).toBe(true);
    }),
  );
});

it('networks are sound, of the kinds asked for', () => {
  fc.assert(
    fc.property(kit.networkArb(), (spec) => {
      expect(planNetwork(checkNetworkSpec(spec)).length).toBe(spec.layers.length);
    }),
  );
  const kinds = (specs: ReturnType<typeof fc.sample<{ layers: readonly { kind: string }[] }>>) =>
    new Set(specs.flatMap(({ layers }) => layers.map(({ kind }) => kind)));
  expect([...kinds(fc.sample(kit.networkArb(), { seed: 1 }))].sort()).toEqual(['dense', 'dueling', 'layerNorm']);
  expect([...kinds(fc.sample(kit.networkArb({ kinds: ['dense'] }), { seed: 1 }))]).toEqual(['dense']);
});
