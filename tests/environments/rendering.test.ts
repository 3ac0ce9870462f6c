import { describe, expect, test } from 'vitest';
import { Acrobot, CartPole, CliffWalking, DeepSea, GridWorld, MountainCar } from '../../src/environments/index.ts';
import { renderGrid } from '../../src/environments/rendering/grid.ts';
import { Random } from '../../src/common/random.ts';
import { cases } from './support.ts';
import { checkXml } from '../support/check-xml.ts';

const ESCAPE = String.fromCharCode(27);
const RESET = `${ESCAPE}[0m`;
const ESCAPES = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g');

/** The text without colours, line by line. */
function plain(ansi: string): string[] {
  return ansi.replaceAll(ESCAPES, '').split('\n');
}

describe.each(cases)('$name', ({ name, create, drawing }) => {
  test('draws a well-formed SVG document and an ANSI text of its size, at any time', () => {
    const environment = create();
    const random = new Random(1);
    const seen = new Set<string>();
    const look = (): void => {
      const svg = environment.render('svg');
      const names = checkXml(svg);
      expect(names.slice(0, 3)).toEqual(['svg', 'title', 'rect']);
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="600" height="400" viewBox="0 0 600 400"/);
      expect(svg).toContain(`<title>${name}</title>`);
      const ansi = environment.render('ansi');
      const lines = plain(ansi);
      const [rows, columns] = drawing;
      expect(lines).toHaveLength(rows + 1);
      for (const line of lines.slice(0, rows)) expect([...line]).toHaveLength(columns);
      expect(lines[rows]).toMatch(`${name} · step `);
      // Colours never leak out of a line.
      for (const line of ansi.split('\n')) expect(line.match(ESCAPES)?.at(-1) ?? RESET).toBe(RESET);
      seen.add(svg);
    };
    look();
    environment.reset({ seed: 3 });
    look();
    for (let i = 0; i < 40; i++) {
      const { terminated, truncated } = environment.step(random.integer(environment.actionSpace.n));
      look();
      if (terminated || truncated) environment.reset();
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  test('drawing changes nothing', () => {
    const environment = create();
    environment.reset({ seed: 3 });
    const before = environment.getState();
    environment.render('ansi');
    environment.render('svg');
    expect(environment.getState()).toEqual(before);
  });
});

/** The columns of the first and last dot in a line of Braille, in characters. */
function extent(line: string): [number, number] {
  const dots = [...line].flatMap((character, i) => (character === ' ' ? [] : [i]));
  return [dots[0], dots.at(-1)!];
}

test('the cart-pole is drawn where it is', () => {
  const environment = new CartPole();
  environment.reset({ options: { state: [0, 0, 0, 0] } });
  // The view is 5.4 m in 60 characters: the cart of half a metre is in the middle, the pole 1 m high above it.
  const middle = plain(environment.render('ansi'));
  expect(middle.slice(0, 7).join('').trim()).toBe('');
  expect(middle.slice(8, 12).map(extent)).toEqual([
    [29, 30],
    [29, 30],
    [29, 30],
    [29, 30],
  ]);
  // Two dots wide, from dot 31 of 80 down: the right column of one character and the left one of the next.
  expect(middle.slice(7, 9).map((line) => line.trim())).toEqual(['⢀⡀', '⢸⡇']);
  expect(environment.render('svg')).toContain('<polyline points="300,266.67 300,155.56"');
  environment.reset({ options: { state: [1.8, 0, Math.PI / 2, 0] } });
  expect(environment.render('svg')).toContain('<polyline points="500,266.67 611.11,266.67"');
});

test('the car is drawn on the slope, and the links hang from their joint', () => {
  const car = new MountainCar();
  car.reset({ options: { state: [-Math.PI / 6, 0] } });
  // At the valley's bottom the car is level: both wheels at one height, symmetric about it.
  const wheels = [...car.render('svg').matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((match) => [
    Number(match[1]),
    Number(match[2]),
  ]);
  expect(wheels[0][1]).toBe(wheels[1][1]);
  expect((wheels[0][0] + wheels[1][0]) / 2).toBeCloseTo(((1.25 - Math.PI / 6) * 600) / 1.9, 1);
  const arm = new Acrobot();
  arm.reset({ options: { state: [0, 0, 0, 0] } });
  expect(arm.render('svg')).toContain('<polyline points="300,200 300,290.91"');
  expect(arm.render('svg')).toContain('<polyline points="300,290.91 300,381.82"');
  arm.reset({ options: { state: [Math.PI / 2, Math.PI / 2, 0, 0] } });
  expect(arm.render('svg')).toContain('<polyline points="300,200 390.91,200"');
  expect(arm.render('svg')).toContain('<polyline points="390.91,200 390.91,109.09"');
});

test('grids are drawn cell by cell', () => {
  const grid = new GridWorld();
  grid.reset();
  expect(plain(grid.render('ansi'))).toEqual([
    '          G ',
    '          X ',
    ' ●          ',
    'GridWorld · step 0 · row 2, column 0',
  ]);
  const cliff = new CliffWalking();
  cliff.reset();
  cliff.step(0);
  expect(plain(cliff.render('ansi')).slice(2)).toEqual([
    ` ● ${' '.repeat(33)}`,
    ` S ${' X '.repeat(10)} G `,
    'CliffWalking · step 1 · row 2, column 0',
  ]);
  expect(cliff.render('svg')).toContain('<circle cx="36" cy="212"');
  const sea = new DeepSea({ size: 3 });
  sea.reset();
  expect(plain(sea.render('ansi'))).toEqual([' ●       ', '         ', '       ◆ ', 'DeepSea · step 0 · row 0, column 0 of 3']);
  for (let i = 0; i < 3; i++) sea.step(0);
  // The diver has left the sea.
  expect(sea.render('ansi')).not.toContain('●');
  expect(sea.render('svg')).not.toContain('<circle');
});

test('texts are escaped', () => {
  const svg = renderGrid('svg', {
    title: 'a<b',
    caption: 'x & y > z',
    rows: 1,
    columns: 1,
    agent: -1,
    cell: () => ({ color: 'pale', text: '<&' }),
  });
  checkXml(svg);
  expect(svg).toContain('<title>a&lt;b</title>');
  expect(svg).toContain('>&lt;&amp;</text>');
  expect(svg).toContain('x &amp; y &gt; z');
});
