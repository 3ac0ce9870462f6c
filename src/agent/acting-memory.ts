import { damagedState, readArray, readFields, readInteger, readList } from '../common/read-state.ts';
import type { State, Stateful } from '../common/state.ts';
import { none, sized } from './arrays.ts';

/** What acting in one environment carries from step to step. */
interface StreamMemory {
  /** `[H]`: the recurrent state that the next observation meets. */
  readonly state: Float32Array;
  /** `[H]`: the one that the last observation met. */
  readonly before: Float32Array;
  /** Whether the last observation has been taken in and not yet been observed as a step. */
  acted: boolean;
  /** The number that noise is drawn from for the running episode; −1 before it is drawn. */
  noise: number;
}

/** What an agent carries from step to step while it acts, for each environment of a vector: recurrent state, and noise held for an episode. */
export class ActingMemory implements Stateful {
  readonly #stateSize: number;
  readonly #streams: StreamMemory[] = [];
  /** For the states of one pass; none while a pass has it. */
  #packed = none;

  constructor(stateSize: number) {
    this.#stateSize = stateSize;
  }

  /** Begins a new episode of an environment. */
  begin(stream: number): void {
    const memory = this.#of(stream);
    memory.state.fill(0);
    memory.acted = false;
    memory.noise = -1;
  }

  /** The number held for the episode, drawn by `draw` when it is first asked for. */
  noise(stream: number, draw: () => number): number {
    const memory = this.#of(stream);
    if (memory.noise < 0) memory.noise = draw();
    return memory.noise;
  }

  /** `[N, H]`: the states of the first N of the given environments, to be changed by the network and given to {@link ActingMemory.carry}. */
  states(streams: Int32Array, count: number): Float32Array {
    const size = this.#stateSize;
    const states = sized(this.#packed, count * size);
    // Others may act before an engine that takes its time has answered.
    this.#packed = none;
    for (let i = 0; i < count; i++) states.set(this.#of(streams[i]).state, i * size);
    return states;
  }

  /** Keeps the states after a step, in the array that {@link ActingMemory.states} gave. */
  carry(streams: Int32Array, count: number, states: Float32Array): void {
    const size = this.#stateSize;
    for (let i = 0; i < count; i++) {
      const memory = this.#of(streams[i]);
      memory.before.set(memory.state);
      memory.state.set(states.subarray(i * size, (i + 1) * size));
      memory.acted = true;
    }
    this.#packed = states;
  }

  /** The state that the last observation met, if it has been acted on since the last step. */
  takeBefore(stream: number): Float32Array | undefined {
    const memory = this.#of(stream);
    if (!memory.acted) return undefined;
    memory.acted = false;
    return memory.before;
  }

  getState(): State {
    return this.#streams.map(({ state, before, acted, noise }) => ({ state: state.slice(), before: before.slice(), acted, noise }));
  }

  /** @throws DqnError `invalid-checkpoint` if the state is not sound; nothing has changed then. */
  setState(state: State): void {
    const where = 'ActingMemory.setState(state)';
    const size = this.#stateSize;
    const streams = readList(where, { streams: state }, 'streams').map((item, i): StreamMemory => {
      const path = `${where}[${i}]`;
      const fields = readFields(path, item);
      const read = (key: string): Float32Array => {
        const values = readArray(path, fields, key, Float32Array, size);
        if (!values.every(Number.isFinite)) throw damagedState(`${path}.${key}`, 'finite numbers', values);
        return values.slice();
      };
      if (typeof fields.acted !== 'boolean') throw damagedState(`${path}.acted`, 'whether it has acted', fields.acted);
      return {
        state: read('state'),
        before: read('before'),
        acted: fields.acted,
        noise: readInteger(path, fields, 'noise', -1, 2 ** 32),
      };
    });
    this.#streams.splice(0, this.#streams.length, ...streams);
  }

  #of(stream: number): StreamMemory {
    while (this.#streams.length <= stream) {
      const size = this.#stateSize;
      this.#streams.push({ state: new Float32Array(size), before: new Float32Array(size), acted: false, noise: -1 });
    }
    return this.#streams[stream];
  }
}
