import fc from 'fast-check';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { Random } from '../common/random.ts';
import { adam, type OptimizerSpec, sgd } from '../networks/optimizers.ts';
import { inputSizeOf } from '../networks/plan.ts';
import type { Engine, NamedTensor, OutputGradient, QNetwork } from '../networks/q-network.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { networkArb } from './arbitraries/networks.ts';
import { explainDifference, type Tolerance } from './closeness.ts';
import { naiveForward, type NaiveParameters, naiveParameters } from './oracles/network.ts';
import { type CheckOptions, Properties, show, type OwnNames } from './properties.ts';
import { codeOf, type Report, throwProblems } from './report.ts';

/** A rule of the contract of networks and their engines. */
export type QNetworkRule =
  | 'interface'
  | 'forward'
  | 'gradient'
  | 'clipping'
  | 'learning'
  | 'copies'
  | 'weights'
  | 'optimizer-state'
  | 'seed'
  | 'refusal'
  | 'diverged'
  | 'dispose';

/** What {@link checkQNetwork} may be told. */
export interface CheckQNetworkOptions extends CheckOptions {
  /** The networks to build. They must run without fractions, and their weights move by their gradient. Default: {@link networkArb}. */
  readonly networks?: fc.Arbitrary<NetworkSpec>;
  /**
   * The outputs `[batch, outputSize]` that the network must give, in double precision; nothing where it does not know the network, which is then compared with
   * itself alone. Default: {@link naiveForward}.
   */
  readonly oracle?: (
    spec: NetworkSpec,
    parameters: NaiveParameters,
    observations: ArrayLike<number>,
    batch: number,
  ) => ArrayLike<number> | undefined;
  /** How far outputs may be from the oracle's. Default `{ absolute: 1e-4, relative: 1e-4 }`. */
  readonly tolerance?: Tolerance;
}

/** A network and what goes into it. */
interface Case {
  readonly spec: NetworkSpec;
  readonly batch: number;
  readonly seed: number;
}

/** A case at work: the engine is disposed of afterwards. */
interface Bench {
  readonly engine: Engine;
  readonly spec: NetworkSpec;
  readonly batch: number;
  readonly observations: Float32Array;
  readonly wanted: Float32Array;
  readonly oracle: NonNullable<CheckQNetworkOptions['oracle']>;
  readonly tolerance: Tolerance;
  /** Builds a network of the spec. */
  build(optimizer?: OptimizerSpec, seed?: number): Promise<QNetwork>;
}

const SGD = sgd().spec;
const ADAM = adam().spec;

const ownNames = { networks: true, oracle: true, tolerance: true } satisfies OwnNames<CheckQNetworkOptions>;

/**
 * Builds random networks on an engine and lists all that breaks the contract of {@link QNetwork}, each with the smallest network that shows it: outputs (against
 * an oracle in double precision), gradients (against finite differences of it), clipping, learning, copying and blending, weights and optimiser state out
 * and in, refused calls, divergence that changes nothing, disposal. For engines that answer at once and for those that answer later.
 *
 * @param engine - gives an engine; it is called for every network, and what it gives is disposed of.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export async function checkQNetwork(
  engine: () => Engine | Promise<Engine>,
  options: CheckQNetworkOptions = {},
): Promise<Report<QNetworkRule>> {
  const properties = new Properties<QNetworkRule>('checkQNetwork', { runs: 30, ...options }, ownNames);
  const { networks = networkArb(), oracle = naiveForward, tolerance = { absolute: 1e-4, relative: 1e-4 } } = options;
  const cases = fc.record<Case>({ spec: networks, batch: fc.integer({ min: 1, max: 5 }), seed: fc.nat(1000) });
  for (const { rule, remedy, judge } of RULES) {
    await properties.holdLater(rule, remedy, cases, async ({ spec, batch, seed }) => {
      const built = await engine();
      try {
        const random = new Random(seed);
        const build = async (optimizer?: OptimizerSpec, other = seed) =>
          built.createNetwork(spec, { random: new Random(other), ...(optimizer === undefined ? {} : { optimizer }) });
        await built.prepare?.(spec);
        const { outputSize } = await build();
        const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
        const observations = draw(batch * inputSizeOf(spec));
        return await judge({
          engine: built,
          spec,
          batch,
          observations,
          wanted: draw(batch * outputSize),
          oracle,
          tolerance,
          build,
        });
      } finally {
        built.dispose();
      }
    });
  }
  return properties.report();
}

/**
 * {@link checkQNetwork} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export async function assertQNetwork(engine: () => Engine | Promise<Engine>, options: CheckQNetworkOptions = {}): Promise<void> {
  throwProblems('invalid-part', 'assertQNetwork(engine)', 'an engine', await checkQNetwork(engine, options));
}

/** A rule with what it asks of a network. */
interface NetworkRule {
  readonly rule: QNetworkRule;
  readonly remedy: string;
  readonly judge: (bench: Bench) => Promise<string | undefined>;
}

const RULES: readonly NetworkRule[] = [
  { rule: 'interface', remedy: 'See the interface QNetwork.', judge: judgeSizes },
  { rule: 'forward', remedy: 'Compare each layer with its equation in LayerSpec.', judge: judgeForward },
  { rule: 'gradient', remedy: 'Sum the gradient over rows; the mean is in the output gradient already.', judge: judgeGradient },
  { rule: 'clipping', remedy: 'Scale the gradient of all parameters together; give its norm before that.', judge: judgeClipping },
  { rule: 'learning', remedy: 'Step against the gradient.', judge: judgeLearning },
  { rule: 'copies', remedy: 'Change this network alone: θ ← θ_source, or (1 − tau) θ + tau θ_source.', judge: judgeCopies },
  {
    rule: 'weights',
    remedy: 'Give copies; check names and shapes of all tensors before the first is written.',
    judge: judgeWeights,
  },
  {
    rule: 'optimizer-state',
    remedy: 'Give and take all averages, and the number of steps.',
    judge: judgeOptimizerState,
  },
  { rule: 'seed', remedy: 'Draw the first weights from options.random alone.', judge: judgeSeed },
  { rule: 'refusal', remedy: 'Check lengths and options before anything is computed.', judge: judgeRefusal },
  {
    rule: 'diverged',
    remedy: 'Look at the norm of the gradient before the optimiser runs; throw diverged where it is not finite.',
    judge: judgeDiverged,
  },
  { rule: 'dispose', remedy: 'Let every call but dispose() throw disposed after dispose().', judge: judgeDispose },
];

async function judgeSizes({ spec, batch, observations, build }: Bench): Promise<string | undefined> {
  const network = await build();
  if (network.inputSize !== inputSizeOf(spec)) return `inputSize must be ${inputSizeOf(spec)}, received ${network.inputSize}.`;
  const outputs = await network.forward(observations, batch);
  if (outputs.length === batch * network.outputSize) return undefined;
  return `forward() must give ${batch} · outputSize = ${batch * network.outputSize} numbers, received ${outputs.length}.`;
}

async function judgeForward({ spec, batch, observations, oracle, tolerance, build }: Bench): Promise<string | undefined> {
  const network = await build();
  const given = observations.slice();
  const outputs = (await network.forward(observations, batch)).slice();
  if (!deepEqual(given, observations)) return 'forward() must leave the observations alone.';
  const expected = oracle(spec, naiveParameters(await network.weights()), observations, batch);
  const difference = expected && explainDifference(outputs, expected, tolerance);
  if (difference !== undefined) return `Outputs must be those of the equations: ${difference}.`;
  const longer = new Float32Array(observations.length + 3).fill(NaN);
  longer.set(observations);
  const again = explainDifference((await network.forward(longer, batch)).slice(), outputs, tolerance);
  if (again !== undefined) return `Numbers after the batch must be ignored: ${again}.`;
  const first = await network.forward(observations, 1);
  const alone = explainDifference(first.slice(), outputs.subarray(0, network.outputSize), tolerance);
  return alone && `A row must have the same outputs alone and in a batch: ${alone}.`;
}

/** The gradient of ½ mean ‖outputs − wanted‖² over rows. */
function towards(wanted: Float32Array): OutputGradient {
  return (outputs, gradient, batch) => {
    for (let i = 0; i < gradient.length; i++) gradient[i] = (outputs[i] - wanted[i]) / batch;
  };
}

/** ½ mean ‖outputs − wanted‖² over rows. */
function quadratic(outputs: ArrayLike<number>, wanted: Float32Array, batch: number): number {
  return wanted.reduce((sum, y, i) => sum + (outputs[i] - y) ** 2, 0) / (2 * batch);
}

/** The gradient of all parameters: what a step of plain descent by 1 takes away. */
async function gradientOf(network: QNetwork, { observations, batch, wanted }: Bench, maxGradientNorm?: number) {
  const before = await network.weights();
  const norm = await network.update(observations, batch, towards(wanted), { learningRate: 1, maxGradientNorm });
  const after = await network.weights();
  return { before, norm, gradient: before.map(({ values }, t) => Float64Array.from(values, (x, i) => x - after[t].values[i])) };
}

/** The Euclidean norm of everything together. */
function normOf(parts: readonly Float64Array[]): number {
  return Math.sqrt(parts.reduce((sum, part) => sum + part.reduce((s, x) => s + x * x, 0), 0));
}

async function judgeGradient(bench: Bench): Promise<string | undefined> {
  const { spec, batch, observations, wanted, oracle } = bench;
  const network = await bench.build(SGD);
  const { before, norm, gradient } = await gradientOf(network, bench);
  const parameters = naiveParameters(before);
  const naive = oracle(spec, parameters, observations, batch) !== undefined;
  // In single precision a difference needs a longer step, and is less exact.
  const step = naive ? 1e-5 : 2 ** -8;
  const twin = await bench.build();
  const lossWith = async (): Promise<number> => {
    const outputs = naive ? oracle(spec, parameters, observations, batch) : undefined;
    if (outputs !== undefined) return quadratic(outputs, wanted, batch);
    await twin.setWeights(before.map((tensor) => ({ ...tensor, values: Float32Array.from(parameters.get(tensor.name) ?? []) })));
    return quadratic(await twin.forward(observations, batch), wanted, batch);
  };
  const middle = await lossWith();
  for (const [t, { name, values }] of before.entries()) {
    const tensor = parameters.get(name) ?? new Float64Array(values.length);
    // Of large tensors a few, spread out.
    for (let i = 0; i < values.length; i += Math.ceil(values.length / 12)) {
      tensor[i] = values[i] + step;
      const right = ((await lossWith()) - middle) / step;
      tensor[i] = values[i] - step;
      const left = (middle - (await lossWith())) / step;
      tensor[i] = values[i];
      const received = gradient[t][i];
      const tolerance = (naive ? 1e-3 : 3e-2) * (1 + Math.abs(left) + Math.abs(right)) + 1e-4 * norm;
      // At a kink, as of relu, both slopes are right.
      if (received >= Math.min(left, right) - tolerance && received <= Math.max(left, right) + tolerance) continue;
      return `The gradient of ${name}[${i}] must be the slope of the loss: finite differences give ${show((left + right) / 2)}, received ${show(received)}.`;
    }
  }
  return undefined;
}

async function judgeClipping(bench: Bench): Promise<string | undefined> {
  const { norm, gradient } = await gradientOf(await bench.build(SGD), bench);
  const length = normOf(gradient);
  if (Math.abs(norm - length) > 1e-3 * (1 + length))
    return `update() must give the norm of the gradient, ${show(length)}, received ${show(norm)}.`;
  if (norm < 1e-3) return undefined;
  for (const share of [0.5, 2]) {
    const clipped = await gradientOf(await bench.build(SGD), bench, share * norm);
    const expected = Math.min(share, 1) * length;
    const received = normOf(clipped.gradient);
    if (Math.abs(clipped.norm - norm) > 1e-3 * (1 + norm)) return 'update() must give the norm before clipping.';
    if (Math.abs(received - expected) <= 1e-3 * (1 + expected)) continue;
    return `A gradient of norm ${show(norm)} clipped to ${show(share * norm)} must be ${show(expected)} long, received ${show(received)}.`;
  }
  return undefined;
}

async function judgeLearning(bench: Bench): Promise<string | undefined> {
  const { observations, batch, wanted } = bench;
  const network = await bench.build(SGD);
  const loss = async () => quadratic(await network.forward(observations, batch), wanted, batch);
  const before = await loss();
  const norm = await network.update(observations, batch, towards(wanted), { learningRate: 0 });
  if (Math.abs((await loss()) - before) > 1e-6 * (1 + before)) return 'An update with a learning rate of 0 must change nothing.';
  if (!(norm > 1e-2)) return undefined;
  await network.update(observations, batch, towards(wanted), { learningRate: Math.min(1e-2, 1e-2 / norm) });
  const after = await loss();
  return after < before ? undefined : `A short step down must lessen a quadratic loss: ${show(before)} became ${show(after)}.`;
}

async function judgeCopies({ build, observations, batch, wanted }: Bench): Promise<string | undefined> {
  const [source, copy, blend] = [await build(SGD, 1), await build(undefined, 2), await build(undefined, 3)];
  await source.update(observations, batch, towards(wanted), { learningRate: 1e-2 });
  const [theirs, own] = [await source.weights(), await blend.weights()];
  await copy.copyFrom(source);
  if (!deepEqual(await copy.weights(), theirs)) return 'After copyFrom() the weights must be those of the source, bit for bit.';
  const outputs = (await source.forward(observations, batch)).slice();
  const difference = explainDifference((await copy.forward(observations, batch)).slice(), outputs);
  if (difference !== undefined) return `After copyFrom() the outputs must be those of the source: ${difference}.`;
  await blend.blendFrom(source, 0.25);
  for (const [t, { name, values }] of (await blend.weights()).entries()) {
    const wrong = explainDifference(
      values,
      values.map((_, i) => 0.75 * own[t].values[i] + 0.25 * theirs[t].values[i]),
    );
    if (wrong !== undefined) return `After blendFrom(source, 0.25) ${name} must be ¾ of its own and ¼ of the source's: ${wrong}.`;
  }
  return deepEqual(await source.weights(), theirs) ? undefined : 'Copying and blending must leave the source alone.';
}

/** Tensors with every number changed. */
function moved(tensors: readonly NamedTensor[]): NamedTensor[] {
  return tensors.map((tensor) => ({ ...tensor, values: tensor.values.map((x) => x + 1) }));
}

async function judgeWeights({ build, observations, batch }: Bench): Promise<string | undefined> {
  const [network, twin] = [await build(undefined, 1), await build(undefined, 2)];
  const weights = deepCopy(await network.weights());
  (await network.weights())[0]?.values.fill(7);
  if (!deepEqual(await network.weights(), weights)) return 'weights() must give copies: writing into one changed the network.';
  await twin.setWeights(weights);
  if (!deepEqual(await twin.weights(), weights)) return 'weights() after setWeights() must give the same, bit for bit.';
  const outputs = (await network.forward(observations, batch)).slice();
  const difference = explainDifference((await twin.forward(observations, batch)).slice(), outputs);
  if (difference !== undefined) return `With the same weights the outputs must be the same: ${difference}.`;
  if (weights.length === 0) return undefined;
  const last = weights.length - 1;
  const unfit: Readonly<Record<string, NamedTensor[]>> = {
    'without the last one': moved(weights).slice(0, -1),
    'with a last one of another shape': moved(weights).with(last, { ...weights[last], shape: [...weights[last].shape, 2] }),
    'with a last one of too few numbers': moved(weights).with(last, { ...weights[last], values: new Float32Array(0) }),
  };
  for (const [how, tensors] of Object.entries(unfit)) {
    const said = await codeOf(() => twin.setWeights(tensors));
    if (said !== 'incompatible-checkpoint')
      return `Weights ${how} must be refused with incompatible-checkpoint, but setWeights() ${said}.`;
    if (!deepEqual(await twin.weights(), weights)) return `Weights ${how} were refused, but some had been written by then.`;
  }
  return undefined;
}

async function judgeOptimizerState(bench: Bench): Promise<string | undefined> {
  const { build, observations, batch, wanted } = bench;
  const network = await build(ADAM, 1);
  const learn = (each: QNetwork) => each.update(observations, batch, towards(wanted), { learningRate: 1e-2 });
  for (let k = 0; k < 3; k++) await learn(network);
  const twin = await build(ADAM, 2);
  const state = deepCopy(await network.optimizerState());
  await twin.setWeights(await network.weights());
  await twin.setOptimizerState(state);
  if (!deepEqual(await twin.optimizerState(), state))
    return 'optimizerState() after setOptimizerState() must give the same, bit for bit.';
  await learn(network);
  await learn(twin);
  for (const [t, { name, values }] of (await twin.weights()).entries()) {
    const difference = explainDifference(values, (await network.weights())[t].values);
    if (difference !== undefined)
      return `A network restored with its optimiser must go on as the original, but ${name} differs: ${difference}.`;
  }
  const before = deepCopy(await twin.optimizerState());
  const said = await codeOf(() => twin.setOptimizerState(moved(before).slice(0, -1)));
  if (said !== 'incompatible-checkpoint')
    return `An optimiser state without its last tensor must be refused with incompatible-checkpoint, but setOptimizerState() ${said}.`;
  if (!deepEqual(await twin.optimizerState(), before)) return 'A refused optimiser state had been written in part by then.';
  return (await (await build()).optimizerState()).length === 0 ? undefined : 'Without an optimiser optimizerState() must be empty.';
}

async function judgeSeed({ build }: Bench): Promise<string | undefined> {
  const [one, two] = [await build(undefined, 5), await build(undefined, 5)];
  return deepEqual(await one.weights(), await two.weights())
    ? undefined
    : 'The same random state must give the same first weights.';
}

async function judgeRefusal({ build, observations, batch, wanted }: Bench): Promise<string | undefined> {
  const [network, target] = [await build(SGD), await build()];
  const before = await network.weights();
  const short = observations.subarray(1);
  const rate = { learningRate: 1e-2 };
  const calls: Readonly<Record<string, () => unknown>> = {
    'forward() with too few observations': () => network.forward(short, batch),
    'forward() with a batch of 0': () => network.forward(observations, 0),
    'update() with too few observations': () => network.update(short, batch, towards(wanted), rate),
    'update() without an optimizer': () => target.update(observations, batch, towards(wanted), rate),
  };
  for (const [what, call] of Object.entries(calls)) {
    const said = await codeOf(call);
    if (said !== 'invalid-option') return `${what} must throw DqnError invalid-option, but ${said}.`;
  }
  return deepEqual(await network.weights(), before) ? undefined : 'A refused call changed the weights.';
}

async function judgeDiverged({ spec, build, observations, batch, wanted }: Bench): Promise<string | undefined> {
  const last = spec.layers[spec.layers.length - 1];
  const linear = last.kind === 'dense' && (last.activation ?? 'linear') === 'linear';
  for (const wild of [NaN, Infinity]) {
    const network = await build(ADAM);
    await network.update(observations, batch, towards(wanted), { learningRate: 1e-2 });
    const [weights, state] = [deepCopy(await network.weights()), deepCopy(await network.optimizerState())];
    const said = await codeOf(() =>
      network.update(observations, batch, (_, gradient) => void gradient.fill(wild), { learningRate: 1e-2, maxGradientNorm: 1 }),
    );
    if (said === 'diverged') {
      if (!deepEqual(await network.weights(), weights)) return `After a gradient of ${wild} the weights must be untouched.`;
      if (!deepEqual(await network.optimizerState(), state)) return `After a gradient of ${wild} the optimiser must be untouched.`;
      continue;
    }
    // Behind a unit that is off, such as a relu's, a gradient may come to nothing.
    const harmless =
      !linear && said === 'did not' && (await network.weights()).every(({ values }) => values.every(Number.isFinite));
    if (!harmless) return `A gradient of ${wild} must throw DqnError diverged, but ${said}.`;
  }
  return undefined;
}

async function judgeDispose({ build, observations, batch, wanted }: Bench): Promise<string | undefined> {
  const [network, other] = [await build(SGD), await build(SGD)];
  const weights = await network.weights();
  const outputs = (await other.forward(observations, batch)).slice();
  network.dispose();
  network.dispose();
  const calls: Readonly<Record<string, () => unknown>> = {
    'forward()': () => network.forward(observations, batch),
    'update()': () => network.update(observations, batch, towards(wanted), { learningRate: 1e-2 }),
    'copyFrom()': () => network.copyFrom(other),
    'blendFrom()': () => network.blendFrom(other, 0.5),
    'weights()': () => network.weights(),
    'setWeights()': () => network.setWeights(weights),
    'optimizerState()': () => network.optimizerState(),
  };
  for (const [what, call] of Object.entries(calls)) {
    const said = await codeOf(call);
    if (said !== 'disposed') return `After dispose() ${what} must throw DqnError disposed, but ${said}.`;
  }
  const difference = explainDifference((await other.forward(observations, batch)).slice(), outputs);
  return difference && `Disposing of one network must leave the others alone: ${difference}.`;
}
