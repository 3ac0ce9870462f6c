/** `id mod capacity`, for whole numbers of at least 0: the slot of an id. The remainder operator is slow on doubles; the quotient here is exact. */
export function slotOf(id: number, capacity: number): number {
  return id - Math.floor(id / capacity) * capacity;
}
