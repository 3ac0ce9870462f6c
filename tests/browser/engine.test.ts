import { describe, expect, test } from 'vitest';
import { wasm } from '../../src/index.ts';
import { assertQNetwork } from '../../src/testing/index.ts';

describe('the embedded engine in a browser', () => {
  test('takes fused multiply-add', () => {
    expect(wasm().description).toBe('WebAssembly relaxed SIMD');
  });

  test.each(['auto', 'strict'] as const)('keeps the contract of engines: %s', (simd) =>
    assertQNetwork(() => wasm({ simd }), { seed: 1 }),
  );
});
