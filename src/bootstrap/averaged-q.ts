import { checkInteger, checkRest } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { BootstrapContext, BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';
import { maxQ } from './max-q.ts';

/** What {@link averagedQ} takes. */
export interface AveragedQOptions {
  /** K: of how many of the last target networks the outputs are averaged, at least 1. */
  readonly targets: number;
  /** What is done with the averages. Default {@link maxQ}. */
  readonly rule?: BootstrapRule;
}

/** See {@link averagedQ}. */
export class AveragedQ implements BootstrapRule {
  readonly kind = 'averagedQ';
  /** K. */
  readonly targets: number;
  /** What is done with the averages. */
  readonly rule: BootstrapRule;
  readonly usesOnline: boolean;
  readonly usesCurrent: boolean;
  readonly networks: number;

  /** @throws DqnError `invalid-option` as {@link averagedQ}. */
  constructor({ targets, rule = maxQ(), ...unknown }: AveragedQOptions) {
    checkRest('averagedQ(options)', unknown);
    this.targets = checkInteger('averagedQ(targets)', targets, { min: 1 });
    if ((rule.targets ?? 1) !== 1) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'averagedQ(rule)',
        expected: 'a rule that averages nothing itself',
        received: `${rule.kind} of ${rule.targets} target networks`,
        remedy: 'Give the number of target networks once.',
      });
    }
    this.rule = rule;
    this.usesOnline = rule.usesOnline ?? false;
    this.usesCurrent = rule.usesCurrent ?? false;
    this.networks = rule.networks ?? 1;
  }

  /** @throws DqnError `invalid-option` if Q is not linear in the head's outputs, or the inner rule refuses. */
  check(context: BootstrapContext): void {
    const { head } = context;
    if (!head.linear) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'createAgent({ bootstrap: averagedQ(), head })',
        expected: 'a head whose action values are linear in the outputs, so that the mean of outputs means the mean of values',
        received: head.kind,
        remedy: 'Take expected() or quantile(), or another bootstrap rule.',
      });
    }
    this.rule.check?.(context);
  }

  apply(input: BootstrapInput, out: BootstrapOutput): void {
    this.rule.apply(input, out);
  }
}

/**
 * Averaged DQN (Anschel, Baram and Shimkin 2017, algorithm 2): the mean of the last K target networks, `Q⁻(s, a) = (1 / K) Σ_k Q(s, a; θ⁻_k)`, takes the
 * place of one, which lessens the variance of targets. What is then done with Q⁻ is the inner rule's business. K forward passes an update
 * where there was one. With K = 1 it is the inner rule.
 * @throws DqnError `invalid-option` if a name is misspelt, K is not a whole number of at least 1 or the inner rule averages itself; and by `createAgent` if the head is not linear.
 */
export function averagedQ(options: AveragedQOptions): AveragedQ {
  return new AveragedQ(options);
}
