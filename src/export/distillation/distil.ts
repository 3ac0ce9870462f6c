import { discreteActions } from '../../agent/discrete-actions.ts';
import { ObservationCodec } from '../../agent/observation-codec.ts';
import { maskedArgmax } from '../../bellman/greedy.ts';
import { checkInteger, checkNames, checkNumber } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { Breather } from '../../common/macrotask.ts';
import { Random } from '../../common/random.ts';
import { toSchedule } from '../../common/schedules.ts';
import { wasm } from '../../engines/wasm/wasm-engine.ts';
import type { Environment } from '../../environment/environment.ts';
import { expected } from '../../heads/expected.ts';
import type { NetworkFactory } from '../../networks/network-factory.ts';
import { adam, type Optimizer } from '../../networks/optimizers.ts';
import type { Engine, QNetwork } from '../../networks/q-network.ts';
import { throwIfAborted, type AbortSignalLike } from '../../training/abort.ts';
import type { PolicyNetwork } from '../policy.ts';
import { Lessons, collect, type Teacher } from './lessons.ts';
import { divergence, squaredError } from './loss.ts';

/** Options of {@link distil}. */
export interface DistilOptions<Observation> {
  /** The student's network. */
  readonly network: NetworkFactory<false>;
  /** Where the teacher acts; with `observations` only its spaces count. Use one of its own. */
  readonly environment: Environment<Observation, number>;
  /** What the student learns from, in place of what the teacher meets in the environment. */
  readonly observations?: readonly Observation[];
  /** How many observations the teacher meets. Default 10,000. */
  readonly lessons?: number;
  /** The share of random actions while it does, in [0, 1]. Default 0.05. */
  readonly epsilon?: number;
  /** Updates of the student. Default 5,000. */
  readonly steps?: number;
  /** Observations in an update. Default 64. */
  readonly batchSize?: number;
  /**
   * `divergence` (the default) of the policies, by a `temperature`: the student's values then only tell the best action. Or the `squared` error of the Q-values, which are then kept
   * too, and are harder to fit.
   */
  readonly loss?: 'divergence' | 'squared';
  /** τ of the teacher's softmax policy, above 0: small makes it its best action, large keeps how the others compare. Default 0.01, as in the paper. */
  readonly temperature?: number;
  /** Default `adam({ learningRate: 1e-3 })`; schedules count updates. */
  readonly optimizer?: Optimizer;
  /** What runs the student while it learns. Default `wasm()`. */
  readonly engine?: Engine;
  /** Seeds everything that is drawn. Default 0. */
  readonly seed?: number;
  /** Stops it with an `aborted` error. */
  readonly signal?: AbortSignalLike;
}

/** What {@link distil} gives. */
export interface Distillation {
  /** The student, with the head `expected()`. */
  readonly policy: PolicyNetwork;
  /** The mean loss over all lessons, after the last update. */
  readonly loss: number;
  /** The share of lessons in which the student's best action is the teacher's. */
  readonly agreement: number;
}

const known: Readonly<Record<keyof DistilOptions<unknown>, true>> = {
  network: true,
  environment: true,
  observations: true,
  lessons: true,
  epsilon: true,
  steps: true,
  batchSize: true,
  loss: true,
  temperature: true,
  optimizer: true,
  engine: true,
  seed: true,
  signal: true,
};

/** Clips the gradient of the student to this norm. */
const MAX_GRADIENT_NORM = 10;

/**
 * Distils a policy into a network of another, smaller, kind: the student learns to choose as the teacher does (Rusu et al. 2016, "Policy Distillation").
 *
 * @param teacher - an agent, a loaded policy, or anything that acts and tells Q-values; without memory.
 * @throws DqnError `invalid-option` naming an option, `invalid-part` if the teacher's values are not finite or not one an action, `invalid-observation`, `environment-failed`,
 * `diverged`, `aborted`.
 */
export async function distil<Observation>(
  teacher: Teacher<Observation>,
  options: DistilOptions<Observation>,
): Promise<Distillation> {
  checkNames('distil(options)', options, known);
  const {
    environment,
    observations,
    network: factory,
    signal,
    engine = wasm(),
    optimizer = adam({ learningRate: 1e-3 }),
  } = options;
  const steps = checkInteger('distil({ steps })', options.steps ?? 5_000, { min: 1 });
  const batch = checkInteger('distil({ batchSize })', options.batchSize ?? 64, { min: 1 });
  const wanted = checkInteger('distil({ lessons })', options.lessons ?? 10_000, { min: 1 });
  const epsilon = checkNumber('distil({ epsilon })', options.epsilon ?? 0.05, { min: 0, max: 1 });
  const temperature = checkNumber('distil({ temperature })', options.temperature ?? 0.01, { min: 0, exclusiveMin: true });
  const random = new Random(checkNumber('distil({ seed })', options.seed ?? 0));
  const { loss: kind = 'divergence' } = options;
  if (kind !== 'divergence' && kind !== 'squared')
    refuse('loss', "'divergence' or 'squared'", kind, "Leave it out for 'divergence'.");
  if (observations?.length === 0)
    refuse('observations', 'at least one observation', 'none', 'Leave them out to let the teacher act.');
  const measure = kind === 'squared' ? squaredError : divergence(temperature);
  const actionSpace = discreteActions(environment.actionSpace, 'distil({ environment })');
  const codec = new ObservationCodec(environment.observationSpace);
  const { n: actions, start: actionStart } = actionSpace;
  const spec = factory.build({
    inputShape: codec.shape,
    inputScale: codec.scale,
    actions,
    width: 1,
    heads: 1,
    outputSize: actions,
  });
  await engine.prepare?.(spec);
  const network: QNetwork = await engine.createNetwork(spec, { random: random.split('weights'), optimizer: optimizer.spec });
  try {
    if (network.stateSize > 0) refuse('network', 'a network without memory', factory.kind, 'Use mlp(), cnn() or sequential().');
    if (network.outputSize !== actions) {
      refuse('network', `a network with ${actions} outputs`, `${network.outputSize}`, 'Let the last layer have outputSize units.');
    }
    const lessons = new Lessons(codec, actions, observations?.length ?? wanted);
    if (observations) for (const observation of observations) await lessons.add(observation, teacher);
    else await collect(lessons, teacher, environment, actionSpace, { count: wanted, epsilon, random: random.split('lessons') });

    const inputs = new Float32Array(batch * codec.size);
    const values = new Float32Array(batch * actions);
    const drawn = random.split('batches');
    const rate = toSchedule(optimizer.learningRate);
    const breather = new Breather();
    for (let step = 0; step < steps; step++) {
      throwIfAborted(signal, 'distil({ signal })');
      for (let row = 0; row < batch; row++) lessons.copy(drawn.integer(lessons.count), inputs, values, row);
      const update = { learningRate: rate.at(step), maxGradientNorm: MAX_GRADIENT_NORM };
      await network.update(inputs, batch, (outputs, gradient) => void measure(outputs, values, batch, actions, gradient), update);
      if (breather.due) await breather.breathe();
    }

    let loss = 0;
    let agreed = 0;
    const unused = new Float32Array(actions);
    for (let i = 0; i < lessons.count; i++) {
      lessons.copy(i, inputs, values, 0);
      const outputs = await network.forward(inputs, 1);
      loss += measure(outputs, values, 1, actions, unused);
      if (maskedArgmax(outputs, 0, actions) === maskedArgmax(values, 0, actions)) agreed++;
    }
    const weights = await network.weights();
    const policy: PolicyNetwork = { spec: network.spec, head: expected(), actions, actionStart, heads: 1, weights };
    return { policy, loss: loss / lessons.count, agreement: agreed / lessons.count };
  } finally {
    network.dispose();
  }
}

function refuse(name: string, what: string, received: unknown, remedy: string): never {
  const text = typeof received === 'string' ? received : describe(received);
  throw new DqnError({ code: 'invalid-option', where: `distil({ ${name} })`, expected: what, received: text, remedy });
}
