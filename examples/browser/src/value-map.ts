import { scaleLinear } from 'd3-scale';
import { setText, show, svg } from './elements.ts';
import type { Grid, World } from './worlds.ts';

/** Side of a cell. */
const SIZE = 60;
/** Light, so that dark ink can be read on all of them. */
const COLORS = ['#f4a582', '#f1f3f5', '#7fcdbb'];

/** What the agent thinks of every cell: its value as a colour and a number, and where it would go. */
export class ValueMap {
  readonly #grid: Grid;
  readonly #signs: readonly string[];
  readonly #cells: readonly { readonly rect: SVGElement; readonly arrow: SVGElement; readonly number: SVGElement }[];
  readonly #here = svg('rect', { class: 'here', width: SIZE - 4, height: SIZE - 4, rx: 4 });

  constructor(place: Element, grid: Grid, { signs }: World) {
    this.#grid = grid;
    this.#signs = signs;
    const { rows, columns } = grid;
    const viewBox = `0 0 ${columns * SIZE} ${rows * SIZE}`;
    const root = svg('svg', { viewBox, role: 'img', 'aria-label': 'Value of every cell, and the best move from it' });
    this.#cells = Array.from({ length: rows * columns }, (_, cell) => {
      const [x, y] = this.#corner(cell);
      const rect = svg('rect', { class: 'cell', x, y, width: SIZE, height: SIZE });
      const arrow = svg('text', { class: 'arrow', x: x + SIZE / 2, y: y + 30, 'text-anchor': 'middle' });
      const number = svg('text', { class: 'value', x: x + SIZE / 2, y: y + 50, 'text-anchor': 'middle' });
      root.append(rect, arrow, number);
      return { rect, arrow, number };
    });
    root.append(this.#here);
    place.replaceChildren(root);
  }

  /** Shows the values of all cells. */
  update(valuesOf: (cell: number) => Float32Array): void {
    const known = this.#cells.map((_, cell) => (this.#grid.isFree(cell) ? valuesOf(cell) : undefined));
    const values = known.map((q) => (q ? Math.max(...q) : undefined));
    const found = values.filter((value) => value !== undefined);
    const [low, high] = [Math.min(...found), Math.max(...found)];
    const color = scaleLinear<string>()
      .domain([low, (low + high) / 2, high])
      .range(COLORS);
    this.#cells.forEach(({ rect, arrow, number }, cell) => {
      const [q, value] = [known[cell], values[cell]];
      if (!q || value === undefined) return;
      rect.style.fill = color(value);
      setText(arrow, this.#signs[q.indexOf(value)]);
      setText(number, show(value));
    });
  }

  /** Marks the cell where the agent is. */
  mark(cell: number): void {
    const [x, y] = this.#corner(cell);
    this.#here.setAttribute('x', String(x + 2));
    this.#here.setAttribute('y', String(y + 2));
  }

  #corner(cell: number): [x: number, y: number] {
    return [(cell % this.#grid.columns) * SIZE, Math.floor(cell / this.#grid.columns) * SIZE];
  }
}
