import { DqnError, type ErrorCode } from '../common/errors.ts';

/** One thing that a check found. */
export interface Finding<Rule extends string = string> {
  /** Which rule of the contract is broken. */
  readonly rule: Rule;
  /** What was seen, and where. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The smallest input found that shows it, as code; left out where no input was drawn. */
  readonly counterExample?: string;
  /** The seed of the drawn inputs: the same check with this seed finds the same. */
  readonly seed?: number;
}

/** All that a check found. */
export interface Report<Rule extends string = string> {
  /** Whether there are no problems; there may be warnings. */
  readonly ok: boolean;
  /** What breaks the contract. */
  readonly problems: readonly Finding<Rule>[];
  /** What could not be checked, or may surprise. */
  readonly warnings: readonly Finding<Rule>[];
}

/** Where a finding was made: the input that shows it, and the seed it was drawn from. */
type Evidence = Pick<Finding, 'counterExample' | 'seed'>;

/** Collects findings; of those with the same rule and remedy only the first is kept. */
export class Findings<Rule extends string> {
  readonly #problems = new Map<string, Finding<Rule>>();
  readonly #warnings = new Map<string, Finding<Rule>>();

  problem(rule: Rule, message: string, remedy: string, evidence: Evidence = {}): void {
    Findings.#add(this.#problems, { rule, message, remedy, ...evidence });
  }

  warn(rule: Rule, message: string, remedy: string): void {
    Findings.#add(this.#warnings, { rule, message, remedy });
  }

  report(): Report<Rule> {
    return { ok: this.#problems.size === 0, problems: [...this.#problems.values()], warnings: [...this.#warnings.values()] };
  }

  static #add<R extends string>(findings: Map<string, Finding<R>>, finding: Finding<R>): void {
    const key = `${finding.rule}|${finding.remedy}`;
    if (!findings.has(key)) findings.set(key, finding);
  }
}

/**
 * Throws where a report has problems, with all of them in the message.
 * @param where - the call, for example `assertValueHead(head)`.
 * @param noun - what was checked, with its article.
 */
export function throwProblems(code: ErrorCode, where: string, noun: string, { ok, problems }: Report): void {
  if (ok) return;
  const list = problems.map(({ rule, message, remedy, counterExample, seed }) => {
    const example = counterExample === undefined ? '' : `\n  Counter-example (seed ${seed}): ${counterExample}`;
    return `\n- ${rule}: ${message} ${remedy}${example}`;
  });
  throw new DqnError({
    code,
    where,
    expected: `${noun} that keeps its contract`,
    received: `one with ${problems.length} problem${problems.length === 1 ? '' : 's'}:${list.join('')}\n`,
    remedy: 'Mend them all, then check again.',
  });
}

/** An error in words. */
export function inWords(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `the thrown value ${String(error)}`;
}

/** What a call did, as the end of a sentence: the code of its DqnError, or what else came. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'did not';
  } catch (error) {
    return error instanceof DqnError ? error.code : `threw ${String(error)}`;
  }
}
