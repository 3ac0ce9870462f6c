import { Random } from '../../common/random.ts';
import type { MaybePromise } from '../../common/maybe-promise.ts';
import { wasm } from '../../engines/wasm/wasm-engine.ts';
import type { NamedTensor, QNetwork } from '../../networks/q-network.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import { layersOf } from '../../networks/traits.ts';
import { effectiveRank } from './effective-rank.ts';

/** What a network's hidden layers do with a set of observations. */
export interface HiddenUnitsReport {
  /** The share of the ReLU units that give 0 for every observation, in [0, 1]: they learn no more (Lu et al. 2020). Nothing where there are none. */
  readonly deadUnits: number | undefined;
  /** {@link effectiveRank} of what goes into the last layer, in [0, {@link HiddenUnitsReport.features}]. */
  readonly effectiveRank: number;
  /** Numbers that go into the last layer. */
  readonly features: number;
}

/** A network that ends with a hidden layer. */
interface Prefix {
  /** Its last layer. */
  readonly index: number;
  readonly rectified: boolean;
  readonly network: QNetwork<'sync'>;
}

/**
 * Looks at the hidden layers of a network through copies of its first layers on the embedded engine; beside a random prior, of the layers that learn. Layers within layers, such as the streams of
 * a dueling network, are not looked at; nor is the memory of recurrent ones, which begins with zeros for each observation.
 */
export class HiddenUnits {
  readonly #source: QNetwork;
  /** What the names of the weights of the layers that are looked at begin with. */
  readonly #within: string;
  readonly #prefixes: readonly Prefix[];

  private constructor(source: QNetwork, within: string, prefixes: readonly Prefix[]) {
    this.#source = source;
    this.#within = within;
    this.#prefixes = prefixes;
  }

  /** Nothing where a network has no hidden layer, or one that the embedded engine does not run. */
  static async of(source: QNetwork): Promise<HiddenUnits | undefined> {
    const [only, ...others] = source.spec.layers;
    const beside = only.kind === 'randomPrior' && others.length === 0;
    const spec = beside ? { ...source.spec, layers: only.layers } : source.spec;
    if (spec.layers.length < 2 || layersOf(spec).some(({ kind }) => kind === 'layersModel')) return undefined;
    const engine = wasm();
    const prefixes: Prefix[] = [];
    for (const [index, layer] of spec.layers.slice(0, -1).entries()) {
      const rectified = isRectified(layer);
      if (!rectified && index < spec.layers.length - 2) continue;
      const first = { ...spec, layers: spec.layers.slice(0, index + 1) };
      await engine.prepare?.(first);
      prefixes.push({ index, rectified, network: await engine.createNetwork(first, { random: new Random(0) }) });
    }
    return new HiddenUnits(source, beside ? 'layers.0.' : '', prefixes);
  }

  /**
   * What the hidden layers do with these observations, by the weights of this moment.
   * @param observations - `[rows, inputSize]`, as the network takes them.
   */
  async report(observations: Float32Array, rows: number): Promise<HiddenUnitsReport> {
    const all = await (this.#source.weights() as MaybePromise<NamedTensor[]>);
    const within = this.#within;
    const weights = all
      .filter(({ name }) => name.startsWith(`${within}layers.`))
      .map((each) => ({ ...each, name: each.name.slice(within.length) }));
    let [dead, rectified] = [0, 0];
    let features = new Float32Array();
    for (const prefix of this.#prefixes) {
      prefix.network.setWeights(weights.filter(({ name }) => layerOf(name) <= prefix.index));
      features = prefix.network.forward(observations, rows).slice();
      if (!prefix.rectified) continue;
      const { outputSize } = prefix.network;
      for (let unit = 0; unit < outputSize; unit++) dead += Number(isDead(features, rows, outputSize, unit));
      rectified += outputSize;
    }
    const width = features.length / rows;
    return {
      deadUnits: rectified === 0 ? undefined : dead / rectified,
      effectiveRank: effectiveRank(features, rows, width),
      features: width,
    };
  }

  /** Frees the copies. */
  dispose(): void {
    for (const { network } of this.#prefixes) network.dispose();
  }
}

/** The index of the layer of the whole network that a parameter belongs to: 2 for `layers.2.layers.0.weight`. */
function layerOf(parameter: string): number {
  return Number(parameter.split('.')[1]);
}

function isRectified(layer: LayerSpec): boolean {
  return 'activation' in layer && layer.activation === 'relu' && layer.kind !== 'residual';
}

function isDead(outputs: Float32Array, rows: number, width: number, unit: number): boolean {
  for (let row = 0; row < rows; row++) if (outputs[row * width + unit] > 0) return false;
  return true;
}
