import { checkInteger, checkNames } from '../common/check.ts';
import { deepEqual } from '../common/deep.ts';
import { describe } from '../common/errors.ts';
import type { Environment } from '../environment/environment.ts';
import { checkSpace } from './check-spaces.ts';
import { checkState } from './check-state.ts';
import type { EnvironmentFindings, EnvironmentReport, EnvironmentRule } from './environment-report.ts';
import { Probe } from './probe.ts';
import { Findings, inWords, throwProblems } from './report.ts';
import { actionStream, differ, play } from './rollout.ts';

/** What {@link checkEnvironment} may be told. */
export interface CheckEnvironmentOptions {
  /** How many random steps to take per run, at least 1. Default 1,000. */
  readonly steps?: number;
  /** Seeds the episodes and the random actions. Default 1. */
  readonly seed?: number;
}

/**
 * Plays random episodes in an environment and lists all that breaks the contract of {@link Environment}, in plain words: spaces, results, rewards, ends,
 * masks, determinism by seed, refused steps, observations that change later, saving and restoring, rendering. It never
 * throws because of the environment: what the environment throws is part of the report.
 *
 * @param environment - an environment that was never reset, or better a factory of such, as then fresh instances are compared
 * too (and closed afterwards).
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export async function checkEnvironment(
  environment: Environment | (() => Environment),
  options: CheckEnvironmentOptions = {},
): Promise<EnvironmentReport> {
  checkNames('checkEnvironment(options)', options, { steps: true, seed: true });
  const steps = checkInteger('checkEnvironment(steps)', options.steps ?? 1000, { min: 1 });
  const seed = checkInteger('checkEnvironment(seed)', options.seed ?? 1);
  const findings = new Findings<EnvironmentRule>();
  const built: Environment[] = [];
  const fresh = (): Environment => {
    if (typeof environment !== 'function') return environment;
    const instance = environment();
    built.push(instance);
    return instance;
  };
  try {
    await checkAll(fresh, typeof environment === 'function', { steps, seed }, findings);
  } catch (error) {
    findings.problem('failure', `The environment threw ${inWords(error)}`, 'See the message for its origin.');
  }
  for (const instance of built) {
    try {
      await instance?.close?.();
    } catch (error) {
      findings.problem('failure', `close() threw ${inWords(error)}`, 'Make close() work at any time.');
    }
  }
  return findings.report();
}

/**
 * {@link checkEnvironment} for a test: throws where there are problems.
 *
 * @throws DqnError `invalid-environment` listing all problems; `invalid-option` if an option is out of range.
 */
export async function assertEnvironment(
  environment: Environment | (() => Environment),
  options: CheckEnvironmentOptions = {},
): Promise<void> {
  throwProblems(
    'invalid-environment',
    'assertEnvironment(environment)',
    'an environment',
    await checkEnvironment(environment, options),
  );
}

async function checkAll(
  fresh: () => Environment,
  isFactory: boolean,
  { steps, seed }: Required<CheckEnvironmentOptions>,
  findings: EnvironmentFindings,
): Promise<void> {
  const environment = fresh();
  if (!checkInterface(environment, findings)) return;
  const observable = checkSpace('observationSpace', environment.observationSpace, findings);
  const actable = checkSpace('actionSpace', environment.actionSpace, findings);
  const probeOf = (instance: Environment): Probe => new Probe(instance, findings, observable);
  const probe = probeOf(environment);
  if (!actable) {
    // Without actions there is but the first observation to look at.
    await probe.reset({ seed });
    return;
  }

  await probe.refusesStep('step-before-reset', 'before the first reset()', environment.actionSpace.sample(actionStream(seed)));
  const run = await play(probe, { seed, steps, random: actionStream(seed) });
  await checkDeterminism(probe, run, seed, findings, 'on the same environment');
  if (isFactory) {
    await checkDeterminism(probeOf(fresh()), run, seed, findings, 'on a fresh environment');
    await checkFirstSeed(probeOf(fresh()), probeOf(fresh()), findings);
  }
  await checkResetMidEpisode(probe, seed, findings);
  await checkStepAfterEnd(probe, { steps, seed }, findings);
  await checkState(probe, isFactory ? () => probeOf(fresh()) : undefined, seed, findings);
  await checkRender(probe, seed, findings);
}

function checkInterface(environment: Environment, findings: EnvironmentFindings): boolean {
  if (typeof environment !== 'object' || environment === null) {
    findings.problem(
      'interface',
      `The environment is ${describe(environment)}.`,
      'Pass an environment, or a function that builds one at once.',
    );
    return false;
  }
  const missing = (['reset', 'step'] as const).filter((name) => typeof environment[name] !== 'function');
  for (const name of missing)
    findings.problem('interface', `There is no method ${name}().`, `Give the environment a method ${name}().`);
  return missing.length === 0;
}

async function checkDeterminism(
  probe: Probe,
  run: Awaited<ReturnType<typeof play>>,
  seed: number,
  findings: EnvironmentFindings,
  which: string,
): Promise<void> {
  const again = await play(probe, { seed, steps: 0, actions: run.actions });
  const difference = differ(run.frames, again.frames);
  if (difference === undefined) return;
  const message = `The same seed and actions gave two different runs ${which}: ${difference}.`;
  findings.problem(
    'determinism',
    message,
    'Draw all chance from one Random that reset({ seed }) starts anew, and begin every episode from a clean state.',
  );
}

async function checkFirstSeed(unseeded: Probe, seeded: Probe, findings: EnvironmentFindings): Promise<void> {
  const [a, b] = [await unseeded.reset(), await seeded.reset({ seed: 0 })];
  if (a === undefined || b === undefined || deepEqual(a, b)) return;
  const message = 'The first reset() without a seed began another episode than reset({ seed: 0 }).';
  findings.problem('determinism', message, 'Seed by 0 until a seed is given, so that a program without seeds repeats itself too.');
}

async function checkResetMidEpisode(probe: Probe, seed: number, findings: EnvironmentFindings): Promise<void> {
  const first = await probe.reset({ seed });
  if (first === undefined) return;
  if (!probe.ended) await probe.step(probe.draw(actionStream(seed)));
  const again = await probe.reset({ seed }, 'reset-mid-episode');
  const remedy = 'Let reset() begin a clean episode whenever it is called.';
  if (again !== undefined && !deepEqual(first, again)) {
    findings.problem('reset-mid-episode', `reset({ seed: ${seed} }) in the middle of an episode began another episode.`, remedy);
  }
}

async function checkStepAfterEnd(
  probe: Probe,
  { steps, seed }: Required<CheckEnvironmentOptions>,
  findings: EnvironmentFindings,
): Promise<void> {
  const random = actionStream(seed);
  const { failed } = await play(probe, { seed, steps, random, oneEpisode: true });
  if (failed) return;
  if (probe.ended) {
    await probe.refusesStep('step-after-end', 'after the end of an episode', probe.environment.actionSpace.sample(random));
    return;
  }
  const message = `No episode ended within ${steps} random steps, so what follows an end was not checked.`;
  findings.warn('step-after-end', message, 'Check with more steps, or put a timeLimit() around an endless environment.');
}

async function checkRender(probe: Probe, seed: number, findings: EnvironmentFindings): Promise<void> {
  const { environment } = probe;
  if (environment.render === undefined || (await probe.reset({ seed })) === undefined) return;
  for (const mode of ['ansi', 'svg'] as const) {
    const remedy = `Return a string from render('${mode}').`;
    try {
      const picture: unknown = environment.render(mode);
      if (typeof picture !== 'string') findings.problem('render', `render('${mode}') returned ${describe(picture)}.`, remedy);
    } catch (error) {
      findings.problem('render', `render('${mode}') threw ${inWords(error)}`, remedy);
    }
  }
}
