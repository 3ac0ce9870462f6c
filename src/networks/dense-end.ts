import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { checkActivation, checkInitializer } from './check-spec.ts';
import type { NetworkIo } from './network-factory.ts';
import type { Activation, DuelingSpec, Initializer, LayerSpec, NoisyDenseSpec } from './spec.ts';

/** How a network goes on from its features to the outputs: what every factory takes. */
export interface DenseEndOptions {
  /** Widths of the hidden layers, from input to output; none for a linear end. */
  readonly hidden: readonly number[];
  /** Of the hidden layers. Default `relu`. */
  readonly activation?: Activation;
  /** Whether each hidden layer normalises its features before its activation. Default false. */
  readonly layerNorm?: boolean;
  /** Of every dense layer that is not noisy. Default `pytorch`. */
  readonly initializer?: Initializer;
  /**
   * Whether the last hidden layer and the outputs are split into a stream for the state's value and one for the actions' advantages, joined over the
   * `mean` (as does `true`) or the `max` of the advantages (Wang et al. 2016). Default false.
   */
  readonly dueling?: boolean | 'mean' | 'max';
  /** Whether the last hidden layer and the outputs are noisy, or how (Fortunato et al. 2018 make these two noisy). Default false. */
  readonly noisy?: boolean | Pick<NoisyDenseSpec, 'noise' | 'sigma'>;
}

/** Their names, for those who refuse others. */
export const endNames = { hidden: true, activation: true, layerNorm: true, initializer: true, dueling: true, noisy: true } as const;

/**
 * The layers from features to the outputs that the head asks for: hidden layers, the quantile embedding in front of the last of them where there
 * is one, dueling streams, noisy layers, and K heads side by side.
 *
 * @param where - the factory, for errors.
 * @param hasFeatures - whether layers of the factory's own precede these; otherwise the first hidden layer makes the features of an embedding.
 * @throws DqnError `invalid-option` on a width that is not a whole number of at least 1, an unknown name, or quantile fractions with several heads.
 */
export function denseEnd(io: NetworkIo, options: DenseEndOptions, where: string, hasFeatures: boolean): LayerSpec[] {
  const { hidden, dueling = false } = options;
  const { quantiles, heads, actions, width } = io;
  const embedded = quantiles !== undefined && !hasFeatures ? 1 : 0;
  const shared = Math.min(hidden.length, Math.max(embedded, hidden.length - 1));
  // What follows the embedding, or is split into streams, begins behind the shared layers.
  const split = quantiles !== undefined || dueling !== false ? shared : hidden.length;
  const noisyFrom = options.noisy ? hidden.length - 1 : hidden.length + 1;
  const layer = (i: number): LayerSpec[] => hiddenLayer(options, hidden[i], i >= noisyFrom);
  const end = (units: number): LayerSpec[] => [
    ...hidden.slice(split).flatMap((_, i) => layer(split + i)),
    denseOr(options, units, 'linear', options.noisy !== undefined && options.noisy !== false),
  ];
  const stream = (): DuelingSpec => ({
    kind: 'dueling',
    actions,
    ...(width === 1 ? {} : { width }),
    value: end(width),
    advantage: end(actions * width),
    ...(dueling === 'max' ? { aggregation: 'max' } : {}),
  });
  let outputs: LayerSpec[];
  if (dueling === false) outputs = end(io.outputSize);
  else if (heads === 1) outputs = [stream()];
  else outputs = [{ kind: 'parallel', branches: Array.from({ length: heads }, () => [stream()]) }];
  const features = hidden.slice(0, split).flatMap((_, i) => layer(i));
  if (quantiles === undefined) return [...features, ...outputs];
  if (heads > 1) {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}, heads`,
      expected: 'one head where the network takes quantile fractions',
      received: `${heads}`,
      remedy: 'Use quantile() or categorical() with several heads.',
    });
  }
  return [...features, { ...quantiles, layers: outputs }];
}

/**
 * Checks the options of a factory before anything is built.
 * @throws DqnError `invalid-option` naming the option.
 */
export function checkDenseEnd(where: string, options: DenseEndOptions): void {
  const { hidden, activation, initializer, dueling } = options;
  checkWidths(where, 'hidden', hidden);
  if (activation !== undefined) checkActivation(`${where}(activation)`, activation);
  if (initializer !== undefined) checkInitializer(`${where}(initializer)`, initializer);
  if (dueling !== undefined && typeof dueling !== 'boolean' && dueling !== 'mean' && dueling !== 'max') {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(dueling)`,
      expected: "true, false, 'mean' or 'max'",
      received: describe(dueling),
      remedy: "Pass true for the mean of the advantages, which is the paper's choice.",
    });
  }
}

/**
 * Checks the widths of hidden layers.
 * @throws DqnError `invalid-option` naming the option, or the width that is not a whole number of at least 1.
 */
export function checkWidths(where: string, name: string, widths: readonly number[]): void {
  if (!Array.isArray(widths)) {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(${name})`,
      expected: 'an array of widths',
      received: describe(widths),
      remedy: 'Pass for example [128, 128], or [] for no hidden layers.',
    });
  }
  widths.forEach((width, i) => checkInteger(`${where}(${name}[${i}])`, width, { min: 1 }));
}

/** One hidden layer, with its normalisation where the options ask for it. */
export function hiddenLayer(options: Omit<DenseEndOptions, 'hidden'>, units: number, noisy: boolean): LayerSpec[] {
  const { activation = 'relu', layerNorm = false } = options;
  if (!layerNorm) return [denseOr(options, units, activation, noisy)];
  return [denseOr(options, units, 'linear', noisy), { kind: 'layerNorm', activation }];
}

function denseOr(
  { initializer = 'pytorch', noisy: noise }: Omit<DenseEndOptions, 'hidden'>,
  units: number,
  activation: Activation,
  noisy: boolean,
): LayerSpec {
  const act = activation === 'linear' ? {} : { activation };
  if (!noisy) return { kind: 'dense', units, ...act, initializer };
  return { kind: 'noisyDense', units, ...act, ...(typeof noise === 'object' ? noise : {}) };
}
