import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/engines/wasm/heap.ts';

const BASE = 1024;
const createHeap = (maximum = 64) => new Heap(new WebAssembly.Memory({ initial: 1, maximum }), BASE);

describe('Heap', () => {
  it('hands out blocks that never overlap, begin at cache lines, and keep their contents', () => {
    const operationArb = fc.oneof(
      fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })).map((bytes) => ({ allocate: bytes })),
      fc.nat({ max: 30 }).map((which) => ({ free: which })),
    );
    fc.assert(
      fc.property(fc.array(operationArb, { maxLength: 120 }), (operations) => {
        const heap = createHeap();
        const blocks: { start: number; length: number; mark: number }[] = [];
        operations.forEach((operation, mark) => {
          if ('allocate' in operation) {
            const start = heap.allocate(operation.allocate);
            expect(start % 64).toBe(0);
            expect(blocks.map((block) => block.start)).not.toContain(start);
            expect(start).toBeGreaterThanOrEqual(BASE);
            expect(start + operation.allocate + 128).toBeLessThanOrEqual(heap.size);
            const length = Math.ceil(operation.allocate / 4);
            heap.f32.fill(mark, start / 4, start / 4 + length);
            blocks.push({ start, length, mark });
          } else if (blocks.length > 0) {
            const [block] = blocks.splice(operation.free % blocks.length, 1);
            heap.free(block.start);
          }
          for (const block of blocks) {
            const contents = heap.f32.subarray(block.start / 4, block.start / 4 + block.length);
            expect(contents.every((x) => x === block.mark)).toBe(true);
          }
        });
        for (const block of blocks) heap.free(block.start);
        expect(heap.allocate(1)).toBe(BASE);
      }),
      { numRuns: 60 },
    );
  });

  it('merges neighbours, so that a block as large as two freed ones fits in their place', () => {
    const heap = createHeap();
    const [a, b, c, d] = [640, 640, 640, 64].map((bytes) => heap.allocate(bytes));
    heap.free(a);
    heap.free(c);
    heap.free(b);
    expect(heap.allocate(1920)).toBe(a);
    expect(heap.allocate(64)).toBe(d + 64);
  });

  it('ignores a block that is not in use', () => {
    const heap = createHeap();
    const a = heap.allocate(64);
    heap.free(a);
    heap.free(a);
    expect([heap.allocate(64), heap.allocate(64)]).toEqual([a, a + 64]);
  });

  it('refuses more than there is, and goes on', () => {
    const heap = createHeap(2);
    const refused = expect.objectContaining({ code: 'out-of-memory' });
    expect(() => heap.allocate(3 * 65_536)).toThrow(refused);
    expect(() => heap.allocate(2 ** 40)).toThrow(refused);
    expect(heap.allocate(65_536)).toBe(BASE);
    expect(heap.size).toBe(2 * 65_536);
  });
});
