import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { show, svg } from './elements.ts';

/** Steps that are shown. */
const LENGTH = 200;
const WIDTH = 420;
const HEIGHT = 150;
const margin = { top: 8, right: 6, bottom: 8, left: 44 };

/** The Q-values of the last steps, one line an action. */
export class Trace {
  readonly #paths: readonly SVGElement[];
  readonly #ticks = [svg('text', { class: 'tick', 'text-anchor': 'end' }), svg('text', { class: 'tick', 'text-anchor': 'end' })];
  #values: Float32Array[] = [];
  #latest: unknown;

  constructor(place: Element, actions: number) {
    const label = 'Q-values of the last steps, one line an action';
    const root = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
    this.#paths = Array.from({ length: actions }, (_, action) => svg('path', { class: `trace action-${action}` }));
    root.append(...this.#ticks, ...this.#paths);
    place.replaceChildren(root);
  }

  /** Adds the values of what is seen now, unless it has been added. */
  update(observation: unknown, values: Float32Array): void {
    if (observation === this.#latest) return;
    this.#latest = observation;
    this.#values.push(values);
    if (this.#values.length > LENGTH) this.#values.shift();
    const all = this.#values.flatMap((row) => [...row]);
    const y = scaleLinear()
      .domain([Math.min(...all), Math.max(...all) + 1e-6])
      .range([HEIGHT - margin.bottom, margin.top]);
    const x = scaleLinear()
      .domain([0, LENGTH - 1])
      .range([margin.left, WIDTH - margin.right]);
    this.#paths.forEach((path, action) => {
      const draw = line<Float32Array>(
        (_, i) => x(i),
        (row) => y(row[action]),
      );
      path.setAttribute('d', draw(this.#values) ?? '');
    });
    this.#ticks.forEach((tick, i) => {
      const value = y.domain()[i];
      tick.textContent = show(value);
      tick.setAttribute('x', String(margin.left - 6));
      tick.setAttribute('y', String(y(value) + (i === 0 ? 0 : 10)));
    });
  }
}
