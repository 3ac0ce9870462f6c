import { expect, it } from 'vitest';
import { loadPart } from '../../src/common/load-part.ts';

it('says what cannot be loaded and why, and tries again', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  let tries = 0;
  const load = async () => {
    if (++tries === 1) throw cause;
    return tries;
  };
  await expect(loadPart('layers of kind gru', load)).rejects.toMatchObject({
    code: 'file-failed',
    expected: expect.stringContaining('layers of kind gru'),
    remedy: expect.stringContaining('Serve all files'),
    cause,
  });
  expect(await loadPart('layers of kind gru', load)).toBe(2);
});
