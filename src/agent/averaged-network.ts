import { DqnError } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { ForwardOptions, NamedTensor, QNetwork } from '../networks/q-network.ts';
import type { NetworkSpec } from '../networks/spec.ts';

/**
 * The mean of the last K copies of a network: the target network of Averaged-DQN (Anschel et al. 2017, algorithm 2),
 * `Q⁻(s, a) = Σ_k Q(s, a; θ_k) / K`. Each copy takes the place of the oldest; until K have been made the mean is over those there are.
 */
export class AveragedNetwork<M extends Timing> implements QNetwork<M> {
  readonly spec: NetworkSpec;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly stateSize: number;
  readonly #snapshots: readonly QNetwork<M>[];
  #filled = 0;
  #next = 0;
  #sum = new Float32Array(0);
  #state = new Float32Array(0);

  /** @param snapshots - K networks of the same spec, which belong to this one from now on. */
  constructor(snapshots: readonly QNetwork<M>[]) {
    const [first] = snapshots;
    this.spec = first.spec;
    this.inputSize = first.inputSize;
    this.outputSize = first.outputSize;
    this.stateSize = first.stateSize;
    this.#snapshots = snapshots;
  }

  /** The copies that the mean is over, the oldest first. */
  get inUse(): readonly QNetwork<M>[] {
    const all = this.#snapshots;
    const count = Math.max(1, this.#filled);
    return Array.from({ length: count }, (_, i) => all[(this.#next + all.length - count + i) % all.length]);
  }

  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Answer<Float32Array, M> {
    const networks = this.inUse;
    const count = networks.length;
    // Every snapshot begins from the same recurrent state; the newest one's is carried on.
    const start = options?.state;
    if (start && this.#state.length !== start.length) this.#state = new Float32Array(start.length);
    if (start) this.#state.set(start);
    const from = (i: number): MaybePromise<Float32Array> => {
      if (start && i > 0) start.set(this.#state);
      return chain(networks[i].forward(observations, batch, options), (outputs) => {
        const sum = i === 0 ? this.#begin(outputs.length) : this.#sum;
        for (let j = 0; j < sum.length; j++) sum[j] += outputs[j] / count;
        return i + 1 < count ? from(i + 1) : sum;
      });
    };
    return from(0) as Answer<Float32Array, M>;
  }

  #begin(length: number): Float32Array {
    if (this.#sum.length !== length) this.#sum = new Float32Array(length);
    return this.#sum.fill(0);
  }

  /** @throws DqnError `invalid-option`: it follows by copies alone. */
  update(): never {
    throw onlyCopies('update');
  }

  copyFrom(source: QNetwork): Answer<void, M> {
    const answer = chain(this.#snapshots[this.#next].copyFrom(source) as MaybePromise<void>, () => {
      this.#next = (this.#next + 1) % this.#snapshots.length;
      this.#filled = Math.min(this.#filled + 1, this.#snapshots.length);
    });
    return answer as Answer<void, M>;
  }

  /** @throws DqnError `invalid-option`: it follows by copies alone. */
  blendFrom(): never {
    throw onlyCopies('blendFrom');
  }

  weights(): Answer<NamedTensor[], M> {
    const from = (i: number, before: NamedTensor[]): MaybePromise<NamedTensor[]> => {
      if (i === this.#snapshots.length) {
        return [...before, { name: 'snapshots', shape: [2], values: Float32Array.of(this.#filled, this.#next) }];
      }
      return chain(this.#snapshots[i].weights() as MaybePromise<NamedTensor[]>, (weights) =>
        from(i + 1, [...before, ...weights.map((tensor) => ({ ...tensor, name: `snapshots.${i}.${tensor.name}` }))]),
      );
    };
    return from(0, []) as Answer<NamedTensor[], M>;
  }

  setWeights(weights: readonly NamedTensor[]): Answer<void, M> {
    const count = this.#snapshots.length;
    const [filled, next] = weights.find(({ name }) => name === 'snapshots')?.values ?? [];
    const sound = Number.isInteger(filled) && filled >= 0 && filled <= count && Number.isInteger(next) && next >= 0 && next < count;
    if (!sound || weights.length % count !== 1 % count) {
      throw new DqnError({
        code: 'incompatible-checkpoint',
        where: 'AveragedNetwork.setWeights(snapshots)',
        expected: `the weights of ${count} networks and how many are in use`,
        received: `${weights.length} tensors, ${filled} in use, next ${next}`,
        remedy: 'Load it with the bootstrap rule it was saved with.',
      });
    }
    const from = (i: number): MaybePromise<void> => {
      if (i === count) {
        this.#filled = filled;
        this.#next = next;
        return undefined;
      }
      const prefix = `snapshots.${i}.`;
      const own = weights
        .filter(({ name }) => name.startsWith(prefix))
        .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
      return chain(this.#snapshots[i].setWeights(own) as MaybePromise<void>, () => from(i + 1));
    };
    return from(0) as Answer<void, M>;
  }

  optimizerState(): Answer<NamedTensor[], M> {
    const state: NamedTensor[] = [];
    return state as unknown as Answer<NamedTensor[], M>;
  }

  /** @throws DqnError `incompatible-checkpoint` if there is any: it is never trained. */
  setOptimizerState(state: readonly NamedTensor[]): Answer<void, M> {
    return this.#snapshots[0].setOptimizerState(state);
  }

  dispose(): void {
    for (const snapshot of this.#snapshots) snapshot.dispose();
  }
}

function onlyCopies(name: string): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `AveragedNetwork.${name}`,
    expected: 'a target updater that copies, such as hard()',
    received: `a call of ${name}`,
    remedy: 'The last K targets are averaged: let hard({ period }) make the copies.',
  });
}
