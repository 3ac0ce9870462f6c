/** A rule of the environment contract. */
export type EnvironmentRule =
  | 'interface'
  | 'spaces'
  | 'failure'
  | 'reset-result'
  | 'step-result'
  | 'observation'
  | 'reward'
  | 'ends'
  | 'action-mask'
  | 'step-before-reset'
  | 'step-after-end'
  | 'reset-mid-episode'
  | 'determinism'
  | 'aliasing'
  | 'state'
  | 'render';

/** One thing that is wrong with an environment. */
export interface EnvironmentFinding {
  /** Which rule is broken. */
  readonly rule: EnvironmentRule;
  /** What was seen, and where. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** All that a check of an environment found. */
export interface EnvironmentReport {
  /** Whether there are no problems; there may be warnings. */
  readonly ok: boolean;
  /** What breaks the contract. */
  readonly problems: readonly EnvironmentFinding[];
  /** What could not be checked, or may surprise. */
  readonly warnings: readonly EnvironmentFinding[];
}

/** Collects findings; of those with the same rule and remedy only the first is kept. */
export class Findings {
  readonly #problems = new Map<string, EnvironmentFinding>();
  readonly #warnings = new Map<string, EnvironmentFinding>();

  problem(rule: EnvironmentRule, message: string, remedy: string): void {
    Findings.#add(this.#problems, { rule, message, remedy });
  }

  warn(rule: EnvironmentRule, message: string, remedy: string): void {
    Findings.#add(this.#warnings, { rule, message, remedy });
  }

  report(): EnvironmentReport {
    return { ok: this.#problems.size === 0, problems: [...this.#problems.values()], warnings: [...this.#warnings.values()] };
  }

  static #add(findings: Map<string, EnvironmentFinding>, finding: EnvironmentFinding): void {
    const key = `${finding.rule}|${finding.remedy}`;
    if (!findings.has(key)) findings.set(key, finding);
  }
}

/** An error in words. */
export function inWords(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `the thrown value ${String(error)}`;
}
