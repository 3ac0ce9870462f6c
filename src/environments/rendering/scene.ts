import type { RenderMode } from '../../environment/environment.ts';
import { PALETTE, SVG_HEIGHT, SVG_WIDTH, ansiText, pixel, svgDocument } from './picture.ts';
import type { Color } from './picture.ts';

/** Something to draw. Points are x, y, x, y, … in world coordinates, with y upwards. */
type Shape =
  | { readonly kind: 'line'; readonly points: readonly number[]; readonly color: Color; readonly width: number }
  | { readonly kind: 'polygon'; readonly points: readonly number[]; readonly color: Color }
  | { readonly kind: 'disc'; readonly x: number; readonly y: number; readonly radius: number; readonly color: Color };

/** A picture in world coordinates, drawn from the first shape to the last. */
interface Scene {
  readonly title: string;
  readonly caption: string;
  /** The part of the world that is seen; its height is 2/3 of its width. */
  readonly view: { readonly left: number; readonly bottom: number; readonly width: number };
  readonly shapes: readonly Shape[];
}

/** An upright rectangle from its lower left corner. */
export function rectangle(x: number, y: number, width: number, height: number, color: Color): Shape {
  return { kind: 'polygon', points: [x, y, x + width, y, x + width, y + height, x, y + height], color };
}

/** Draws a scene as text: 20 lines of Braille dots and a caption for `ansi`, a document for `svg`. */
export function renderScene(mode: RenderMode, scene: Scene): string {
  return mode === 'svg' ? sceneToSvg(scene) : sceneToAnsi(scene);
}

function sceneToSvg({ title, caption, view, shapes }: Scene): string {
  const scale = SVG_WIDTH / view.width;
  const x = (value: number): string => pixel((value - view.left) * scale);
  const y = (value: number): string => pixel(SVG_HEIGHT - (value - view.bottom) * scale);
  const points = (values: readonly number[]): string => {
    const pairs: string[] = [];
    for (let i = 0; i < values.length; i += 2) pairs.push(`${x(values[i])},${y(values[i + 1])}`);
    return pairs.join(' ');
  };
  const elements = shapes.map((shape) => {
    const { svg } = PALETTE[shape.color];
    if (shape.kind === 'disc')
      return `<circle cx="${x(shape.x)}" cy="${y(shape.y)}" r="${pixel(shape.radius * scale)}" fill="${svg}"/>`;
    if (shape.kind === 'polygon') return `<polygon points="${points(shape.points)}" fill="${svg}"/>`;
    const stroke = `stroke="${svg}" stroke-width="${pixel(shape.width * scale)}" stroke-linecap="round" stroke-linejoin="round"`;
    return `<polyline points="${points(shape.points)}" fill="none" ${stroke}/>`;
  });
  return svgDocument(title, caption, elements);
}

const COLUMNS = 60;
const LINES = 20;
/** A character holds 2 × 4 dots, which come out square in most terminals. */
const DOTS_WIDE = COLUMNS * 2;
const DOTS_HIGH = LINES * 4;
/** Which bit of a Braille character is the dot in row 0 … 3, column 0 … 1 (Unicode 15, block U+2800). */
const DOT_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

/** Dots of a character grid; each character takes the colour drawn last in it. */
class DotCanvas {
  readonly #bits = new Uint8Array(COLUMNS * LINES);
  readonly #colors: Color[] = Array.from({ length: COLUMNS * LINES }, () => 'ink');

  dot(x: number, y: number, color: Color): void {
    const column = Math.floor(x);
    const row = Math.floor(y);
    if (!(column >= 0 && column < DOTS_WIDE && row >= 0 && row < DOTS_HIGH)) return;
    const index = (row >> 2) * COLUMNS + (column >> 1);
    this.#bits[index] |= DOT_BITS[(row & 3) * 2 + (column & 1)];
    this.#colors[index] = color;
  }

  lines(): string[] {
    return Array.from({ length: LINES }, (_, line) => {
      let text = '';
      let column = 0;
      while (column < COLUMNS) {
        const start = line * COLUMNS + column;
        const color = this.#colors[start];
        let run = '';
        // Characters of one colour share one escape sequence.
        do
          run +=
            this.#bits[line * COLUMNS + column] === 0 ? ' ' : String.fromCharCode(0x2800 + this.#bits[line * COLUMNS + column]);
        while (++column < COLUMNS && this.#colors[line * COLUMNS + column] === color);
        text += run.trim() === '' ? run : ansiText(color, run);
      }
      return text;
    });
  }
}

function sceneToAnsi({ title, caption, view, shapes }: Scene): string {
  const canvas = new DotCanvas();
  const scale = DOTS_WIDE / view.width;
  const x = (value: number): number => (value - view.left) * scale;
  const y = (value: number): number => DOTS_HIGH - (value - view.bottom) * scale;
  for (const shape of shapes) {
    if (shape.kind === 'disc') {
      drawWhere(
        canvas,
        shape.color,
        (dx, dy) => Math.hypot(dx - x(shape.x), dy - y(shape.y)) <= Math.max(0.8, shape.radius * scale),
      );
      continue;
    }
    const xs = shape.points.filter((_, i) => i % 2 === 0).map(x);
    const ys = shape.points.filter((_, i) => i % 2 === 1).map(y);
    if (shape.kind === 'polygon') drawWhere(canvas, shape.color, (dx, dy) => inside(dx, dy, xs, ys));
    else for (let i = 1; i < xs.length; i++) drawSegment(canvas, shape, scale, xs[i - 1], ys[i - 1], xs[i], ys[i]);
  }
  return [...canvas.lines(), `${title} · ${caption}`].join('\n');
}

/** Sets the dots whose centres pass. */
function drawWhere(canvas: DotCanvas, color: Color, passes: (x: number, y: number) => boolean): void {
  for (let row = 0; row < DOTS_HIGH; row++) {
    for (let column = 0; column < DOTS_WIDE; column++) if (passes(column + 0.5, row + 0.5)) canvas.dot(column, row, color);
  }
}

/** Whether a point lies inside a polygon: a ray to the right crosses its edges an odd number of times. */
function inside(x: number, y: number, xs: readonly number[], ys: readonly number[]): boolean {
  let odd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < xs[i] + ((y - ys[i]) / (ys[j] - ys[i])) * (xs[j] - xs[i])) odd = !odd;
  }
  return odd;
}

/** Draws a segment as parallel threads, each one dot wide. */
function drawSegment(
  canvas: DotCanvas,
  { color, width }: { readonly color: Color; readonly width: number },
  scale: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  const length = Math.hypot(x1 - x0, y1 - y0);
  // A segment far outside the picture, as after an extreme state, is not worth millions of dots.
  const steps = Math.min(2000, Math.max(1, Math.ceil(length * 2)));
  const threads = Math.max(1, Math.round(width * scale));
  const normalX = length === 0 ? 0 : -(y1 - y0) / length;
  const normalY = length === 0 ? 0 : (x1 - x0) / length;
  for (let thread = 0; thread < threads; thread++) {
    const shift = thread - (threads - 1) / 2;
    for (let i = 0; i <= steps; i++) {
      const t = i / steps;
      canvas.dot(x0 + t * (x1 - x0) + shift * normalX, y0 + t * (y1 - y0) + shift * normalY, color);
    }
  }
}
