import fc from 'fast-check';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { DqnError } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Explorer, ExplorerInput, RememberingExplorer } from '../exploration/explorer.ts';
import { dyadicArb, maskArb, type ValueRange, valuesArb } from './arbitraries/values.ts';
import { changed, type CheckOptions, Properties, show, type OwnNames } from './properties.ts';
import { type Report, throwProblems } from './report.ts';

/** A rule of the contract of explorers. */
export type ExplorerRule =
  | 'interface'
  | 'possible-actions'
  | 'inputs'
  | 'determinism'
  | 'independent-draws'
  | 'rate'
  | 'memory'
  | 'sharing'
  | 'damaged-state';

/** What {@link checkExplorer} may be told. */
export interface CheckExplorerOptions extends CheckOptions {
  /** A: of every input. Default: 1 to 4, drawn. */
  readonly actions?: number;
  /** One row of masks `[A]`, 1 or 0 and not all 0, for explorers that know what is possible together; with `actions`. Default: any. */
  readonly masks?: fc.Arbitrary<Uint8Array>;
  /** D: of every input. Default: 1 to 3, drawn. */
  readonly observationSize?: number;
  /** Where action values are drawn. Default ±16. */
  readonly values?: ValueRange;
  /** Whether the states of a batch are explored independently of each other. Default true; `false` for explorers that count visits, say. */
  readonly independent?: boolean;
}

/** One call of an explorer. */
interface Case {
  readonly actions: number;
  readonly observationSize: number;
  readonly rows: readonly { readonly q: Float32Array; readonly mask: Uint8Array; readonly observation: Float32Array }[];
  readonly masked: boolean;
  readonly step: number;
  readonly seed: number;
}

/** An explorer at work: with an empty memory where it has one. */
type Worker = Explorer & Partial<RememberingExplorer>;

const ownNames = {
  actions: true,
  masks: true,
  observationSize: true,
  values: true,
  independent: true,
} satisfies OwnNames<CheckExplorerOptions>;

/**
 * Draws states and lists all that breaks the contract of {@link Explorer}, each with the smallest input that shows it: only possible actions, the same from
 * the same random numbers, draws of its own for every state, a finite rate, and a memory that is saved, restored and shared with nobody.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export function checkExplorer(explorer: Explorer, options: CheckExplorerOptions = {}): Report<ExplorerRule> {
  const properties = new Properties<ExplorerRule>('checkExplorer', options, ownNames);
  const { findings } = properties;
  const remedy = 'See the interface Explorer.';
  if (typeof explorer?.kind !== 'string' || explorer.kind === '')
    findings.problem('interface', 'kind must be a word that names the explorer.', remedy);
  if (typeof explorer?.select !== 'function') {
    findings.problem('interface', 'There is no method select().', remedy);
    return properties.report();
  }
  const { heads = 1 } = explorer;
  const begin = (): Worker => explorer.fresh?.() ?? explorer;
  const cases = caseArb(heads, options);
  checkChoices(begin, cases, properties);
  if (options.independent ?? true) checkDraws(begin, heads, properties);
  if (explorer.rate !== undefined) {
    properties.hold('rate', 'Give a finite number at every step.', fc.nat(10_000_000), (step) => {
      const rate = explorer.rate?.(step);
      return typeof rate === 'number' && Number.isFinite(rate)
        ? undefined
        : `rate(${step}) must be a finite number, received ${String(rate)}.`;
    });
  }
  if (explorer.fresh !== undefined) checkMemory(() => explorer.fresh?.() as RememberingExplorer, cases, properties);
  return properties.report();
}

/**
 * {@link checkExplorer} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export function assertExplorer(explorer: Explorer, options: CheckExplorerOptions = {}): void {
  throwProblems('invalid-part', 'assertExplorer(explorer)', 'an explorer', checkExplorer(explorer, options));
}

function caseArb(heads: number, options: CheckExplorerOptions): fc.Arbitrary<Case> {
  const { values = { min: -16, max: 16 } } = options;
  const sizeArb = (given: number | undefined, max: number) =>
    given === undefined ? fc.integer({ min: 1, max }) : fc.constant(given);
  return fc.tuple(sizeArb(options.actions, 4), sizeArb(options.observationSize, 3)).chain(([actions, observationSize]) => {
    const lengths = { minLength: observationSize, maxLength: observationSize };
    const rowArb = fc.record({
      q: valuesArb(heads * actions, values),
      mask: options.masks ?? maskArb({ batch: 1, actions }),
      observation: fc.array(dyadicArb({ min: -4, max: 4 }), lengths).map((x) => Float32Array.from(x)),
    });
    return fc.record<Case>({
      actions: fc.constant(actions),
      observationSize: fc.constant(observationSize),
      rows: fc.array(rowArb, { minLength: 1, maxLength: 4 }),
      masked: fc.boolean(),
      step: fc.nat(100_000),
      seed: fc.nat(),
    });
  });
}

function inputOf({ actions, observationSize, rows, masked, step, seed }: Case): ExplorerInput {
  return {
    batch: rows.length,
    actions,
    qValues: Float32Array.from(rows.flatMap(({ q }) => [...q])),
    ...(masked ? { masks: Uint8Array.from(rows.flatMap(({ mask }) => [...mask])) } : {}),
    streams: Int32Array.from(rows.keys()),
    observations: Float32Array.from(rows.flatMap(({ observation }) => [...observation])),
    observationSize,
    step,
    random: new Random(seed),
  };
}

const NONE = -7;

/** The actions chosen, and one number more that must be left alone. */
function choose(worker: Worker, input: ExplorerInput): Int32Array {
  const out = new Int32Array(input.batch + 1).fill(NONE);
  worker.select(input, out);
  return out;
}

function checkChoices(begin: () => Worker, cases: fc.Arbitrary<Case>, properties: Properties<ExplorerRule>): void {
  const possible = 'Write one possible action for every state, and nothing else.';
  properties.hold('possible-actions', possible, cases, (drawn) => {
    const input = inputOf(drawn);
    const out = choose(begin(), input);
    if (out[input.batch] !== NONE) return `select() must write ${input.batch} actions, but wrote one more.`;
    for (let n = 0; n < input.batch; n++) {
      const action = out[n];
      if (action === NONE) return `select() wrote no action for state ${n}.`;
      if (action < 0 || action >= input.actions)
        return `The action in state ${n} must be one of 0 … ${input.actions - 1}, received ${action}.`;
      if (input.masks?.[n * input.actions + action] === 0) return `Action ${action} in state ${n} is impossible there.`;
    }
    return undefined;
  });
  properties.hold('inputs', 'Work on arrays of your own.', cases, (drawn) => {
    const input = inputOf(drawn);
    const given = deepCopy({ ...input, random: null });
    choose(begin(), input);
    return changed('select()', given, { ...input, random: null });
  });
  const draw = 'Draw from input.random alone; what is remembered from call to call belongs into fresh().';
  properties.hold('determinism', draw, fc.tuple(cases, cases), ([drawn, other]) => {
    const first = choose(begin(), inputOf(drawn));
    const again = [0, 1].map((k) => {
      if (k === 1) choose(begin(), inputOf(other));
      return choose(begin(), inputOf(drawn));
    });
    return again.every((actions) => deepEqual(actions, first))
      ? undefined
      : 'select() chose other actions in the same states from the same random numbers.';
  });
}

const STATES = 64;
const TRIALS = 60;

/**
 * Explores many equal states at once, many times. If each draws for itself, the number of states that took an action varies as of independent coins; if
 * they share a draw, it varies far more.
 */
function checkDraws(begin: () => Worker, heads: number, properties: Properties<ExplorerRule>): void {
  const remedy = 'Draw for every state of the batch by itself; pass independent: false if the states are meant to hang together.';
  properties.hold(
    'independent-draws',
    remedy,
    fc.record({ actions: fc.integer({ min: 2, max: 3 }), step: fc.constantFrom(0, 1000, 100_000), seed: fc.nat() }),
    ({ actions, step, seed }) => {
      const row = { q: new Float32Array(heads * actions), mask: new Uint8Array(actions).fill(1), observation: Float32Array.of(0) };
      row.q.forEach((_, i) => (row.q[i] = (i % actions) / 64));
      const rows = Array.from({ length: STATES }, () => row);
      const counts = Array.from({ length: TRIALS }, (_, trial) => {
        const input = inputOf({ actions, observationSize: 1, rows, masked: false, step, seed: seed + trial });
        return choose(begin(), input)
          .subarray(0, STATES)
          .reduce((sum, action) => sum + (action === actions - 1 ? 1 : 0), 0);
      });
      const mean = counts.reduce((a, b) => a + b, 0) / TRIALS;
      const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (TRIALS - 1);
      const expected = mean * (1 - mean / STATES);
      // The ratio is about χ²/59, of deviation 0.18: 3 is eleven of these away.
      if (!(expected > 0.5) || variance <= 3 * expected) return undefined;
      return (
        `How many of ${STATES} equal states take an action must vary as draws of their own do, by a variance of about ${show(expected)}, ` +
        `received ${show(variance)}: the states share a draw.`
      );
    },
    0.1,
  );
}

function checkMemory(fresh: () => RememberingExplorer, cases: fc.Arbitrary<Case>, properties: Properties<ExplorerRule>): void {
  const { findings } = properties;
  const first = fresh();
  const missing = (['getState', 'setState', 'select'] as const).filter((name) => typeof first?.[name] !== 'function');
  for (const name of missing)
    findings.problem('interface', `What fresh() gives has no method ${name}().`, 'See the interface RememberingExplorer.');
  if (missing.length > 0) return;
  // All calls of one life have the same shapes.
  const lives = cases.chain((one) =>
    fc.tuple(fc.constant(one), fc.array(fc.nat(), { maxLength: 5 }), fc.array(fc.nat(), { minLength: 1, maxLength: 5 })),
  );
  const live = (worker: RememberingExplorer, one: Case, seeds: readonly number[]) =>
    seeds.map((seed, i) => {
      const actions = choose(worker, inputOf({ ...one, seed, step: one.step + i }));
      if (seed % 5 === 0) worker.endEpisode?.(seed % one.rows.length);
      return actions;
    });
  const restore = 'Save and restore all that select() and endEpisode() read or write, as plain data.';
  properties.hold('memory', restore, lives, ([one, before, after]) => {
    const original = fresh();
    live(original, one, before);
    const saved = deepCopy(original.getState());
    const copy = fresh();
    copy.setState(deepCopy(saved));
    if (!deepEqual(copy.getState(), saved)) return 'getState() after setState() gave another state than the saved one.';
    return deepEqual(live(copy, one, after), live(original, one, after))
      ? undefined
      : 'After setState() other actions were chosen.';
  });
  const own = 'Keep all memory in what fresh() gives, a new one for every call.';
  properties.hold('sharing', own, lives, ([one, before, after]) => {
    const [a, b] = [fresh(), fresh()];
    if (a === b) return 'fresh() gave the same explorer twice.';
    live(a, one, before);
    const kept = deepCopy(a.getState());
    live(b, one, after);
    return deepEqual(a.getState(), kept) ? undefined : 'What one explorer did changed the memory of another from the same fresh().';
  });
  const refuse = 'Read the state with care: throw invalid-checkpoint or incompatible-checkpoint before anything is changed.';
  properties.hold(
    'damaged-state',
    refuse,
    fc.tuple(lives, fc.constantFrom<State>(7, 'state', [], Float32Array.of(NaN))),
    ([[one, before], damaged]) => {
      const worker = fresh();
      live(worker, one, before);
      const kept = deepCopy(worker.getState());
      try {
        worker.setState(damaged);
      } catch (error) {
        if (!(error instanceof DqnError) || !error.code.endsWith('-checkpoint')) throw error;
        return deepEqual(worker.getState(), kept)
          ? undefined
          : 'setState() refused a damaged state, but had changed the memory by then.';
      }
      return 'setState() took a damaged state.';
    },
  );
}
