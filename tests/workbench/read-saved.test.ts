import { expect, test } from 'vitest';
import { createAgent, mlp } from '../../src/index.ts';
import { encodeArchive } from '../../src/common/archive.ts';
import { CartPole } from '../../src/environments/index.ts';
import { readSaved } from '../../src/workbench/index.ts';

test('readSaved opens every kind and version, with the state as it was', async () => {
  const agent = await createAgent(new CartPole(), { network: mlp({ hidden: [4] }), seed: 1 });
  expect(readSaved(await agent.savePolicy())).toMatchObject({ kind: 'policy', state: { actions: 2 } });
  expect(readSaved(await agent.save())).toMatchObject({ kind: 'agent', state: { step: 0 } });
  const state = { numbers: Float32Array.of(1, NaN), deep: [{ $: -0 }] };
  expect(readSaved(encodeArchive({ kind: 'of the future', version: 70, state }))).toEqual({
    kind: 'of the future',
    version: 70,
    state,
  });
});

test('readSaved refuses what is damaged or foreign', () => {
  const bytes = encodeArchive({ kind: 'policy', version: 1, state: { values: Float32Array.of(1, 2, 3) } });
  const flipped = bytes.slice();
  flipped[flipped.length - 1] ^= 1;
  expect(() => readSaved(flipped)).toThrow(/expected the checksum/);
  expect(() => readSaved(bytes.subarray(0, -1))).toThrow(/only the first/);
  expect(() => readSaved(new TextEncoder().encode('{"a":1}'.repeat(20)))).toThrow(/another kind of file/);
});
