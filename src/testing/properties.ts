import fc from 'fast-check';
import { checkInteger, checkNames } from '../common/check.ts';
import { deepCopy, deepEqual } from '../common/deep.ts';
import { Findings, inWords, type Report } from './report.ts';

/** What every check that draws its inputs may be told. */
export interface CheckOptions {
  /** How many inputs to draw for each rule, at least 1. Default 100. */
  readonly runs?: number;
  /** Seeds the inputs: the same seed gives the same ones. Default 1. */
  readonly seed?: number;
}

/** The names of the options that a check has beside those of all. */
export type OwnNames<Options extends CheckOptions> = Readonly<Record<Exclude<keyof Options, keyof CheckOptions>, true>>;

/** Says in a sentence what is wrong with what came for an input; nothing where all is well. */
export type Judge<T, R = string | undefined> = (input: T) => R;

/** The sentence of a {@link Judge}, thrown to where fast-check shrinks. */
class Broken extends Error {}

/** The longest counter-example that is printed. */
const LONGEST = 4000;

/** Holds rules against drawn inputs, and keeps of each broken one the smallest input that breaks it. */
export class Properties<Rule extends string> {
  readonly findings = new Findings<Rule>();
  readonly #runs: number;
  readonly #seed: number;
  readonly #exceptions = new Set<string>();

  /**
   * @param where - the check, for messages about its options.
   * @param own - the names of its own options.
   * @throws DqnError `invalid-option`.
   */
  constructor(where: string, options: CheckOptions, own: Readonly<Record<string, true>>) {
    checkNames(`${where}(options)`, options, { runs: true, seed: true, ...own });
    const { runs = 100, seed = 1 } = options;
    this.#runs = checkInteger(`${where}(runs)`, runs, { min: 1 });
    this.#seed = checkInteger(`${where}(seed)`, seed);
  }

  /**
   * Draws inputs until one is judged or throws, and reports the smallest such one. The judge gets a copy of its own.
   * @param share - the share of the runs, for judges that take long.
   * @returns whether the rule held.
   */
  hold<T>(rule: Rule, remedy: string, inputs: fc.Arbitrary<T>, judge: Judge<T>, share = 1): boolean {
    const property = fc.property(inputs, (input) => {
      const sentence = judge(deepCopy(input));
      if (sentence !== undefined) throw new Broken(sentence);
    });
    return this.#report(rule, remedy, fc.check(property, this.#parameters(share)));
  }

  /** {@link Properties.hold} for a judge that awaits. */
  async holdLater<T>(
    rule: Rule,
    remedy: string,
    inputs: fc.Arbitrary<T>,
    judge: Judge<T, Promise<string | undefined>>,
    share = 1,
  ): Promise<boolean> {
    const property = fc.asyncProperty(inputs, async (input) => {
      const sentence = await judge(deepCopy(input));
      if (sentence !== undefined) throw new Broken(sentence);
    });
    return this.#report(rule, remedy, await fc.check(property, this.#parameters(share)));
  }

  /** All found so far. */
  report(): Report<Rule> {
    return this.findings.report();
  }

  #parameters(share: number) {
    return { numRuns: Math.max(1, Math.round(this.#runs * share)), seed: this.#seed };
  }

  #report<T>(rule: Rule, remedy: string, details: fc.RunDetails<[T]>): boolean {
    if (!details.failed) return true;
    const error = details.errorInstance;
    const evidence = { counterExample: shownInput(details.counterexample), seed: this.#seed };
    if (error instanceof Broken) {
      this.findings.problem(rule, error.message, remedy, evidence);
      return false;
    }
    // What throws for one rule throws for most: that is told once.
    const words = inWords(error);
    if (!this.#exceptions.has(words))
      this.findings.problem(rule, `An exception: ${words}`, 'See the message for its origin.', evidence);
    this.#exceptions.add(words);
    return false;
  }
}

function shownInput(example: readonly unknown[] | null): string {
  const shown = example === null ? '' : fc.stringify(example[0]);
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

/** Shows a number in a sentence: short, with no more digits than single precision has. */
export function show(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** What a call changed in its inputs, as a sentence. */
export function changed(call: string, before: object, after: object): string | undefined {
  const key = Object.entries(before).find(([name, value]) => !deepEqual(value, (after as Record<string, unknown>)[name]))?.[0];
  return key && `${call} must leave its inputs alone, but changed ${key}.`;
}
