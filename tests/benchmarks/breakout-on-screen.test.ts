import { expect, test } from 'vitest';
import { breakoutOnScreen, onScreen } from '../../benchmarks/pixels/breakout-on-screen.ts';
import { Breakout } from '../../src/environments/index.ts';
import { checkEnvironment } from '../../src/testing/index.ts';

test('every pixel of the screen shows its cell of the game', async () => {
  const [game, screen] = [new Breakout({ actionSet: 'minimal' }), onScreen(new Breakout({ actionSet: 'minimal' }))];
  let { observation: frame } = game.reset({ seed: 3 });
  let { observation: picture } = await screen.reset({ seed: 3 });
  const colors = [
    [200, 72, 72],
    [236, 236, 236],
    [96, 96, 96],
    [66, 158, 130],
  ];
  for (let step = 0; step < 5; step++) {
    for (let y = 0; y < 210; y++) {
      for (let x = 0; x < 160; x++) {
        const cell = Math.floor(y / 21) * 10 + Math.floor(x / 16);
        const seen = [3, 2, 1, 0].find((channel) => frame[cell * 4 + channel] === 1);
        const pixel = picture.slice((y * 160 + x) * 3, (y * 160 + x) * 3 + 3);
        if (String(pixel) !== String(seen === undefined ? [0, 0, 0] : colors[seen]))
          throw new Error(`row ${y}, column ${x}: ${String(pixel)}`);
      }
    }
    ({ observation: frame } = game.step(step % 3));
    ({ observation: picture } = await screen.step(step % 3));
  }
});

test('through the pipeline it is an environment of stacks of four frames', async () => {
  expect(breakoutOnScreen().observationSpace).toMatchObject({ shape: [84, 84, 4], stacking: { frames: 4 } });
  expect((await checkEnvironment(breakoutOnScreen, { steps: 60 })).problems).toEqual([]);
});
