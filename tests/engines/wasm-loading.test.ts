import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { KERNELS as GRU } from '../../src/engines/wasm/gru-kernels.generated.ts';
import { chooseKernels } from '../../src/engines/wasm/choose-kernels.ts';
import { kernelBytes, loadKernels } from '../../src/engines/wasm/load-kernels.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';

describe('wasm()', () => {
  it('takes the relaxed kernels where the platform accepts them', () => {
    expect(chooseKernels(false, () => true)).toBe('relaxed');
  });

  it('falls back to the plain kernels', () => {
    const seen: Uint8Array[] = [];
    const acceptSecond = (bytes: Uint8Array) => seen.push(bytes) === 2;
    expect(chooseKernels(false, acceptSecond)).toBe('plain');
    expect(seen).toHaveLength(2);
    // Both are modules, and what the first asks for beyond the second is the fused multiply-add.
    expect(seen.map((bytes) => WebAssembly.validate(Uint8Array.from(bytes)))).toEqual([chooseKernels(false) === 'relaxed', true]);
    const fused = [0xfd, 0x85, 0x02];
    expect(seen.map((bytes) => bytes.some((_, at) => fused.every((byte, i) => bytes[at + i] === byte)))).toEqual([true, false]);
  });

  it('asks about modules that are no more than what it asks about', () => {
    const seen: Uint8Array[] = [];
    chooseKernels(false, (bytes) => seen.push(bytes) === 2);
    for (const bytes of seen) {
      expect([...bytes.subarray(0, 8)]).toEqual([0, 97, 115, 109, 1, 0, 0, 0]);
      // Cut short, or with another instruction, they are no modules.
      expect(WebAssembly.validate(Uint8Array.from(bytes.subarray(0, -1)))).toBe(false);
    }
  });

  it('takes the plain kernels when strict, without asking for others', () => {
    let asked = 0;
    expect(chooseKernels(true, () => ++asked > 0)).toBe('plain');
    expect(asked).toBe(1);
    expect(wasm({ simd: 'strict' }).description).toBe('WebAssembly SIMD');
  });

  it('turns the sums of products of all matrix kernels into fused ones, and nothing else', () => {
    const [plain, relaxed] = [kernelBytes('plain'), kernelBytes('relaxed')];
    const count = (bytes: Uint8Array, ...operation: number[]) =>
      bytes.filter((_, at) => operation.every((byte, i) => bytes[at + i] === byte)).length;
    const fused = count(relaxed, 0xfd, 0x85, 0x02);
    // 28 in the matrix kernels alone.
    expect(fused).toBeGreaterThan(40);
    expect(count(plain, 0xfd, 0x85, 0x02)).toBe(0);
    expect(count(relaxed, 0xfd, 0xe6, 0x01)).toBe(count(plain, 0xfd, 0xe6, 0x01) - fused);
    // Four bytes for each fused operation (the last of the product's is a nop already), and one for each of two dropped conditions.
    expect(relaxed.filter((byte, at) => byte !== plain[at])).toHaveLength(4 * fused + 2);
    expect(WebAssembly.validate(plain)).toBe(true);
  });

  it('fuses sums of products in kernels of single layers too', () => {
    const [plain, relaxed] = [kernelBytes('plain', GRU), kernelBytes('relaxed', GRU)];
    expect(relaxed).not.toEqual(plain);
    expect(relaxed).toHaveLength(plain.length);
    expect(WebAssembly.validate(plain)).toBe(true);
  });

  it('says what to do on a platform without SIMD', () => {
    expect(() => chooseKernels(false, () => false)).toThrow(
      expect.objectContaining({ code: 'unsupported-platform', remedy: expect.stringContaining('tfjs') }),
    );
  });

  it('gives every instance a memory of its own', () => {
    expect(loadKernels('plain').memory).not.toBe(loadKernels('plain').memory);
  });

  it('refuses an unknown option', () => {
    // @ts-expect-error: not an option
    expect(() => wasm({ simd: 'fast' })).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'wasm(simd)' }));
    // @ts-expect-error: a misspelt option
    expect(() => wasm({ smid: 'strict' })).toThrow(expect.objectContaining({ code: 'invalid-option', received: 'smid' }));
  });

  it('refuses a malformed spec or optimiser', () => {
    const engine = wasm();
    const random = new Random(1);
    // @ts-expect-error: no such layer
    expect(() => engine.createNetwork({ inputShape: [1], layers: [{ kind: 'conv' }] }, { random })).toThrow(
      expect.objectContaining({ code: 'invalid-option', where: 'network.layers[0].kind' }),
    );
    const before = engine.memoryBytes;
    expect(() =>
      // @ts-expect-error: no such rule
      engine.createNetwork({ inputShape: [1], layers: [{ kind: 'dense', units: 9 }] }, { random, optimizer: { kind: 'lion' } }),
    ).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'optimizer(kind)' }));
    expect(engine.memoryBytes).toBe(before);
  });
});
