import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { GifReader } from 'omggif';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnimatedGif } from '../../src/cli/watch/animated-gif.ts';
import { stillSvg } from '../../src/cli/watch/animated-svg.ts';
import { gifFilm } from '../../src/cli/watch/gif-film.ts';
import { loadRasterise } from '../../src/cli/watch/rasterise.ts';
import { unpackWoff } from '../../src/cli/watch/woff.ts';
import { CartPole } from '../../src/environments/index.ts';
import { createAgent, mlp } from '../../src/index.ts';
import { saveCheckpoint } from '../../src/node/index.ts';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly loops: number;
  /** In hundredths of a second. */
  readonly delays: number[];
  /** What is shown at each time, `[height, width, 4]`. */
  readonly shown: Uint8Array[];
}

/** What a viewer shows, by another package than the one that wrote it. */
function decode(bytes: Uint8Array): Decoded {
  const reader = new GifReader(bytes);
  const { width, height } = reader;
  const screen = new Uint8Array(width * height * 4);
  const numbers = Array.from({ length: reader.numFrames() }, (_, i) => i);
  const shown = numbers.map((i) => {
    // Pictures stay where the next one is laid upon them.
    expect(reader.frameInfo(i).disposal).toBe(1);
    reader.decodeAndBlitFrameRGBA(i, screen);
    return screen.slice();
  });
  return { width, height, loops: reader.loopCount(), delays: numbers.map((i) => reader.frameInfo(i).delay), shown };
}

function film(width: number, height: number, fps: number, pictures: readonly Uint8Array[]): Decoded {
  const gif = new AnimatedGif(width, height, fps);
  for (const picture of pictures) gif.add(picture);
  return decode(Buffer.concat(gif.finish()));
}

/** `[height, width, 4]` of `[height, width]` colours `0xRRGGBB`. */
function opaque(colors: readonly number[]): Uint8Array {
  return Uint8Array.from(colors.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255, 255]));
}

/** `0xRRGGBB` of a pixel. */
function colorAt(rgba: Uint8Array, width: number, x: number, y: number): number {
  const at = 4 * (y * width + x);
  return (rgba[at] << 16) | (rgba[at + 1] << 8) | rgba[at + 2];
}

describe('AnimatedGif', () => {
  test('shows every picture as it was given, as long as each has few colours', () => {
    const color = fc.oneof(fc.constantFrom(0, 0xffffff, 0x2563eb), fc.integer({ min: 0, max: 0xffffff }));
    const side = fc.integer({ min: 1, max: 9 });
    const films = fc.tuple(side, side).chain(([width, height]) => {
      const picture = fc.array(color, { minLength: width * height, maxLength: width * height });
      return fc.array(picture, { minLength: 1, maxLength: 4 }).map((pictures) => ({ width, height, pictures }));
    });
    fc.assert(
      fc.property(films, ({ width, height, pictures }) => {
        // Side by side in one buffer, as pictures from elsewhere may be.
        const all = opaque(pictures.flat());
        const given = pictures.map((picture, i) => all.subarray(4 * picture.length * i, 4 * picture.length * (i + 1)));
        const { shown, ...rest } = film(width, height, 10, given);
        expect(shown).toEqual(given);
        expect(rest).toMatchObject({ width, height, loops: 0 });
      }),
    );
  });

  test.each([255, 256, 257, 4096])('comes near to %d colours, and leaves alone what stays as it was', (count) => {
    const side = 64;
    const colors = Array.from({ length: side * side }, (_, i) => ((i % count) * 0x01_08_05) & 0xffffff);
    const first = opaque(colors);
    // The upper half changes, into as many colours.
    const second = opaque(colors.map((color, i) => (i < colors.length / 2 ? color ^ 0xffffff : color)));
    const { shown } = film(side, side, 10, [first, second]);
    const error = (a: Uint8Array, b: Uint8Array): number => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
    expect(error(shown[0], first)).toBeLessThanOrEqual(count <= 256 ? 0 : 32);
    // One place of the palette is for what stays.
    expect(error(shown[1], second)).toBeLessThanOrEqual(count <= 255 ? 0 : 32);
    expect(shown[1].subarray(shown[1].length / 2)).toEqual(shown[0].subarray(shown[0].length / 2));
  });

  test.each([
    [10, [10, 10, 10, 110]],
    // 3.33 each: as a whole the film keeps its rate.
    [30, [3, 4, 3, 103]],
    [50, [2, 2, 2, 102]],
    [0.5, [200, 200, 200, 300]],
  ])('%d pictures in a second stay for %j hundredths', (fps, delays) => {
    const pictures = [0, 1, 1, 3].map((color) => opaque([color]));
    expect(film(1, 1, fps, pictures).delays).toEqual(delays);
  });
});

describe('unpackWoff', () => {
  test('gives an OpenType file whose tables have the checksums of its directory', async () => {
    const woff = await readFile(join(modules, '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff'));
    const font = unpackWoff(woff);
    const view = new DataView(font.buffer);
    const count = view.getUint16(4);
    expect({ version: view.getUint32(0), count }).toEqual({ version: 0x00_01_00_00, count: 19 });
    expect([6, 8, 10].map((at) => view.getUint16(at))).toEqual([256, 4, 48]);
    const tags = Array.from({ length: count }, (_, i) => {
      const [checksum, offset, length] = [4, 8, 12].map((at) => view.getUint32(12 + 16 * i + at));
      const tag = Buffer.from(font.subarray(12 + 16 * i, 16 + 16 * i)).toString();
      let sum = 0;
      for (let at = offset; at < offset + length; at += 4) sum = (sum + view.getUint32(at)) >>> 0;
      // That of `head` is taken without the field for the checksum of the whole.
      if (tag === 'head') sum = (sum - view.getUint32(offset + 8)) >>> 0;
      expect({ tag, sum }).toEqual({ tag, sum: checksum });
      return tag;
    });
    expect(tags).toEqual(expect.arrayContaining(['cmap', 'glyf', 'head']));
  });
});

describe('gifFilm', () => {
  test('shows what the rasteriser draws: shapes in their colours, words of any font, and the line below', async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect x="20" y="30" width="40" height="50" fill="#2563eb"/>
      ${['sans-serif', 'monospace', 'No Such Font'].map((font, i) => `<text x="100" y="${50 * (i + 1)}" font-size="30" font-family="${font}">●WM</text>`).join('')}</svg>`;
    const gif = await gifFilm({ name: 'test', fps: 10 });
    gif.add({ kind: 'svg', svg }, 'return 3 < 4 & more');
    gif.add({ kind: 'svg', svg }, '');
    const { width, height, shown } = decode(Buffer.concat(gif.finish()));
    expect({ width, height }).toEqual({ width: 300, height: 228 });
    const drawn = (await loadRasterise())(stillSvg({ picture: svg, caption: 'return 3 < 4 & more' }, 300, 200));
    expect(Buffer.compare(shown[0], drawn)).toBe(0);
    expect(colorAt(shown[0], width, 40, 60)).toBe(0x2563eb);
    expect(colorAt(shown[0], width, 10, 10)).toBe(0xffffff);
    const dark = (picture: Uint8Array, top: number, bottom: number): number => {
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = 90; x < width; x++) if ((colorAt(picture, width, x, y) & 255) < 100) sum++;
      return sum;
    };
    for (let line = 0; line < 3; line++) expect(dark(shown[0], 50 * line + 20, 50 * line + 55)).toBeGreaterThan(300);
    expect(dark(shown[0], 200, 228)).toBeGreaterThan(50);
    expect(dark(shown[1], 200, 228)).toBe(0);
  });

  test('draws every sign of the pictures of the package', async () => {
    const rasterise = await loadRasterise();
    const picture = (text: string) => rasterise(stillSvg({ picture: '', caption: text }, 40, 1));
    const missing = picture('\u{f8ff}');
    expect(Buffer.compare(picture('中'), missing)).toBe(0);
    for (const sign of '·•‹›◆●|*…−’±°') expect([sign, Buffer.compare(picture(sign), missing)]).not.toEqual([sign, 0]);
  });

  test('enlarges small pictures in pixels by a whole factor', async () => {
    const gif = await gifFilm({ name: 'test', fps: 10 });
    const pixels = Uint8Array.from({ length: 250 * 2 * 3 }, (_, i) => (i * 7) % 200);
    gif.add({ kind: 'pixels', width: 250, height: 2, pixels }, 'return 3');
    const { width, height, shown } = decode(Buffer.concat(gif.finish()));
    expect({ width, height }).toEqual({ width: 500, height: 4 + 28 });
    for (const [x, y] of [
      [0, 0],
      [1, 1],
      [2, 0],
      [499, 3],
      [250, 2],
    ]) {
      const at = 3 * ((y >> 1) * 250 + (x >> 1));
      const [r, g, b] = pixels.subarray(at, at + 3);
      expect(colorAt(shown[0], width, x, y)).toBe((r << 16) | (g << 8) | b);
    }
  });

  const pixels = (width: number, height: number) => ({
    kind: 'pixels' as const,
    width,
    height,
    pixels: new Uint8Array(width * height * 3),
  });
  test.each([
    ['no SVG', [{ kind: 'svg' as const, svg: '<svg><rect</svg>' }], /test cannot be filmed: its SVG cannot be drawn: /],
    [
      'sizes out of range',
      [{ kind: 'svg' as const, svg: '<svg width="9000" height="20"/>' }],
      /pictures of 9000 × 20: those of a \.gif have at most 4096/,
    ],
    ['changing sizes', [pixels(600, 2), pixels(600, 3)], /test cannot be filmed: its pictures are not all of one size/],
    ['changing shapes', [pixels(600, 2), pixels(300, 2)], /not all of one size/],
  ])('refuses %s', async (_, pictures, message) => {
    const gif = await gifFilm({ name: 'test', fps: 10 });
    expect(() => pictures.forEach((picture) => gif.add(picture, ''))).toThrow(message);
  });
});

describe('dqn watch --out film.gif', () => {
  let folder = '';
  let dqn: BuiltCommand;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dqn-gif-'));
    dqn = await buildCommand(folder);
    const agent = await createAgent(new CartPole(), { network: mlp({ hidden: [4] }), seed: 1 });
    await saveCheckpoint(join(folder, 'policy.safetensors'), await agent.savePolicy());
    agent.dispose();
    await writeFile(
      join(folder, 'own.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Blind extends CartPole { render = undefined; }
       /** As environments of Gymnasium are over the bridge. */
       export class Bridged extends Blind { async frame() { return { width: 300, height: 20, pixels: new Uint8Array(18000).fill(77) }; } }
       export class Torn extends Blind { frame() { return { width: 300, height: 20, pixels: new Uint8Array(7) }; } }
       export class Broken extends CartPole { render() { return '<svg><g></svg>'; } }
       export class Slow extends CartPole { step(action) { console.error('step'); return super.step(action); } }`,
    );
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('says what to install where it is not there', async () => {
    const { code, out, err } = await dqn('watch policy.safetensors CartPole-v1 --out film.gif');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('Install them: npm install @resvg/resvg-wasm @fontsource/dejavu-sans, or npx ');
    expect(err).not.toContain('    at ');
  });

  describe('with the packages', () => {
    beforeAll(async () => {
      for (const name of ['@resvg/resvg-wasm', '@fontsource/dejavu-sans']) {
        await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
        await symlink(join(modules, name), join(folder, 'node_modules', name));
      }
    });

    test('writes a picture of each moment', async () => {
      const { code, out, err } = await dqn(
        'watch policy.safetensors CartPole-v1 --seed 4 --max-steps 5 --fps 20 --out made/film.GIF',
      );
      expect(code).toBe(0);
      expect(out).toBe('Episode 1: return 5 in 5 steps (cut off)\n');
      const bytes = await readFile(join(folder, 'made/film.GIF'));
      expect(err).toBe(`made/film.GIF: 6 pictures, ${bytes.length.toLocaleString('en')} bytes\n`);
      const { width, height, loops, delays, shown } = decode(bytes);
      expect({ width, height, loops, delays }).toEqual({ width: 600, height: 428, loops: 0, delays: [5, 5, 5, 5, 5, 105] });
      const environment = new CartPole();
      environment.reset({ seed: 4 });
      const drawn = (await loadRasterise())(stillSvg({ picture: environment.render('svg'), caption: '' }, 600, 400));
      // The picture itself; the line below tells Q-values.
      expect(Buffer.compare(shown[0].subarray(0, 600 * 400 * 4), drawn.subarray(0, 600 * 400 * 4))).toBe(0);
      for (let i = 1; i < shown.length; i++) expect(Buffer.compare(shown[i], shown[i - 1])).not.toBe(0);
    });

    test('films what environments of Gymnasium show', async () => {
      expect((await dqn('watch policy.safetensors ./own.mjs#Bridged --max-steps 2 --out pixels.gif')).code).toBe(0);
      const { width, height, shown } = decode(await readFile(join(folder, 'pixels.gif')));
      expect({ width, height, count: shown.length }).toEqual({ width: 600, height: 40 + 28, count: 3 });
      expect(colorAt(shown[2], width, 599, 39)).toBe(0x4d4d4d);
    });

    test('leaves no file where it is interrupted', async () => {
      const line = 'watch policy.safetensors ./own.mjs#Slow --episodes 100000 --out interrupted.gif';
      expect((await dqn(line, { at: 'step\nstep\n', signal: 'SIGINT' })).code).toBe(130);
      await expect(stat(join(folder, 'interrupted.gif'))).rejects.toThrow('ENOENT');
    });

    test.each([
      ['CartPole-v1 --out film.gif --fps 60', /--fps 60: a \.gif shows at most 50 pictures in a second/],
      ['CartPole-v1 --out film', /film: expected a name that ends in \.svg or \.gif but received no ending/],
      ['./own.mjs#Blind --out film.gif', /own\.mjs#Blind cannot be watched: it has no render\('svg'\)/],
      ['./own.mjs#Torn --out film.gif', /own\.mjs#Torn cannot be watched: its frame\(\) gives no width and height/],
      ['./own.mjs#Broken --out film.gif', /own\.mjs#Broken cannot be filmed: its SVG cannot be drawn: /],
      ['./own.mjs#Bridged --out film.svg', /own\.mjs#Bridged has no render\('svg'\) but a frame\(\) of pixels/],
    ])('refuses %s', async (line, message) => {
      const { code, err } = await dqn(`watch policy.safetensors ${line}`);
      expect(code).toBe(1);
      expect(err).toMatch(message);
      expect(err).not.toContain('    at ');
    });
  });
});
