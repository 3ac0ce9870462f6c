import fc from 'fast-check';
import { checkInteger, checkNumber } from '../common/check.ts';
import { isPromise, type MaybePromise } from '../common/maybe-promise.ts';
import type { NamedTensor, QNetwork } from '../networks/q-network.ts';
import type { TargetContext, TargetUpdater } from '../targets/target-updater.ts';
import { dyadicArb } from './arbitraries/values.ts';
import { explainDifference } from './closeness.ts';
import { type CheckOptions, Properties, show, type OwnNames } from './properties.ts';
import { type Report, throwProblems } from './report.ts';

/** A rule of the contract of target updaters. */
export type TargetUpdaterRule = 'interface' | 'online' | 'direction' | 'movement' | 'clock' | 'promises' | 'period' | 'tau';

/** What {@link checkTargetUpdater} may be told. */
export interface CheckTargetUpdaterOptions extends CheckOptions {
  /** Within how many steps, each with an update, the target must have moved. Default 20,000. */
  readonly steps?: number;
  /** Environment steps after whose multiples the target must equal the online network, and only then change. Left out: not checked. */
  readonly period?: number;
  /** The share of the online network that each update must blend in. Left out: not checked. */
  readonly tau?: number;
}

/** A network of two weights that can only be copied and blended, at once or later. */
class FakeNetwork {
  readonly spec = { inputShape: [1], layers: [{ kind: 'dense' as const, units: 1 }] };
  readonly inputSize = 1;
  readonly outputSize = 1;
  readonly stateSize = 0;
  /** Whether anything was done to it. */
  touched = false;
  /** Copies and blends that have begun and not ended. */
  pending = 0;
  values: Float64Array;
  readonly #later: boolean;

  constructor(values: readonly number[], later: boolean) {
    this.values = Float64Array.from(values);
    this.#later = later;
  }

  copyFrom(source: FakeNetwork): MaybePromise<void> {
    return this.blendFrom(source, 1);
  }

  blendFrom(source: FakeNetwork, tau: number): MaybePromise<void> {
    this.touched = true;
    return this.#answer(() => {
      this.values = this.values.map((x, i) => (tau === 1 ? source.values[i] : (1 - tau) * x + tau * source.values[i]));
    });
  }

  weights(): MaybePromise<NamedTensor[]> {
    return this.#answer(() => [
      { name: 'layers.0.weight', shape: [1, 1], values: Float32Array.of(this.values[0]) },
      { name: 'layers.0.bias', shape: [1], values: Float32Array.of(this.values[1]) },
    ]);
  }

  setWeights(weights: readonly NamedTensor[]): MaybePromise<void> {
    this.touched = true;
    return this.#answer(() => {
      for (const { name, values } of weights) this.values[name === 'layers.0.weight' ? 0 : 1] = values[0];
    });
  }

  update(): never {
    this.touched = true;
    throw new Error('a target updater trains no network');
  }

  dispose(): void {
    this.touched = true;
  }

  #answer<T>(work: () => T): MaybePromise<T> {
    if (!this.#later) return work();
    this.pending++;
    return Promise.resolve().then(() => {
      this.pending--;
      return work();
    });
  }
}

/** A moment of training: both networks and the clock. */
interface Case {
  readonly online: readonly [number, number];
  readonly target: readonly [number, number];
  readonly step: number;
  readonly updates: number;
}

const ownNames = { steps: true, period: true, tau: true } satisfies OwnNames<CheckTargetUpdaterOptions>;

/**
 * Lets an updater move a fake target network and lists all that breaks the contract of {@link TargetUpdater}, each with the smallest moment that shows it:
 * the online network is left alone, the target moves towards it, never away or beyond, and moves at all; what happens depends on the clock alone, so that a
 * resumed run goes on as if it had not stopped; promises of slow engines are passed on. With `period` or `tau` these are checked too.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export async function checkTargetUpdater(
  updater: TargetUpdater,
  options: CheckTargetUpdaterOptions = {},
): Promise<Report<TargetUpdaterRule>> {
  const where = 'checkTargetUpdater';
  const properties = new Properties<TargetUpdaterRule>(where, options, ownNames);
  const steps = checkInteger(`${where}(steps)`, options.steps ?? 20_000, { min: 1 });
  const period = options.period === undefined ? undefined : checkInteger(`${where}(period)`, options.period, { min: 1 });
  const tau =
    options.tau === undefined ? undefined : checkNumber(`${where}(tau)`, options.tau, { min: 0, max: 1, exclusiveMin: true });
  const { findings } = properties;
  const remedy = 'See the interface TargetUpdater.';
  if (typeof updater?.kind !== 'string' || updater.kind === '')
    findings.problem('interface', 'kind must be a word that names the updater.', remedy);
  if (typeof updater?.afterStep !== 'function' && typeof updater?.afterUpdate !== 'function') {
    findings.problem('interface', 'There is neither afterStep() nor afterUpdate().', remedy);
    return properties.report();
  }

  const pairArb = fc.tuple(dyadicArb({ min: -8, max: 8 }), dyadicArb({ min: -8, max: 8 }));
  const clockArb = fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 1000 }).map((n) => n * 500),
  );
  const moments = fc.record<Case>({ online: pairArb, target: pairArb, step: clockArb, updates: clockArb });
  await checkMoves(updater, moments, properties);
  await checkLater(updater, moments, properties);
  await checkMovement(updater, steps, properties);
  if (period !== undefined) {
    const multiples = 'Copy where step % period === 0, and do nothing otherwise.';
    await properties.holdLater('period', multiples, moments, async (drawn) => {
      for (const step of [drawn.step * period, drawn.step * period + 1]) {
        const due = step % period === 0;
        const { target } = await move(updater, { ...drawn, step });
        const difference = explainDifference(target.values, due ? drawn.online : drawn.target);
        if (difference !== undefined)
          return `After step ${step} with a period of ${period} the target must be ${due ? 'the online network' : 'as before'}: ${difference}.`;
      }
      return undefined;
    });
  }
  if (tau !== undefined) {
    await properties.holdLater('tau', 'Blend by blendFrom(online, tau) after every update.', moments, async (drawn) => {
      const { target } = await move(updater, drawn);
      const expected = drawn.target.map((x, i) => (1 - tau) * x + tau * drawn.online[i]);
      const difference = explainDifference(target.values, expected);
      return difference && `After an update the target must be (1 − ${tau}) θ⁻ + ${tau} θ: ${difference}.`;
    });
  }
  return properties.report();
}

/**
 * {@link checkTargetUpdater} for a test: throws where there are problems.
 * @throws DqnError `invalid-part` listing all problems with their counter-examples; `invalid-option` if an option is out of range.
 */
export async function assertTargetUpdater(updater: TargetUpdater, options: CheckTargetUpdaterOptions = {}): Promise<void> {
  throwProblems('invalid-part', 'assertTargetUpdater(updater)', 'a target updater', await checkTargetUpdater(updater, options));
}

function context({ step, updates }: Case, online: FakeNetwork, target: FakeNetwork): TargetContext {
  // What a target updater may do to a network, the fake ones can.
  return { online: online as unknown as QNetwork, target: target as unknown as QNetwork, step, updates };
}

/** What an updater makes of a moment: first after the step, then after the update. */
async function move(
  updater: TargetUpdater,
  drawn: Case,
  later = false,
): Promise<{ online: FakeNetwork; target: FakeNetwork; early: boolean }> {
  const online = new FakeNetwork(drawn.online, later);
  const target = new FakeNetwork(drawn.target, later);
  let early = false;
  for (const call of ['afterStep', 'afterUpdate'] as const) {
    const answer = updater[call]?.(context(drawn, online, target));
    if (isPromise(answer)) await answer;
    early ||= target.pending + online.pending > 0;
  }
  return { online, target, early };
}

async function checkMoves(
  updater: TargetUpdater,
  moments: fc.Arbitrary<Case>,
  properties: Properties<TargetUpdaterRule>,
): Promise<void> {
  await properties.holdLater('online', 'Change the target alone.', moments, async (drawn) => {
    const { online } = await move(updater, drawn);
    return online.touched ? 'The online network must be left alone: something was written to it.' : undefined;
  });
  await properties.holdLater('direction', 'Copy, or blend with a share in [0, 1].', moments, async (drawn) => {
    const { target } = await move(updater, drawn);
    for (const [i, after] of target.values.entries()) {
      const [from, to] = [drawn.target[i], drawn.online[i]];
      if (after >= Math.min(from, to) - 1e-9 && after <= Math.max(from, to) + 1e-9) continue;
      return `A weight of ${show(from)} must stay, or move towards the online network's ${show(to)}, received ${show(after)}.`;
    }
    return undefined;
  });
  const clock = 'Decide by step and updates alone: the updater has no state that a checkpoint keeps.';
  await properties.holdLater('clock', clock, fc.tuple(moments, moments), async ([drawn, other]) => {
    const { target } = await move(updater, drawn);
    await move(updater, other);
    const again = await move(updater, drawn);
    const difference = explainDifference(again.target.values, target.values);
    return difference && `At the same step the target moved otherwise after another call had come between: ${difference}.`;
  });
}

async function checkLater(
  updater: TargetUpdater,
  moments: fc.Arbitrary<Case>,
  properties: Properties<TargetUpdaterRule>,
): Promise<void> {
  const remedy = 'Return the promise that copyFrom() or blendFrom() gave.';
  await properties.holdLater('promises', remedy, moments, async (drawn) => {
    const { target } = await move(updater, drawn);
    const slow = await move(updater, drawn, true);
    if (slow.early) return 'The answer came before the copy of a slow network was done.';
    const difference = explainDifference(slow.target.values, target.values);
    return difference && `A network that answers later ended elsewhere than one that answers at once: ${difference}.`;
  });
}

async function checkMovement(updater: TargetUpdater, steps: number, { findings }: Properties<TargetUpdaterRule>): Promise<void> {
  const online = new FakeNetwork([1, 1], false);
  const target = new FakeNetwork([0, 0], false);
  try {
    for (let step = 1; step <= steps && target.values[0] === 0; step++) {
      for (const call of ['afterStep', 'afterUpdate'] as const) {
        await updater[call]?.(context({ online: [1, 1], target: [0, 0], step, updates: step }, online, target));
      }
    }
  } catch {
    return; // has been reported as an exception
  }
  if (target.values[0] !== 0) return;
  const message = `The target did not move within ${steps} steps and as many updates.`;
  findings.problem('movement', message, 'Copy or blend the online network into it; pass steps if its period is longer.');
}
