import { afterEach, expect, test, vi } from 'vitest';
import { holdLifeLine } from '../../src/browser/life-line.ts';

afterEach(() => vi.unstubAllGlobals());

/** A worker's global scope as far as a life line needs one. */
function pretendWorker(request: (name: string, callback: () => unknown) => Promise<unknown>) {
  const said: unknown[] = [];
  vi.stubGlobal('navigator', { locks: { request } });
  vi.stubGlobal('postMessage', (message: unknown) => void said.push(message));
  vi.stubGlobal('addEventListener', () => {});
  return said;
}

test('a worker says by which lock it lives', async () => {
  const names: string[] = [];
  const said = pretendWorker(async (name, callback) => {
    names.push(name);
    return callback();
  });
  await holdLifeLine();
  expect(said).toEqual([{ '@scope/dqn life line': names[0] }]);
});

test('a worker in a frame of no origin, which is given no locks, works without a life line', async () => {
  const said = pretendWorker(async () => {
    throw new DOMException('The request was denied.', 'SecurityError');
  });
  await holdLifeLine();
  expect(said).toEqual([]);
});
