import { checkInteger } from '../../common/check.ts';
import type { Environment, ResetResult } from '../environment.ts';
import { box } from '../spaces/box.ts';
import { requireImage } from './require-image.ts';
import { wrap } from './wrapper.ts';

/** The size that {@link resizeArea} gives pictures. */
export interface ResizeOptions {
  /** Rows, at least 1. */
  readonly height: number;
  /** Columns, at least 1. */
  readonly width: number;
}

/** How the pixels along one axis are averaged: pixel i of the new axis is made of old ones from `first[i]` on, with `weights[i]`, which sum to 1. */
interface Averages {
  readonly first: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

/** New pixel i covers the old ones from i·from/to to (i + 1)·from/to. */
function averages(from: number, to: number): Averages {
  const first: number[] = [];
  const weights: number[][] = [];
  for (let i = 0; i < to; i++) {
    // In whole numbers, units of 1/to: no rounding can move an edge.
    const begin = i * from;
    const end = begin + from;
    const start = Math.floor(begin / to);
    const row: number[] = [];
    for (let pixel = start; pixel * to < end; pixel++) {
      row.push((Math.min(end, (pixel + 1) * to) - Math.max(begin, pixel * to)) / from);
    }
    first.push(start);
    weights.push(row);
  }
  return { first, weights };
}

/**
 * Resizes pictures `[H, W]` or `[H, W, C]` so that every new pixel is the mean of the area that it covers, rounded: what OpenCV calls INTER_AREA, and how
 * DQN's frames become 84 × 84.
 *
 * @throws DqnError `invalid-option` if a size is no whole number of at least 1; `invalid-space` unless observations are pictures of bytes.
 */
export function resizeArea<Action>(
  environment: Environment<Uint8Array, Action>,
  { height, width }: ResizeOptions,
): Environment<Uint8Array, Action> {
  const { shape } = requireImage('resizeArea', environment.observationSpace);
  checkInteger('resizeArea(height)', height, { min: 1 });
  checkInteger('resizeArea(width)', width, { min: 1 });
  const [oldHeight, oldWidth, channels = 1] = shape;
  const rows = averages(oldHeight, height);
  const columns = averages(oldWidth, width);
  const rowSize = oldWidth * channels;
  /** One new row of old columns. */
  const row = new Float64Array(rowSize);
  const see = <R extends ResetResult<Uint8Array>>(result: R): R => {
    const old = result.observation;
    const observation = new Uint8Array(height * width * channels);
    for (let y = 0, to = 0; y < height; y++) {
      row.fill(0);
      rows.weights[y].forEach((weight, j) => {
        const from = (rows.first[y] + j) * rowSize;
        for (let i = 0; i < rowSize; i++) row[i] += weight * old[from + i];
      });
      for (let x = 0; x < width; x++) {
        const weights = columns.weights[x];
        for (let c = 0; c < channels; c++, to++) {
          let sum = 0.5;
          for (let j = 0, from = columns.first[x] * channels + c; j < weights.length; j++, from += channels)
            sum += weights[j] * row[from];
          observation[to] = sum;
        }
      }
    }
    return { ...result, observation };
  };
  return wrap(environment, {
    kind: 'resizeArea',
    observationSpace: box({ low: 0, high: 255, shape: [height, width, ...shape.slice(2)], dtype: 'uint8' }),
    begin: see,
    advance: see,
  });
}
