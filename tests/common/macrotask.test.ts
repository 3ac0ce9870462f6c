import { afterEach, expect, test, vi } from 'vitest';
import { Breather, nextMacrotask } from '../../src/common/macrotask.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const waits = async () => {
  const order: string[] = [];
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      order.push('timer');
      resolve();
    }, 0),
  );
  await Promise.resolve();
  order.push('microtask');
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
  await nextMacrotask();
  order.push('macrotask');
  await timer;
  return order;
};

test('timers that are due run before the next turn is over, with setImmediate as with MessageChannel', async () => {
  expect(await waits()).toEqual(['microtask', 'timer', 'macrotask']);
  vi.stubGlobal('setImmediate', undefined);
  expect(await waits()).toEqual(['microtask', 'timer', 'macrotask']);
});

test('a platform with neither goes on at once', async () => {
  vi.stubGlobal('setImmediate', undefined);
  vi.stubGlobal('MessageChannel', undefined);
  await nextMacrotask();
});

test('a breather falls due after a slice of work, and not again right after breathing', async () => {
  let now = 100;
  vi.stubGlobal('performance', { now: () => now });
  const breather = new Breather();
  expect(breather.due).toBe(false);
  now += 13;
  expect(breather.due).toBe(true);
  await breather.breathe();
  expect(breather.due).toBe(false);
});
