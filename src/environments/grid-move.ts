/**
 * The cell next to `cell` (= row · columns + column): above (0), to the right (1), below (2) or to the left (3); the same
 * cell where the grid ends.
 */
export function neighbor(cell: number, direction: number, rows: number, columns: number): number {
  const column = cell % columns;
  if (direction === 0) return cell >= columns ? cell - columns : cell;
  if (direction === 1) return column < columns - 1 ? cell + 1 : cell;
  if (direction === 2) return cell < (rows - 1) * columns ? cell + columns : cell;
  return column > 0 ? cell - 1 : cell;
}
