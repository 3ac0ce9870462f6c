import { dict, discrete, multiBinary } from '../../src/environment/spaces.ts';
import type { Environment, Infer } from '../../src/index.ts';

const observationSpace = dict({ place: discrete(5), lamps: multiBinary(3) });

/** Five places in a row, of which the last is the goal: observations in a dictionary, and one of three actions is always impossible. */
export class Corridor implements Environment<Infer<typeof observationSpace>, number> {
  readonly observationSpace = observationSpace;
  readonly actionSpace = discrete(3);
  #place = 0;
  #steps = 0;

  reset() {
    this.#place = 0;
    this.#steps = 0;
    return this.#look();
  }

  step(action: number) {
    if (action === this.#impossible()) throw new RangeError(`${action} is impossible in ${this.#place}`);
    this.#place = Math.max(0, Math.min(4, this.#place + (action === this.#forwards() ? 1 : -1)));
    const terminated = this.#place === 4;
    return { ...this.#look(), reward: terminated ? 1 : 0, terminated, truncated: ++this.#steps === 40 && !terminated };
  }

  #forwards() {
    return this.#place % 2;
  }

  #impossible() {
    return this.#place === 2 ? 1 : 2;
  }

  #look() {
    const lamps = Uint8Array.from([this.#place & 1, (this.#place >> 1) & 1, this.#place >> 2]);
    const actionMask = Uint8Array.from([1, 1, 1]);
    actionMask[this.#impossible()] = 0;
    return { observation: { place: this.#place, lamps }, actionMask, info: {} };
  }
}
