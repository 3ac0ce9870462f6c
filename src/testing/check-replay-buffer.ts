import fc from 'fast-check';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { DqnError } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from '../replay/replay-buffer.ts';
import { layoutArb, transitionArb } from './arbitraries/transitions.ts';
import { explainDifference } from './closeness.ts';
import { type CheckOptions, Properties, type OwnNames } from './properties.ts';
import { type Report, throwProblems } from './report.ts';

/** A rule of the contract of replay buffers. */
export type ReplayBufferRule =
  | 'interface'
  | 'size'
  | 'ids'
  | 'rows'
  | 'weights'
  | 'priorities'
  | 'empty'
  | 'determinism'
  | 'state'
  | 'damaged-state'
  | 'refusal';

/** What {@link checkReplayBuffer} may be told. */
export interface CheckReplayBufferOptions extends CheckOptions {
  /** Of every transition. Default: small ones, drawn. */
  readonly layout?: ReplayLayout;
}

/** What is done to a buffer. */
type Action =
  | { readonly kind: 'add'; readonly transition: Transition }
  | { readonly kind: 'endEpisode'; readonly stream: number }
  | { readonly kind: 'sample'; readonly size: number; readonly seed: number; readonly tdErrors: readonly number[] }
  | { readonly kind: 'updateOld'; readonly id: number };

/** The life of a buffer. */
interface Life {
  readonly layout: ReplayLayout;
  readonly actions: readonly Action[];
}

/** A buffer, and beside it all that was ever added. */
interface Model {
  readonly buffer: ReplayBuffer;
  readonly added: Transition[];
  readonly layout: ReplayLayout;
}

/** The largest capacity at which random lives are sure to overwrite. */
const SMALL = 16;

const ownNames = { layout: true } satisfies OwnNames<CheckReplayBufferOptions>;

/**
 * Leads random lives with buffers of a spec, beside a plain list of all that was added, and reports all that breaks the contract of {@link ReplayBuffer}, each
 * with the shortest life that shows it: size and capacity, ids, rows that are what was added, weights, priorities, masks, refused transitions, saving and restoring.
 * @param spec - with a capacity of at most 16, so that old transitions are overwritten in the check.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export function checkReplayBuffer(spec: ReplaySpec, options: CheckReplayBufferOptions = {}): Report<ReplayBufferRule> {
  const properties = new Properties<ReplayBufferRule>('checkReplayBuffer', options, ownNames);
  const { findings } = properties;
  if (!checkInterface(spec, options, properties)) return properties.report();
  if (spec.capacity > SMALL) {
    const message = `With a capacity of ${spec.capacity} nothing was overwritten in the check.`;
    findings.warn('size', message, `Check the buffer with a capacity of at most ${SMALL} too.`);
  }
  const layouts = options.layout === undefined ? layoutArb() : fc.constant(options.layout);
  const lives = layouts.chain((layout) =>
    fc.record<Life>({ layout: fc.constant(layout), actions: fc.array(actionArb(layout), { maxLength: 40, size: 'max' }) }),
  );
  checkLives(spec, lives, properties);
  checkEmpty(spec, layouts, properties);
  checkRefusal(spec, lives, properties);
  checkState(spec, lives, properties);
  return properties.report();
}

/**
 * {@link checkReplayBuffer} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export function assertReplayBuffer(spec: ReplaySpec, options: CheckReplayBufferOptions = {}): void {
  throwProblems('invalid-part', 'assertReplayBuffer(spec)', 'a replay buffer', checkReplayBuffer(spec, options));
}

function checkInterface(spec: ReplaySpec, options: CheckReplayBufferOptions, { findings }: Properties<ReplayBufferRule>): boolean {
  const problem = (message: string) => findings.problem('interface', message, 'See the interfaces ReplaySpec and ReplayBuffer.');
  if (typeof spec?.kind !== 'string' || typeof spec.create !== 'function') {
    problem('The spec must have a kind and create().');
    return false;
  }
  try {
    const buffer = spec.create(options.layout ?? { observationSize: 2, observationType: 'float32', actions: 2 });
    for (const name of ['add', 'sample', 'getState', 'setState'] as const) {
      if (typeof buffer[name] !== 'function') problem(`The buffer has no method ${name}().`);
    }
    if (buffer.capacity !== spec.capacity) problem(`The buffer's capacity is ${buffer.capacity}, and its spec's ${spec.capacity}.`);
    if (buffer.size !== 0) problem(`A new buffer must be empty, but its size is ${buffer.size}.`);
  } catch (error) {
    problem(`create() threw: ${String(error)}`);
  }
  return findings.report().ok;
}

function actionArb(layout: ReplayLayout): fc.Arbitrary<Action> {
  const seed = fc.nat(1000);
  const sample = fc.record({
    kind: fc.constant('sample' as const),
    size: fc.integer({ min: 1, max: 5 }),
    seed,
    tdErrors: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 5, maxLength: 5 }),
  });
  return fc.oneof(
    { weight: 6, arbitrary: transitionArb(layout).map((transition): Action => ({ kind: 'add', transition })) },
    { weight: 3, arbitrary: sample },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('endEpisode' as const), stream: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('updateOld' as const), id: fc.nat(40) }) },
  );
}

/** Does an action, and says what it shows to be wrong. */
function act({ buffer, added, layout }: Model, action: Action): string | undefined {
  switch (action.kind) {
    case 'add': {
      added.push(deepCopy(action.transition));
      const given = deepCopy(action.transition);
      buffer.add(given);
      if (!deepEqual(given, action.transition)) return 'add() must leave its transition alone.';
      // The caller uses its arrays again; what the buffer keeps must be its own.
      given.observation.fill(77);
      given.nextObservation.fill(77);
      given.nextActionMask?.fill(1);
      const size = Math.min(added.length, buffer.capacity);
      return buffer.size === size
        ? undefined
        : `After ${added.length} transitions the size must be ${size}, received ${buffer.size}.`;
    }
    case 'endEpisode':
      buffer.endEpisode?.(action.stream);
      return undefined;
    case 'updateOld': {
      // An id that has been overwritten, or was never given.
      const id = action.id < added.length - buffer.size ? action.id : added.length + action.id;
      if (id < added.length) buffer.updatePriorities?.(Float64Array.of(id), Float32Array.of(1000));
      return undefined;
    }
    case 'sample': {
      if (added.length === 0) return undefined;
      const batch = buffer.sample(action.size, new Random(action.seed), 0);
      const problem = judgeBatch(batch, action.size, { buffer, added, layout });
      if (problem === undefined) buffer.updatePriorities?.(batch.ids, Float32Array.from(action.tdErrors.slice(0, action.size)));
      return problem;
    }
  }
}

function judgeBatch(batch: Batch, size: number, { buffer, added, layout }: Model): string | undefined {
  if (batch.size !== size) return `A batch of ${size} must say so, received size ${batch.size}.`;
  const { observationSize, actions } = layout;
  const widths = {
    observations: observationSize,
    nextObservations: observationSize,
    actions: 1,
    rewards: 1,
    discounts: 1,
    weights: 1,
    ids: 1,
  };
  for (const [name, width] of Object.entries(widths)) {
    const { length } = batch[name as keyof typeof widths];
    if (length !== size * width) return `${name} of a batch of ${size} must have ${size * width} numbers, received ${length}.`;
  }
  const masked = added.some(({ nextActionMask }) => nextActionMask !== undefined);
  const held = added.slice(-buffer.size);
  const must = held.some(({ nextActionMask }) => nextActionMask !== undefined);
  if (batch.nextActionMasks === undefined ? must : !masked) {
    return must
      ? 'Masks came with transitions, but the batch has none.'
      : 'No transition came with a mask, but the batch has masks.';
  }
  for (let b = 0; b < size; b++) {
    const id = batch.ids[b];
    const oldest = added.length - buffer.size;
    if (!Number.isInteger(id) || id < oldest || id >= added.length) {
      return `The id of row ${b} must be one of ${oldest} … ${added.length - 1}, those of the transitions held, received ${id}.`;
    }
    const weight = batch.weights[b];
    if (!(weight > 0 && weight <= 1)) return `The weight of row ${b} must lie in (0, 1], received ${weight}.`;
    const { observation, action, reward, discount, nextObservation, nextActionMask } = added[id];
    const row = (values: Float32Array | Uint8Array, width: number) => values.subarray(b * width, (b + 1) * width);
    const pairs: [string, ArrayLike<number>, ArrayLike<number>][] = [
      ['observation', row(batch.observations, observationSize), observation],
      ['action', [batch.actions[b]], [action]],
      ['reward', [batch.rewards[b]], [Math.fround(reward)]],
      ['discount', [batch.discounts[b]], [Math.fround(discount)]],
      ['next observation', row(batch.nextObservations, observationSize), nextObservation],
    ];
    if (batch.nextActionMasks !== undefined) {
      pairs.push(['mask', row(batch.nextActionMasks, actions), nextActionMask ?? Array.from({ length: actions }, () => 1)]);
    }
    for (const [name, received, expected] of pairs) {
      const difference = explainDifference(received, expected, { absolute: 0, relative: 0 });
      if (difference !== undefined) return `The ${name} of transition ${id} must come back as it was added: ${difference}.`;
    }
  }
  return undefined;
}

function judgePriorities({ priorities, size }: ReplayBuffer): string | undefined {
  if (priorities === undefined) return undefined;
  const { mean, max } = priorities;
  if (size === 0) return 'A buffer must have no priorities while nothing is held.';
  // A mean of equal numbers may be rounded up.
  return mean >= 0 && mean <= max * (1 + 1e-9) && max < Infinity
    ? undefined
    : `The priorities must have a mean in [0, max], received the mean ${mean} and the max ${max}.`;
}

function begin(spec: ReplaySpec, layout: ReplayLayout): Model {
  return { buffer: spec.create(layout), added: [], layout };
}

/** Leads a life, and gives the first thing wrong in it. */
function lead(model: Model, actions: readonly Action[]): string | undefined {
  for (const action of actions) {
    const problem = act(model, action) ?? judgePriorities(model.buffer);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkLives(spec: ReplaySpec, lives: fc.Arbitrary<Life>, properties: Properties<ReplayBufferRule>): void {
  const remedies: readonly (readonly [ReplayBufferRule, RegExp, string])[] = [
    ['size', /size must be|add\(\) must/, 'Count what is held: as many as were added, at most the capacity.'],
    ['ids', /id of row/, 'Let the k-th transition ever added have id k, counted from 0, and draw of those held alone.'],
    ['weights', /weight of row/, 'Write 1 without importance sampling; otherwise divide by the largest of the batch.'],
    ['priorities', /priorities/, 'Give the mean over what is held and the largest seen so far.'],
    ['rows', /./, 'Copy transitions in and out, every field of the same one.'],
  ];
  // A life may end by breaking any of these rules; what its sentence is about says which.
  const ruleOf = (problem: string) => remedies.find(([, pattern]) => pattern.test(problem))?.[0];
  for (const [rule, , remedy] of remedies) {
    properties.hold(rule, remedy, lives, ({ layout, actions }) => {
      try {
        const problem = lead(begin(spec, layout), actions);
        return problem !== undefined && ruleOf(problem) === rule ? problem : undefined;
      } catch (error) {
        if (rule === 'rows') throw error; // told once
        return undefined;
      }
    });
  }
}

function checkEmpty(spec: ReplaySpec, layouts: fc.Arbitrary<ReplayLayout>, properties: Properties<ReplayBufferRule>): void {
  const remedy = 'Throw DqnError empty-replay from sample() while nothing is held.';
  properties.hold(
    'empty',
    remedy,
    layouts,
    (layout) => {
      const said = codeOf(() => spec.create(layout).sample(2, new Random(1)));
      return said === 'empty-replay'
        ? undefined
        : `sample() of an empty buffer must throw DqnError empty-replay, but ${said ?? 'gave a batch'}.`;
    },
    0.1,
  );
}

/** The code of the error that a call throws; nothing where it throws none. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof DqnError ? error.code : `threw ${String(error)}`;
  }
}

/** Ways to spoil a transition. */
const SPOIL: Readonly<Record<string, (transition: Transition, layout: ReplayLayout) => Transition>> = {
  'a reward of NaN': (transition) => ({ ...transition, reward: NaN }),
  'an infinite reward': (transition) => ({ ...transition, reward: Infinity }),
  'a discount above 1': (transition) => ({ ...transition, discount: 1.5 }),
  'a discount of NaN': (transition) => ({ ...transition, discount: NaN }),
  'an action that there is not': (transition, { actions }) => ({ ...transition, action: actions }),
  'an action that is no whole number': (transition) => ({ ...transition, action: 0.5 }),
  'an observation that is too long': (transition, { observationSize }) => ({
    ...transition,
    observation: new Float32Array(observationSize + 1),
  }),
  'a next observation with NaN': (transition, { observationSize }) => ({
    ...transition,
    nextObservation: new Float32Array(observationSize).fill(NaN),
  }),
  'a mask that is too short': (transition, { actions }) => ({ ...transition, nextActionMask: new Uint8Array(actions - 1) }),
};

function checkRefusal(spec: ReplaySpec, lives: fc.Arbitrary<Life>, properties: Properties<ReplayBufferRule>): void {
  const remedy = 'Check all fields of a transition before anything is written.';
  const spoilt = lives.chain((life) =>
    fc.record({ life: fc.constant(life), transition: transitionArb(life.layout), how: fc.constantFrom(...Object.keys(SPOIL)) }),
  );
  properties.hold('refusal', remedy, spoilt, ({ life, transition, how }) => {
    const model = begin(spec, life.layout);
    if (lead(model, life.actions) !== undefined) return undefined;
    const before = deepCopy(model.buffer.getState());
    const said = codeOf(() => model.buffer.add(SPOIL[how](transition, life.layout)));
    if (said === undefined) return `A transition with ${how} must be refused, but was taken.`;
    if (said.startsWith('threw')) return `A transition with ${how} must be refused with a DqnError, but add() ${said}.`;
    return deepEqual(model.buffer.getState(), before)
      ? undefined
      : `A transition with ${how} was refused, but the buffer had changed by then.`;
  });
}

function checkState(spec: ReplaySpec, lives: fc.Arbitrary<Life>, properties: Properties<ReplayBufferRule>): void {
  const pairs = lives.chain((life) => fc.tuple(fc.constant(life), fc.array(actionArb(life.layout), { maxLength: 10 })));
  const draw = (buffer: ReplayBuffer) => {
    if (buffer.size === 0) return [];
    return [1, 2, 3].map((seed) => deepCopy(buffer.sample(3, new Random(seed), 0)));
  };
  properties.hold('determinism', 'Draw from the random numbers given to sample() alone.', lives, ({ layout, actions }) => {
    const [one, two] = [begin(spec, layout), begin(spec, layout)];
    if (lead(one, actions) !== undefined || lead(two, actions) !== undefined) return undefined;
    return deepEqual(draw(one.buffer), draw(two.buffer))
      ? undefined
      : 'Two buffers of the same life gave other batches from the same random numbers.';
  });
  const restore = 'Save and restore everything that sample() and add() read, priorities and the count of all added included.';
  properties.hold('state', restore, pairs, ([{ layout, actions }, more]) => {
    const model = begin(spec, layout);
    if (lead(model, actions) !== undefined) return undefined;
    const saved = deepCopy(model.buffer.getState());
    const copy: Model = { buffer: spec.create(layout), added: [...model.added], layout };
    copy.buffer.setState(deepCopy(saved));
    if (!deepEqual(copy.buffer.getState(), saved)) return 'getState() after setState() gave another state than the saved one.';
    if (copy.buffer.size !== model.buffer.size)
      return `A restored buffer must hold ${model.buffer.size}, received ${copy.buffer.size}.`;
    if (!deepEqual(draw(copy.buffer), draw(model.buffer)))
      return 'A restored buffer gave other batches from the same random numbers.';
    const problem = lead(copy, more);
    if (problem !== undefined) return `After restoring: ${problem}`;
    if (lead(model, more) !== undefined) return undefined;
    return deepEqual(draw(copy.buffer), draw(model.buffer))
      ? undefined
      : 'A restored buffer went on otherwise than the one that was saved.';
  });
  const refuse = 'Read the state with care: throw invalid-checkpoint or incompatible-checkpoint before anything is changed.';
  const damages = fc.constantFrom<State>(null, 7, 'state', [], {});
  properties.hold(
    'damaged-state',
    refuse,
    fc.tuple(lives, damages),
    ([{ layout, actions }, damaged]) => {
      const model = begin(spec, layout);
      if (lead(model, actions) !== undefined) return undefined;
      const before = deepCopy(model.buffer.getState());
      const said = codeOf(() => model.buffer.setState(damaged));
      if (said === undefined) return 'setState() took a damaged state.';
      if (!said.endsWith('-checkpoint'))
        return `A damaged state must be refused with invalid-checkpoint or incompatible-checkpoint, but setState() gave ${said}.`;
      return deepEqual(model.buffer.getState(), before)
        ? undefined
        : 'setState() refused a damaged state, but had changed the buffer by then.';
    },
    0.3,
  );
}
