import { expect, inject, test } from 'vitest';
import { strictRun } from '../support/strict-run.ts';

test('the same seed learns in a browser what it learns in Node, bit for bit, time after time', async () => {
  const run = await strictRun(1);
  // A random policy stands for 22 steps.
  expect(run.before).toBeLessThan(60);
  expect(run.after).toBeGreaterThan(100);
  expect(run).toEqual(inject('nodeRun'));
  expect(await strictRun(1)).toEqual(run);
  expect((await strictRun(2)).policy).not.toBe(run.policy);
});
