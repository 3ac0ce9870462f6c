import type { RenderMode } from '../../environment/environment.ts';
import { PALETTE, SVG_HEIGHT, SVG_WIDTH, pixel, svgDocument, svgText } from './picture.ts';
import type { Color } from './picture.ts';

/** How one cell of a grid looks. */
export interface Cell {
  readonly color: Color;
  /** A word of at most three characters; empty for none. */
  readonly text: string;
}

/** A picture of a world made of cells. */
interface GridPicture {
  readonly title: string;
  readonly caption: string;
  readonly rows: number;
  readonly columns: number;
  /** Where the agent is: row · columns + column; −1 if nowhere. */
  readonly agent: number;
  /** How the cell with this index looks. */
  cell(index: number): Cell;
}

/** Draws a grid as text: one line a row and a caption for `ansi`, a document for `svg`. */
export function renderGrid(mode: RenderMode, picture: GridPicture): string {
  return mode === 'svg' ? gridToSvg(picture) : gridToAnsi(picture);
}

function gridToAnsi({ title, caption, rows, columns, agent, cell }: GridPicture): string {
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let column = 0; column < columns; column++) {
      const index = row * columns + column;
      const { color, text } = cell(index);
      const shown = index === agent ? ' ● ' : text.length === 1 ? ` ${text} ` : text.padEnd(3);
      line += `\u001b[48;5;${PALETTE[color].ansi};38;5;16m${shown}`;
    }
    lines.push(`${line}\u001b[0m`);
  }
  return [...lines, `${title} · ${caption}`].join('\n');
}

function gridToSvg({ title, caption, rows, columns, agent, cell }: GridPicture): string {
  const margin = 12;
  const size = Math.min((SVG_WIDTH - 2 * margin) / columns, (SVG_HEIGHT - 48) / rows);
  const left = (SVG_WIDTH - size * columns) / 2;
  const top = margin + (SVG_HEIGHT - 48 - size * rows) / 2;
  const elements: string[] = [];
  for (let index = 0; index < rows * columns; index++) {
    const x = left + (index % columns) * size;
    const y = top + Math.floor(index / columns) * size;
    const { color, text } = cell(index);
    elements.push(
      `<rect x="${pixel(x)}" y="${pixel(y)}" width="${pixel(size)}" height="${pixel(size)}" fill="${PALETTE[color].svg}" stroke="#ffffff"/>`,
    );
    if (text !== '') elements.push(svgText(x + size / 2, y + size * 0.62, size * 0.34, 'ink', 'middle', text));
    if (index === agent) {
      const [cx, cy, r] = [x + size / 2, y + size / 2, size * 0.3].map(pixel);
      elements.push(`<circle cx="${cx}" cy="${cy}" r="${r}" fill="${PALETTE.orange.svg}" stroke="${PALETTE.ink.svg}"/>`);
    }
  }
  return svgDocument(title, caption, elements);
}
