// MinAtar's Breakout on a screen like Atari's, seen through the pipeline of "Playing Atari". docs/pixels.md says how it is trained, and what comes of it.
import { atari, box, Breakout } from '../../src/environments/index.ts';
import type { Environment, ResetResult } from '../../src/index.ts';
import { wrap } from '../../src/environment/wrappers/wrapper.ts';

/** Rows and columns of Atari's screen, and of the game. */
const [HEIGHT, WIDTH, CELLS] = [210, 160, 10];
const [CELL_HEIGHT, CELL_WIDTH] = [HEIGHT / CELLS, WIDTH / CELLS];
/** Red, green and blue of what a cell shows, by MinAtar's channels: paddle, ball, trail, bricks. A cell that shows nothing is black. */
const COLORS = [
  [200, 72, 72],
  [236, 236, 236],
  [96, 96, 96],
  [66, 158, 130],
] as const;

/** Paints frames `[10, 10, 4]` of 0 and 1 as pictures `[210, 160, 3]`, a rectangle a cell. */
export function onScreen(game: Environment<Uint8Array, number>): Environment<Uint8Array, number> {
  const paint = <R extends ResetResult<Uint8Array>>(result: R): R => {
    const { observation: frame } = result;
    const picture = new Uint8Array(HEIGHT * WIDTH * 3);
    for (let cell = 0; cell < CELLS * CELLS; cell++) {
      const channel = frame.subarray(cell * COLORS.length, (cell + 1) * COLORS.length).lastIndexOf(1);
      if (channel < 0) continue;
      const top = Math.floor(cell / CELLS) * CELL_HEIGHT;
      const left = (cell % CELLS) * CELL_WIDTH;
      for (let y = top; y < top + CELL_HEIGHT; y++) {
        for (let x = left; x < left + CELL_WIDTH; x++) picture.set(COLORS[channel], (y * WIDTH + x) * 3);
      }
    }
    return { ...result, observation: picture };
  };
  const observationSpace = box({ low: 0, high: 255, shape: [HEIGHT, WIDTH, 3], dtype: 'uint8' });
  return wrap(game, { kind: 'onScreen', observationSpace, begin: paint, advance: paint });
}

/** What DQN's network sees of it, `[84, 84, 4]`. A frame of MinAtar is worth several of Atari, so none is skipped. */
export function breakoutOnScreen(): Environment<Uint8Array, number> {
  return atari(onScreen(new Breakout({ actionSet: 'minimal' })), { frameSkip: 1 });
}
