import fc from 'fast-check';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { Random } from '../common/random.ts';
import type { FractionUse, LossInput, LossOutput, TargetInput, ValueHead } from '../heads/value-head.ts';
import { dyadicArb, policyArb, type ValueRange, valuesArb } from './arbitraries/values.ts';
import { explainDifference } from './closeness.ts';
import { changed, type CheckOptions, Properties, show, type OwnNames } from './properties.ts';
import { type Report, throwProblems } from './report.ts';

/** A rule of the contract of value heads. */
export type ValueHeadRule =
  | 'interface'
  | 'fractions'
  | 'q-values'
  | 'linear'
  | 'terminated'
  | 'no-bootstrap'
  | 'impossible-actions'
  | 'bellman'
  | 'targets'
  | 'loss'
  | 'gradient'
  | 'untaken-actions'
  | 'weights'
  | 'td-errors'
  | 'fixed-point'
  | 'rows'
  | 'nan';

/** What {@link checkValueHead} may be told. */
export interface CheckValueHeadOptions extends CheckOptions {
  /** A: of every input. Default: 1 to 4, drawn. */
  readonly actions?: number;
  /** Where network outputs are drawn. Default ±4. */
  readonly outputs?: ValueRange;
  /** Where rewards are drawn. Default ±4. */
  readonly rewards?: ValueRange;
  /** The largest discount drawn, in [0, 1]. Default 1. */
  readonly maxDiscount?: number;
  /**
   * The mean return that a target `[targetWidth]` stands for: the check then compares it with `r + γ Σ_a π(a | s') Q(s', a)`. Default: for a target of one
   * number that number; otherwise this is not checked. Keep rewards and discounts so small that nothing is clipped. `false` for heads whose targets
   * mean something else.
   */
  readonly targetValue?: ((target: Float32Array) => number) | false;
  /**
   * Whether output `index` of a row is moved by something else than the gradient of the loss, and so not compared with finite differences. Default: for heads of
   * proposed quantiles all but the first N · A · W, otherwise none.
   */
  readonly otherGradient?: (index: number, actions: number) => boolean;
}

/** A batch as the agent gives it to a head: all that its three functions take. */
type Case = TargetInput & Omit<LossInput, 'targets'> & { readonly pick: number };

const CANARY = 12345;
const KEEP = 'Write exactly as many numbers as the contract says, and only into the outputs.';

const ownNames = {
  actions: true,
  outputs: true,
  rewards: true,
  maxDiscount: true,
  targetValue: true,
  otherGradient: true,
} satisfies OwnNames<CheckValueHeadOptions>;

/**
 * Draws batches and lists all that breaks the contract of {@link ValueHead}, each with the smallest batch that shows it: finite action values, targets that
 * leave out what has terminated or is impossible, a gradient that is the slope of the loss (finite differences), weights that scale it, rows that do not
 * mix, NaN that is not swallowed. Heads with `fractions` or `quantiles` get inputs of their shapes.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export function checkValueHead(head: ValueHead, options: CheckValueHeadOptions = {}): Report<ValueHeadRule> {
  const properties = new Properties<ValueHeadRule>('checkValueHead', options, ownNames);
  if (!checkInterface(head, properties) || !checkFractions(head, properties)) return properties.report();
  const cases = caseArb(head, options);
  checkQValues(head, cases, properties);
  checkTargets(head, cases, options, properties);
  checkLoss(head, cases, options, properties);
  checkNaN(head, cases, properties);
  return properties.report();
}

/**
 * {@link checkValueHead} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export function assertValueHead(head: ValueHead, options: CheckValueHeadOptions = {}): void {
  throwProblems('invalid-part', 'assertValueHead(head)', 'a value head', checkValueHead(head, options));
}

function checkInterface(head: ValueHead, { findings }: Properties<ValueHeadRule>): boolean {
  const problem = (message: string) => findings.problem('interface', message, 'See the interface ValueHead.');
  if (typeof head !== 'object' || head === null) problem('The head is no object.');
  else {
    if (typeof head.kind !== 'string' || head.kind === '') problem('kind must be a word that names the head.');
    for (const name of ['width', 'targetWidth'] as const) {
      if (!Number.isInteger(head[name]) || head[name] < 1) problem(`${name} must be a whole number of at least 1.`);
    }
    if (typeof head.linear !== 'boolean') problem('linear must be true or false.');
    for (const name of ['qValues', 'targets', 'loss'] as const) {
      if (typeof head[name] !== 'function') problem(`There is no method ${name}().`);
    }
  }
  return findings.report().ok;
}

function checkFractions({ fractions }: ValueHead, properties: Properties<ValueHeadRule>): boolean {
  if (fractions === undefined) return true;
  const remedy = 'Fill all of out with numbers in [0, 1], drawn from random alone where it is given.';
  const inputs = fc.record({
    use: fc.constantFrom<FractionUse>('act', 'online', 'target'),
    rows: fc.integer({ min: 1, max: 3 }),
    seed: fc.option(fc.nat(), { nil: undefined }),
  });
  return properties.hold('fractions', remedy, inputs, ({ use, rows, seed }) => {
    const count = fractions.counts[use];
    if (!Number.isInteger(count) || count < 1) return `counts.${use} must be a whole number of at least 1, received ${count}.`;
    const draw = () => {
      const out = new Float32Array(rows * count).fill(NaN);
      fractions.draw(use, out, seed === undefined ? undefined : new Random(seed));
      return out;
    };
    const drawn = draw();
    const bad = drawn.findIndex((x) => !(x >= 0 && x <= 1));
    if (bad >= 0) return `draw('${use}') left ${drawn[bad]} at ${bad}, where a fraction in [0, 1] is expected.`;
    return deepEqual(draw(), drawn) ? undefined : `draw('${use}') gave other fractions from the same random numbers.`;
  });
}

/** Numbers in a row of outputs, for a use of the fractions. */
function rowSize({ width, quantiles, fractions }: ValueHead, actions: number, use: FractionUse): number {
  if (quantiles?.kind === 'proposedQuantiles') return (2 * quantiles.fractions - 1) * actions * width + quantiles.fractions;
  return (fractions?.counts[use] ?? 1) * actions * width;
}

function caseArb(head: ValueHead, options: CheckValueHeadOptions): fc.Arbitrary<Case> {
  const { outputs = { min: -4, max: 4 }, rewards = { min: -4, max: 4 }, maxDiscount = 1 } = options;
  const { fractions } = head;
  const fractionsArb = (use: FractionUse) => {
    const length = fractions?.counts[use] ?? 0;
    return fc.array(
      fc.integer({ min: 1, max: 63 }).map((x) => x / 64),
      { minLength: length, maxLength: length },
    );
  };
  const actionsArb = options.actions === undefined ? fc.integer({ min: 1, max: 4 }) : fc.constant(options.actions);
  return actionsArb.chain((actions) => {
    const rowArb = fc.record({
      reward: dyadicArb(rewards),
      discount: fc.oneof(fc.constantFrom(0, maxDiscount), dyadicArb({ min: 0, max: maxDiscount })),
      nextOutputs: valuesArb(rowSize(head, actions, 'target'), outputs),
      nextPolicy: policyArb({ batch: 1, actions }, { empty: true }),
      nextFractions: fractionsArb('target'),
      outputs: valuesArb(rowSize(head, actions, 'online'), outputs),
      fractions: fractionsArb('online'),
      taken: fc.nat(actions - 1),
      weight: fc.constantFrom(1, 0.5, 0.25),
    });
    return fc.tuple(fc.array(rowArb, { minLength: 1, maxLength: 3 }), fc.nat(1000)).map(([rows, pick]) => {
      const floats = (numbers: (row: (typeof rows)[number]) => Iterable<number>) =>
        Float32Array.from(rows.flatMap((row) => [...numbers(row)]));
      return {
        batch: rows.length,
        actions,
        rewards: floats(({ reward }) => [reward]),
        discounts: floats(({ discount }) => [discount]),
        nextOutputs: floats((row) => row.nextOutputs),
        nextPolicy: floats((row) => row.nextPolicy),
        nextFractions: floats((row) => row.nextFractions),
        outputs: floats((row) => row.outputs),
        fractions: floats((row) => row.fractions),
        taken: Int32Array.from(rows, ({ taken }) => taken),
        weights: floats(({ weight }) => [weight]),
        pick,
      };
    });
  });
}

function qValuesOf(head: ValueHead, outputs: Float32Array, batch: number, actions: number): Float32Array {
  const out = new Float32Array(batch * actions);
  head.qValues(outputs, batch, actions, out);
  return out;
}

function targetsOf(head: ValueHead, input: TargetInput): Float32Array {
  const out = new Float32Array(input.batch * head.targetWidth).fill(NaN);
  head.targets(input, out);
  return out;
}

function lossOf(head: ValueHead, input: LossInput): LossOutput {
  const { batch, outputs } = input;
  const out = {
    gradient: new Float32Array(outputs.length),
    losses: new Float32Array(batch),
    tdErrors: new Float32Array(batch),
    estimates: new Float32Array(batch),
  };
  head.loss(input, out);
  return out;
}

/** The batch as the input of a loss, towards its own targets. */
function lossInput(head: ValueHead, input: Case): LossInput {
  const { batch, actions, outputs, taken, weights, fractions } = input;
  return { batch, actions, outputs, taken, weights, fractions, targets: targetsOf(head, input) };
}

/** Row b of `[batch, …]`. */
function rowOf<T extends Float32Array | Int32Array>(values: T, b: number, batch: number): T {
  const size = values.length / batch;
  return values.slice(b * size, (b + 1) * size) as T;
}

/** The first number that is not finite, as a sentence. */
function notFinite(name: string, values: Float32Array): string | undefined {
  const i = values.findIndex((x) => !Number.isFinite(x));
  return i < 0 ? undefined : `${name} at ${i} must be a finite number, received ${values[i]}.`;
}

function checkQValues(head: ValueHead, cases: fc.Arbitrary<Case>, properties: Properties<ValueHeadRule>): void {
  properties.hold('q-values', KEEP, cases, (input) => {
    const { batch, actions, outputs } = input;
    const out = new Float32Array(batch * actions + 1).fill(CANARY);
    const given = deepCopy({ outputs });
    head.qValues(outputs, batch, actions, out);
    if (out[batch * actions] !== CANARY) return `qValues() must write ${batch} · ${actions} numbers, but wrote one more.`;
    return changed('qValues()', given, { outputs }) ?? notFinite('qValues()', out);
  });
  properties.hold('rows', 'Compute every row from that row alone.', cases, ({ batch, actions, outputs }) => {
    const all = qValuesOf(head, outputs, batch, actions);
    for (let b = 0; b < batch; b++) {
      const alone = qValuesOf(head, rowOf(outputs, b, batch), 1, actions);
      const difference = explainDifference(rowOf(all, b, batch), alone);
      if (difference !== undefined) return `qValues() of row ${b} must be the same alone and in the batch: ${difference}.`;
    }
    return undefined;
  });
  if (!head.linear) return;
  properties.hold('linear', 'Set linear to false, so that outputs of several networks are not averaged.', cases, (input) => {
    const { batch, actions, outputs } = input;
    const others = outputs.toReversed();
    const mean = outputs.map((x, i) => (x + others[i]) / 2);
    const [a, b] = [outputs, others].map((each) => qValuesOf(head, each, batch, actions));
    const difference = explainDifference(
      qValuesOf(head, mean, batch, actions),
      a.map((x, i) => (x + b[i]) / 2),
      { absolute: 1e-4 },
    );
    return difference && `linear is true, but Q of the mean of two outputs is not the mean of their Q: ${difference}.`;
  });
}

/** The actions whose values depend on output i of a row; none where it is about something else. */
function influenced(head: ValueHead, row: Float32Array, actions: number, i: number): number[] {
  const before = qValuesOf(head, row, 1, actions);
  const moved = row.slice();
  moved[i] += 1;
  const after = qValuesOf(head, moved, 1, actions);
  return Array.from(before.keys()).filter((a) => before[a] !== after[a]);
}

function checkTargets(
  head: ValueHead,
  cases: fc.Arbitrary<Case>,
  { targetValue = head.targetWidth === 1 ? ([value]) => value : undefined }: CheckValueHeadOptions,
  properties: Properties<ValueHeadRule>,
): void {
  properties.hold('targets', KEEP, cases, (input) => {
    const out = new Float32Array(input.batch * head.targetWidth + 1).fill(NaN);
    out[out.length - 1] = CANARY;
    const given = deepCopy(input);
    head.targets(input, out);
    if (out[out.length - 1] !== CANARY)
      return `targets() must write ${input.batch} · ${head.targetWidth} numbers, but wrote one more.`;
    return changed('targets()', given, input) ?? notFinite('targets()', out);
  });
  const same = (rule: ValueHeadRule, remedy: string, what: string, change: (input: Case) => { left: Case; right: Case }) =>
    properties.hold(rule, remedy, cases, (input) => {
      const { left, right } = change(input);
      const difference = explainDifference(targetsOf(head, right), targetsOf(head, left));
      return difference && `targets() ${what}: ${difference}.`;
    });
  same(
    'terminated',
    'Multiply all that comes from the next state by discounts[b].',
    'of a terminated transition (discount 0) must be made of the reward alone, whatever the network says of the next state',
    (input) => {
      const left = { ...input, discounts: input.discounts.map(() => 0) };
      return { left, right: { ...left, nextOutputs: input.nextOutputs.map((x) => 1 - 2 * x) } };
    },
  );
  same(
    'no-bootstrap',
    'Value the next state by Σ_a π(a | s′) Q(s′, a), which is 0 for a row of zeros.',
    'of a next state whose policy is a row of zeros must be those of a terminated transition',
    (input) => {
      const right = { ...input, nextPolicy: input.nextPolicy.map(() => 0) };
      return { left: { ...right, discounts: input.discounts.map(() => 0) }, right };
    },
  );
  same(
    'impossible-actions',
    'Weight the outputs of every next action by nextPolicy.',
    'must not depend on the outputs of next actions of probability 0',
    (input) => {
      const { batch, actions, nextPolicy } = input;
      const nextOutputs = input.nextOutputs.slice();
      const size = nextOutputs.length / batch;
      for (let b = 0; b < batch; b++) {
        const row = rowOf(input.nextOutputs, b, batch);
        for (let i = input.pick % 3; i < size; i += Math.ceil(size / 64)) {
          const actionsMoved = influenced(head, row, actions, i);
          const idle = actionsMoved.length > 0 && actionsMoved.every((a) => nextPolicy[b * actions + a] === 0);
          if (idle) nextOutputs[b * size + i] += 3;
        }
      }
      return { left: input, right: { ...input, nextOutputs } };
    },
  );
  if (targetValue === undefined) {
    const message = 'Whether the mean of a target is r + γ Σ π Q was not checked, as a target is more than one number.';
    properties.findings.warn('bellman', message, 'Pass targetValue, which gives the mean return that a target stands for.');
  }
  if (targetValue !== undefined && targetValue !== false) {
    const remedy = 'Let targets() be r + γⁿ Σ_a π(a | s′) Q(s′, a); pass targetValue: false if they mean something else.';
    properties.hold('bellman', remedy, cases, (input) => {
      const { batch, actions, rewards, discounts, nextPolicy } = input;
      const targets = targetsOf(head, input);
      const q = qValuesOf(head, input.nextOutputs, batch, actions);
      for (let b = 0; b < batch; b++) {
        let value = 0;
        for (let i = b * actions; i < (b + 1) * actions; i++) value += nextPolicy[i] * q[i];
        const expected = rewards[b] + discounts[b] * value;
        const received = targetValue(rowOf(targets, b, batch));
        if (Math.abs(received - expected) <= 1e-3 + 1e-4 * Math.abs(expected)) continue;
        return `targets() of row ${b} must stand for r + γ Σ π Q = ${show(expected)}, received ${show(received)}.`;
      }
      return undefined;
    });
  }
}

function checkLoss(
  head: ValueHead,
  cases: fc.Arbitrary<Case>,
  { otherGradient = defaultOtherGradient(head) }: CheckValueHeadOptions,
  properties: Properties<ValueHeadRule>,
): void {
  properties.hold('loss', KEEP, cases, (drawn) => {
    const input = lossInput(head, drawn);
    const { batch, outputs } = input;
    const out = {
      gradient: new Float32Array(outputs.length),
      losses: new Float32Array(batch + 1).fill(CANARY),
      tdErrors: new Float32Array(batch + 1).fill(CANARY),
      estimates: new Float32Array(batch + 1).fill(CANARY),
    };
    const given = deepCopy(input);
    head.loss(input, out);
    for (const name of ['losses', 'tdErrors', 'estimates'] as const) {
      if (out[name][batch] !== CANARY) return `loss() must write ${batch} ${name}, but wrote one more.`;
      if (out[name].subarray(0, batch).includes(CANARY)) return `loss() must write ${name} for every row.`;
    }
    return (
      changed('loss()', given, input) ??
      notFinite('losses', out.losses) ??
      notFinite('tdErrors', out.tdErrors) ??
      notFinite('gradient', out.gradient)
    );
  });

  const slope = 'Write ∂(mean over b of weights[b] · losses[b]) / ∂ outputs; mind the sign and the division by the batch size.';
  properties.hold('gradient', slope, cases, (drawn) => differences(head, lossInput(head, drawn), drawn.pick, otherGradient), 0.5);

  const taken = 'Give a gradient to the outputs of the action taken alone.';
  properties.hold('untaken-actions', taken, cases, (drawn) => {
    const input = lossInput(head, drawn);
    const { gradient } = lossOf(head, input);
    const size = gradient.length / input.batch;
    for (let b = 0; b < input.batch; b++) {
      const row = rowOf(input.outputs, b, input.batch);
      for (let i = drawn.pick % 3; i < size; i += Math.ceil(size / 64)) {
        if (gradient[b * size + i] === 0) continue;
        const actions = influenced(head, row, input.actions, i);
        if (actions.length === 0 || actions.includes(input.taken[b])) continue;
        const what = `output ${i} of row ${b}, which is about action ${actions.join(', ')} and not about the one taken, ${input.taken[b]}`;
        return `The gradient at ${what}, must be 0, received ${show(gradient[b * size + i])}.`;
      }
    }
    return undefined;
  });

  if (head.readsTakenAlone) {
    const alone = 'Read the outputs of the action taken alone, or leave readsTakenAlone out.';
    properties.hold('untaken-actions', alone, cases, (drawn) => {
      const input = lossInput(head, drawn);
      const { outputs, actions } = input;
      const { width } = head;
      const others = outputs.map((x, i) => {
        const row = Math.floor(i / (width * actions));
        return Math.floor(i / width) % actions === input.taken[row] ? x : NaN;
      });
      const [left, right] = [outputs, others].map((each) => lossOf(head, { ...input, outputs: each }));
      for (const name of ['gradient', 'losses', 'tdErrors', 'estimates'] as const) {
        if (deepEqual(left[name], right[name])) continue;
        return `readsTakenAlone is true, but ${name} depend on the outputs of actions not taken.`;
      }
      return undefined;
    });
  }

  const scale = 'Multiply the gradient of each row by weights[b], and neither losses nor TD errors.';
  properties.hold('weights', scale, cases, (drawn) => {
    const input = lossInput(head, drawn);
    const size = input.outputs.length / input.batch;
    const weighted = lossOf(head, input);
    const plain = lossOf(head, { ...input, weights: input.weights.map(() => 1) });
    const expected = plain.gradient.map((x, i) => x * input.weights[Math.floor(i / size)]);
    const difference = explainDifference(weighted.gradient, expected);
    if (difference !== undefined) return `The gradient of row b must be weights[b] times the one without weights: ${difference}.`;
    for (const name of ['losses', 'tdErrors', 'estimates'] as const) {
      const other = explainDifference(weighted[name], plain[name]);
      if (other !== undefined) return `${name} must not depend on the weights: ${other}.`;
    }
    return undefined;
  });

  properties.hold('rows', 'Compute every row from that row alone.', cases, (drawn) => {
    const input = lossInput(head, drawn);
    const { batch } = input;
    const all = lossOf(head, input);
    for (let b = 0; b < batch; b++) {
      const parts = Object.entries(input).map(([key, value]) => [
        key,
        ArrayBuffer.isView(value) ? rowOf(value as Float32Array, b, batch) : value,
      ]);
      const alone = lossOf(head, { ...(Object.fromEntries(parts) as LossInput), batch: 1 });
      const difference =
        explainDifference(
          rowOf(all.gradient, b, batch),
          alone.gradient.map((x) => x / batch),
        ) ??
        explainDifference(rowOf(all.losses, b, batch), alone.losses) ??
        explainDifference(rowOf(all.tdErrors, b, batch), alone.tdErrors);
      if (difference !== undefined)
        return `Loss and gradient · ${batch} of row ${b} must be the same alone and in the batch: ${difference}.`;
    }
    return undefined;
  });

  if (head.targetWidth !== 1 || head.width !== 1 || head.fractions !== undefined || head.quantiles !== undefined) return;
  properties.hold('td-errors', 'Write target − estimate, with this sign.', cases, (drawn) => {
    const input = lossInput(head, drawn);
    const { tdErrors } = lossOf(head, input);
    const q = qValuesOf(head, input.outputs, input.batch, input.actions);
    const expected = tdErrors.map((_, b) => input.targets[b] - q[b * input.actions + input.taken[b]]);
    const difference = explainDifference(tdErrors, expected, { absolute: 1e-4 });
    return difference && `tdErrors must be target − Q(s, a): ${difference}.`;
  });
  properties.hold('fixed-point', 'Let the loss be smallest where the estimate equals the target.', cases, (drawn) => {
    const q = qValuesOf(head, drawn.outputs, drawn.batch, drawn.actions);
    const targets = Float32Array.from(drawn.taken, (a, b) => q[b * drawn.actions + a]);
    const { gradient } = lossOf(head, { ...lossInput(head, drawn), targets });
    const at = gradient.findIndex((x) => Math.abs(x) > 1e-5);
    return at < 0
      ? undefined
      : `Where the estimate equals the target the gradient must be 0, received ${show(gradient[at])} at ${at}.`;
  });
}

function defaultOtherGradient({ quantiles, width }: ValueHead): (index: number, actions: number) => boolean {
  if (quantiles?.kind !== 'proposedQuantiles') return () => false;
  return (index, actions) => index >= quantiles.fractions * actions * width;
}

/** Half the width of a finite difference: a power of two, so that outputs move by it exactly. */
const STEP = 2 ** -7;

/**
 * Compares the gradient with the slopes of the loss: it must lie between those to the left and to the right, which at a kink of the loss are far apart. All
 * rows are moved at once, and of long rows 64 outputs.
 */
function differences(
  head: ValueHead,
  input: LossInput,
  pick: number,
  otherGradient: (index: number, actions: number) => boolean,
): string | undefined {
  const { batch, actions, outputs, weights } = input;
  const size = outputs.length / batch;
  const { gradient, losses } = lossOf(head, input);
  const stride = Math.ceil(size / 64);
  for (let i = pick % stride; i < size; i += stride) {
    if (otherGradient(i, actions)) continue;
    const lossesAt = (step: number) => {
      const moved = outputs.slice();
      for (let b = 0; b < batch; b++) moved[b * size + i] += step;
      return lossOf(head, { ...input, outputs: moved }).losses;
    };
    const [left, right] = [lossesAt(-STEP), lossesAt(STEP)];
    for (let b = 0; b < batch; b++) {
      const slopes = [(losses[b] - left[b]) / STEP, (right[b] - losses[b]) / STEP];
      const [low, high] = [Math.min(...slopes), Math.max(...slopes)];
      const received = (gradient[b * size + i] * batch) / weights[b];
      // Losses are rounded to 24 bits; the step divides that error.
      const tolerance = 2e-3 * (1 + Math.abs(high) + Math.abs(low)) + (2 ** -22 * Math.abs(losses[b])) / STEP;
      if (received >= low - tolerance && received <= high + tolerance) continue;
      const share = weights[b] / batch;
      return (
        `The gradient at output ${i} of row ${b} must be the slope of the mean weighted loss: finite differences give ` +
        `${show(((low + high) / 2) * share)}, received ${show(gradient[b * size + i])}.`
      );
    }
  }
  return undefined;
}

function checkNaN(head: ValueHead, cases: fc.Arbitrary<Case>, properties: Properties<ValueHeadRule>): void {
  const remedy =
    'Let NaN pass through, so that the engine sees it in the gradient and refuses the update: comparisons with NaN are false.';
  const first = (values: Float32Array, batch: number) => values.map((x, i) => (i < values.length / batch ? NaN : x));
  const visible = (values: Float32Array, batch: number) => rowOf(values, 0, batch).some(Number.isNaN);
  properties.hold('nan', remedy, cases, (drawn) => {
    const { batch } = drawn;
    const input = lossInput(head, drawn);
    if (!visible(lossOf(head, { ...input, outputs: first(input.outputs, batch) }).gradient, batch)) {
      return 'Outputs of NaN must give a gradient of NaN.';
    }
    if (!visible(lossOf(head, { ...input, targets: first(input.targets, batch) }).gradient, batch)) {
      return 'Targets of NaN must give a gradient of NaN.';
    }
    if (!visible(targetsOf(head, { ...drawn, rewards: first(drawn.rewards, batch) }), batch)) {
      return 'A reward of NaN must give a target of NaN.';
    }
    const alive = drawn.discounts[0] !== 0 && rowOf(drawn.nextPolicy, 0, batch).some((p) => p > 0);
    if (alive && !visible(targetsOf(head, { ...drawn, nextOutputs: first(drawn.nextOutputs, batch) }), batch)) {
      return 'Next outputs of NaN must give a target of NaN where they are bootstrapped from.';
    }
    return undefined;
  });
}
