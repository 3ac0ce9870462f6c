import fc from 'fast-check';

/** A two-player zero-sum game: what the row player receives from the column player. */
export interface MatrixGame {
  /** m. */
  readonly rows: number;
  /** n. */
  readonly columns: number;
  /** `[m, n]` row-major. */
  readonly payoffs: readonly number[];
}

/** How large drawn games are. */
export interface MatrixGameOptions {
  /** Default 4. */
  readonly maxRows?: number;
  /** Default 4. */
  readonly maxColumns?: number;
}

/** Games of a few rows and columns with whole payoffs, so that ties and dominated actions are frequent. {@link solveMatrixGame} solves them. */
export function matrixGameArb({ maxRows = 4, maxColumns = 4 }: MatrixGameOptions = {}): fc.Arbitrary<MatrixGame> {
  return fc
    .record({ rows: fc.integer({ min: 1, max: maxRows }), columns: fc.integer({ min: 1, max: maxColumns }) })
    .chain(({ rows, columns }) =>
      fc
        .array(fc.integer({ min: -9, max: 9 }), { minLength: rows * columns, maxLength: rows * columns })
        .map((payoffs) => ({ rows, columns, payoffs })),
    );
}
