// What the tests in this folder can count on.
import { expect, test } from 'vitest';

test('the page is a secure context that shares nothing, with the memory and the graphics that engines use', async () => {
  expect(navigator.userAgent).toContain('Chrome');
  expect([isSecureContext, crossOriginIsolated]).toEqual([true, true]);
  expect(new SharedArrayBuffer(8).byteLength).toBe(8);
  expect(new OffscreenCanvas(1, 1).getContext('webgl2')).not.toBeNull();
  expect('gpu' in navigator).toBe(true);
});
