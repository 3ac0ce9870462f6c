import type { Agent } from '../../agent/agent.ts';
import { checkInteger, checkNames } from '../../common/check.ts';
import type { MaybePromise, Timing } from '../../common/maybe-promise.ts';
import type { Environment } from '../../environment/environment.ts';
import type { UpdateEvent } from '../../training/events.ts';
import type { Callback } from '../callbacks/callback.ts';
import { HiddenUnits } from './hidden-units.ts';
import { overestimation } from './overestimation.ts';
import { warningsOf, type TrainingWarning } from './warnings.ts';

/** What {@link diagnose} is made of. */
export interface DiagnoseOptions<Observation, M extends Timing> {
  /** Whose training is looked at. */
  readonly agent: Agent<Observation, M>;
  /** At which observations: always the same, such as `probeObservations` gives. At least one. */
  readonly observations: readonly Observation[];
  /** Environment steps between two looks. Default 5,000. */
  readonly period?: number;
  /** Where overestimation is measured, at every look: an environment of its own, made as the one that is trained on. Default: it is not. */
  readonly environment?: Environment<Observation, number>;
  /** Episodes of each such measurement. Default 5. */
  readonly episodes?: number;
  /** Is given the numbers of every look; `(step, numbers) => logger.scalars(step, numbers)` logs them. */
  readonly onReport?: (step: number, numbers: Readonly<Record<string, number>>) => MaybePromise<void>;
  /** Is told what looks wrong, of each kind once in a run. Default: `console.warn`. */
  readonly onWarning?: (warning: TrainingWarning) => void;
}

/**
 * Looks, every `period` environment steps, for what experts look for, and says in plain words what seems wrong and what to try. It changes nothing in a run. Its numbers:
 *
 * - `diagnostics/churn`: the share of the observations whose greedy action is another one than at the last look (Schaul et al. 2022);
 * - `diagnostics/deadUnits`, `diagnostics/effectiveRank`: see {@link HiddenUnitsReport};
 * - `diagnostics/predicted`, `diagnostics/realised`, `diagnostics/overestimation`, `diagnostics/rmse`: see {@link Overestimation}, whose bias is the third;
 * - `replay/age`: updates done since the oldest transition held was added (Fedus et al. 2020, section 3).
 *
 * @throws DqnError `invalid-option`, `invalid-observation`; in a run what the environment or a function of the options throws.
 */
export function diagnose<Observation, M extends Timing>(options: DiagnoseOptions<Observation, M>): Callback {
  checkNames('diagnose(options)', options, {
    agent: true,
    observations: true,
    period: true,
    environment: true,
    episodes: true,
    onReport: true,
    onWarning: true,
  });
  const { agent, observations, environment, onReport } = options;
  const onWarning = options.onWarning ?? (({ message }) => console.warn(message));
  const period = checkInteger('diagnose({ period })', options.period ?? 5_000, { min: 1 });
  const episodes = checkInteger('diagnose({ episodes })', options.episodes ?? 5, { min: 1 });
  const rows = checkInteger('diagnose({ observations }).length', observations.length, { min: 1 });
  const inputs = new Float32Array(rows * agent.observationSpace.flatSize);
  observations.forEach((each, i) => agent.observationSpace.flatten(each, inputs, i * agent.observationSpace.flatSize));
  const largestInput = inputs.reduce((most, x) => Math.max(most, Math.abs(x)), 0) * (agent.online.spec.inputScale ?? 1);
  const window = new Window(agent.options.maxGradientNorm);
  const warned = new Set<string>();
  let units: HiddenUnits | undefined;
  let actions: number[] | undefined;
  let largestReward = 0;
  let largestRank: number | undefined;
  let smallestLoss: number | undefined;
  let now = 0;
  let due = false;

  const look = async (): Promise<void> => {
    due = false;
    const { replay, options: parts, updates } = agent;
    const age = Math.min(updates, (replay.size * parts.updatesPerRound) / parts.learnPeriod);
    const numbers: Record<string, number> = { 'replay/age': age };
    const before = actions;
    actions = [];
    for (const observation of observations)
      actions.push(await (agent.act(observation, { explore: false, first: true }) as MaybePromise<number>));
    if (before) numbers['diagnostics/churn'] = actions.filter((action, i) => action !== before[i]).length / rows;
    const hidden = await units?.report(inputs, rows);
    if (hidden) numbers['diagnostics/effectiveRank'] = hidden.effectiveRank;
    if (hidden?.deadUnits !== undefined) numbers['diagnostics/deadUnits'] = hidden.deadUnits;
    const values = environment && (await overestimation(agent, environment, { episodes }));
    if (values) {
      numbers['diagnostics/predicted'] = values.predicted;
      numbers['diagnostics/realised'] = values.realised;
      numbers['diagnostics/overestimation'] = values.bias;
      numbers['diagnostics/rmse'] = values.rmse;
    }
    const { meanQ, loss, clipped } = window.take();
    const { deadUnits, effectiveRank } = hidden ?? { deadUnits: undefined, effectiveRank: undefined };
    const seen = { discount: parts.discount, largestReward, largestInput, meanQ, loss, smallestLoss, clipped, deadUnits };
    const found = warningsOf(
      { ...seen, effectiveRank, largestRank, predicted: values?.predicted, realised: values?.realised },
      now,
    );
    largestRank = effectiveRank === undefined ? undefined : Math.max(largestRank ?? 0, effectiveRank);
    if (loss !== undefined) smallestLoss = Math.min(smallestLoss ?? Infinity, loss);
    for (const warning of found) {
      if (warned.has(warning.kind)) continue;
      warned.add(warning.kind);
      onWarning(warning);
    }
    await onReport?.(now, numbers);
  };

  return {
    name: 'diagnose',
    async begin() {
      warned.clear();
      due = false;
      units = await HiddenUnits.of(agent.online);
    },
    onEvent(event, run) {
      now = event.step;
      if (event.kind === 'update') window.add(event);
      else if (event.kind === 'step') {
        largestReward = Math.max(largestReward, Math.abs(event.reward));
        if (event.step % period === 0) due = true;
      }
      return due && run.pending === 0 ? look() : undefined;
    },
    end() {
      units?.dispose();
    },
  };
}

/** Means over the updates since the last look. */
class Window {
  readonly #maxNorm: number;
  #updates = 0;
  #meanQ = 0;
  #loss = 0;
  #clipped = 0;

  constructor(maxNorm: number) {
    this.#maxNorm = maxNorm;
  }

  add({ meanQ, loss, gradientNorm }: UpdateEvent): void {
    this.#updates++;
    this.#meanQ += meanQ;
    this.#loss += loss;
    this.#clipped += Number(gradientNorm > this.#maxNorm);
  }

  take() {
    const n = this.#updates;
    const mean = (sum: number): number | undefined => (n === 0 ? undefined : sum / n);
    const means = { meanQ: mean(this.#meanQ), loss: mean(this.#loss), clipped: mean(this.#clipped) };
    this.#updates = this.#meanQ = this.#loss = this.#clipped = 0;
    return means;
  }
}
