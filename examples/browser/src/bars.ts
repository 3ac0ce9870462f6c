import { setText, show } from './elements.ts';
import type { World } from './worlds.ts';

/** What is left of an unused part of the scale after a frame. */
const NARROWING = 0.995;

/** The Q-values of one state, as bars from zero. */
export class Bars {
  readonly #rows: readonly { readonly row: HTMLElement; readonly fill: HTMLElement; readonly value: HTMLElement }[];
  #low = 0;
  #high = 0;

  constructor(place: Element, { actions, signs, grid }: World) {
    this.#rows = actions.map((action, i) => {
      const [row, name, track, fill, value] = ['div', 'span', 'span', 'span', 'span'].map((tag) => document.createElement(tag));
      row.className = 'q';
      track.className = 'track';
      fill.className = 'fill';
      value.className = 'number';
      name.className = `name action-${i}`;
      name.textContent = `${signs[i]} ${action}`;
      track.append(fill);
      row.append(name, track, value);
      return { row, fill, value };
    });
    // Where there is a map, no lines need telling apart.
    place.classList.toggle('keys', grid === undefined);
    place.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /** Shows these values; the scale widens at once to hold them, and narrows slowly. */
  update(values: Float32Array): void {
    this.#low = Math.min(NARROWING * this.#low, ...values);
    this.#high = Math.max(NARROWING * this.#high, ...values, 1e-3);
    const span = this.#high - this.#low;
    const best = values.indexOf(Math.max(...values));
    this.#rows.forEach(({ row, fill, value }, i) => {
      fill.style.left = `${(100 * (Math.min(0, values[i]) - this.#low)) / span}%`;
      fill.style.width = `${(100 * Math.abs(values[i])) / span}%`;
      row.classList.toggle('best', i === best);
      setText(value, show(values[i]));
    });
  }
}
