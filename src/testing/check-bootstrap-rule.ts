import fc from 'fast-check';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from '../bootstrap/bootstrap-rule.ts';
import { checkInteger } from '../common/check.ts';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { dyadicArb, maskArb, type ValueRange, valuesArb } from './arbitraries/values.ts';
import { explainDifference, explainDistribution } from './closeness.ts';
import { changed, type CheckOptions, Properties, show, type OwnNames } from './properties.ts';
import { type Report, throwProblems } from './report.ts';

/** A rule of the contract of bootstrap rules. */
export type BootstrapRuleRule = 'interface' | 'policy' | 'bonus' | 'sources' | 'inputs' | 'determinism' | 'rows' | 'translation';

/** What {@link checkBootstrapRule} may be told. */
export interface CheckBootstrapRuleOptions extends CheckOptions {
  /** A: of every input. Default: 1 to 4, drawn. */
  readonly actions?: number;
  /** One row of masks `[A]`, 1 or 0, for rules that know what is possible together; with `actions`. Default: any, also rows without a possible action. */
  readonly masks?: fc.Arbitrary<Uint8Array>;
  /** K: estimates of each transition, at least 1. Default: as many as the rule asks for with `networks`, otherwise 1. */
  readonly heads?: number;
  /** Where action values are drawn. Default ±16. */
  readonly values?: ValueRange;
  /**
   * Whether the same number added to all action values must leave π, the bonuses and the sources as they are, so that the target moves by γ times that number.
   * Default true; `false` for rules that mean more than differences, such as one that clips values.
   */
  readonly translation?: boolean;
}

/** The estimates of one transition. */
interface Row {
  readonly targetQ: Float32Array;
  readonly onlineQ: Float32Array;
  readonly currentQ: Float32Array;
  readonly taken: number;
  readonly mask: Uint8Array;
}

/** Transitions that a rule is to decide on together. */
interface Case {
  readonly actions: number;
  readonly rows: readonly Row[];
  readonly masked: boolean;
  readonly step: number;
}

const ownNames = {
  actions: true,
  masks: true,
  heads: true,
  values: true,
  translation: true,
} satisfies OwnNames<CheckBootstrapRuleOptions>;

/**
 * Draws action values and lists all that breaks the contract of {@link BootstrapRule}, each with the smallest input that shows it: π is a distribution over
 * possible actions (zeros where there are none), bonuses are finite, sources stay within the transition, inputs are left alone, the same input gives the same
 * answer, transitions do not mix, and more value everywhere changes no decision.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export function checkBootstrapRule(rule: BootstrapRule, options: CheckBootstrapRuleOptions = {}): Report<BootstrapRuleRule> {
  const properties = new Properties<BootstrapRuleRule>('checkBootstrapRule', options, ownNames);
  const heads = checkInteger('checkBootstrapRule(heads)', options.heads ?? rule?.networks ?? 1, { min: 1 });
  const { findings } = properties;
  const remedy = 'See the interface BootstrapRule.';
  if (typeof rule?.kind !== 'string' || rule.kind === '')
    findings.problem('interface', 'kind must be a word that names the rule.', remedy);
  if (typeof rule?.apply !== 'function') {
    findings.problem('interface', 'There is no method apply().', remedy);
    return properties.report();
  }
  const { values = { min: -16, max: 16 }, translation = true } = options;
  const actionsArb = options.actions === undefined ? fc.integer({ min: 1, max: 4 }) : fc.constant(options.actions);
  const cases = actionsArb.chain((actions) => {
    const qArb = valuesArb(heads * actions, values);
    const rowArb = fc.record({
      targetQ: qArb,
      onlineQ: qArb,
      currentQ: qArb,
      taken: fc.nat(actions - 1),
      mask: options.masks ?? maskArb({ batch: 1, actions }, { empty: true }),
    });
    return fc.record<Case>({
      actions: fc.constant(actions),
      rows: fc.array(rowArb, { minLength: 1, maxLength: 4 }),
      masked: fc.boolean(),
      step: fc.nat(100_000),
    });
  });
  checkAnswers(rule, heads, cases, properties);
  checkIndependence(rule, heads, cases, properties);
  if (translation) checkTranslation(rule, heads, cases, properties);
  return properties.report();
}

/**
 * {@link checkBootstrapRule} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export function assertBootstrapRule(rule: BootstrapRule, options: CheckBootstrapRuleOptions = {}): void {
  throwProblems('invalid-part', 'assertBootstrapRule(rule)', 'a bootstrap rule', checkBootstrapRule(rule, options));
}

function inputOf(rule: BootstrapRule, heads: number, { actions, rows, masked, step }: Case): BootstrapInput {
  const table = (which: 'targetQ' | 'onlineQ' | 'currentQ', used: boolean | undefined) =>
    Float32Array.from(used === true ? rows.flatMap((row) => [...row[which]]) : []);
  const repeat = <T>(value: T): T[] => Array.from({ length: heads }, () => value);
  return {
    batch: rows.length * heads,
    actions,
    heads,
    targetQ: table('targetQ', true),
    onlineQ: table('onlineQ', rule.usesOnline),
    currentQ: table('currentQ', rule.usesCurrent),
    taken: Int32Array.from(rows.flatMap(({ taken }) => repeat(taken))),
    ...(masked ? { masks: Uint8Array.from(rows.flatMap(({ mask }) => repeat([...mask]).flat())) } : {}),
    step,
  };
}

function answer(rule: BootstrapRule, input: BootstrapInput): BootstrapOutput {
  const out = {
    policy: new Float32Array(input.batch * input.actions).fill(NaN),
    bonus: new Float32Array(input.batch),
    rewardBonus: new Float32Array(input.batch),
    sources: Int32Array.from({ length: input.batch }, (_, b) => b),
  };
  rule.apply(input, out);
  return out;
}

function checkAnswers(
  rule: BootstrapRule,
  heads: number,
  cases: fc.Arbitrary<Case>,
  properties: Properties<BootstrapRuleRule>,
): void {
  const distribution =
    'Write every row of out.policy: probabilities of the possible actions that sum to 1, 0 for impossible ones, zeros where none is possible.';
  properties.hold('policy', distribution, cases, (drawn) => {
    const input = inputOf(rule, heads, drawn);
    const { batch, actions, masks } = input;
    const { policy } = answer(rule, input);
    for (let b = 0; b < batch; b++) {
      const [start, end] = [b * actions, (b + 1) * actions];
      const problem = explainDistribution(policy.subarray(start, end), { mask: masks?.subarray(start, end), tolerance: 1e-4 });
      if (problem !== undefined) return `π of row ${b} must be a distribution over the possible actions: ${problem}.`;
    }
    return undefined;
  });
  const finite = 'Let entropies be 0 where a probability is 0: 0 · log 0 is NaN in floating point.';
  properties.hold('bonus', finite, cases, (drawn) => {
    const out = answer(rule, inputOf(rule, heads, drawn));
    for (const name of ['bonus', 'rewardBonus'] as const) {
      const at = out[name].findIndex((x) => !Number.isFinite(x));
      if (at >= 0) return `${name} at ${at} must be a finite number, received ${out[name][at]}.`;
    }
    return undefined;
  });
  const within = 'Leave sources as they are, or write rows b · K … b · K + K − 1 of the same transition.';
  properties.hold('sources', within, cases, (drawn) => {
    const { sources } = answer(rule, inputOf(rule, heads, drawn));
    const at = sources.findIndex((source, b) => Math.floor(source / heads) !== Math.floor(b / heads));
    return at < 0 ? undefined : `The source of row ${at} must be a row of the same transition, received ${sources[at]}.`;
  });
  properties.hold('inputs', 'Work on arrays of your own, or on those of the output.', cases, (drawn) => {
    const input = inputOf(rule, heads, drawn);
    const given = deepCopy(input);
    answer(rule, input);
    return changed('apply()', given, input);
  });
}

function checkIndependence(
  rule: BootstrapRule,
  heads: number,
  cases: fc.Arbitrary<Case>,
  properties: Properties<BootstrapRuleRule>,
): void {
  const pure = 'Let apply() depend on its input alone, and clear what it keeps from call to call.';
  properties.hold('determinism', pure, fc.tuple(cases, cases), ([drawn, other]) => {
    const input = inputOf(rule, heads, drawn);
    const before = answer(rule, input);
    answer(rule, inputOf(rule, heads, other));
    return deepEqual(answer(rule, input), before)
      ? undefined
      : 'apply() gave another answer to the same input after it had seen another one.';
  });
  properties.hold('rows', 'Decide on every transition from its own rows alone.', cases, (drawn) => {
    const turned = answer(rule, inputOf(rule, heads, { ...drawn, rows: drawn.rows.toReversed() }));
    const out = answer(rule, inputOf(rule, heads, drawn));
    const count = drawn.rows.length;
    for (const name of ['policy', 'bonus', 'rewardBonus'] as const) {
      const size = out[name].length / count;
      const back = out[name].map((_, i) => turned[name][(count - 1 - Math.floor(i / size)) * size + (i % size)]);
      const difference = explainDifference(out[name], back);
      if (difference !== undefined) return `${name} must follow its transitions when these come in another order: ${difference}.`;
    }
    return undefined;
  });
}

function checkTranslation(
  rule: BootstrapRule,
  heads: number,
  cases: fc.Arbitrary<Case>,
  properties: Properties<BootstrapRuleRule>,
): void {
  const remedy = 'Decide by differences of values; pass translation: false if the rule means more than these.';
  properties.hold('translation', remedy, fc.tuple(cases, dyadicArb({ min: -32, max: 32 })), ([drawn, shift]) => {
    const input = inputOf(rule, heads, drawn);
    const more = (values: Float32Array) => values.map((x) => x + shift);
    const moved = { ...input, targetQ: more(input.targetQ), onlineQ: more(input.onlineQ), currentQ: more(input.currentQ) };
    const [out, after] = [answer(rule, input), answer(rule, moved)];
    for (const name of ['policy', 'bonus', 'rewardBonus', 'sources'] as const) {
      const difference = explainDifference(after[name], out[name], { absolute: 1e-3, relative: 1e-3 });
      if (difference !== undefined) return `${name} must stay when ${show(shift)} is added to all action values: ${difference}.`;
    }
    return undefined;
  });
}
