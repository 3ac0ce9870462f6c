import type { Agent } from '../../agent/agent.ts';
import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { MaybePromise, Timing } from '../../common/maybe-promise.ts';
import type { EpisodeEvent, EvaluationEvent } from '../../training/events.ts';
import { UpdateTally } from '../../training/update-tally.ts';
import { histogramOf, histogramOfCounts } from '../loggers/histogram.ts';
import type { Logger } from '../loggers/logger.ts';
import type { Callback } from './callback.ts';

/** What {@link logTraining} is made of. */
export interface LogTrainingOptions<Observation, M extends Timing> {
  /** Whose training is logged. */
  readonly agent: Agent<Observation, M>;
  /** Each is told everything, and closed at the end of the run. */
  readonly loggers: readonly Logger[];
  /** Environment steps between two lines. Default 1,000. */
  readonly period?: number;
  /** Written once, at the beginning, as the text `hyperparameters`: what tells this run from others. */
  readonly hyperparameters?: Readonly<Record<string, string | number | boolean>>;
  /** Further numbers by name, read at every line: `{ 'memory/heap': () => process.memoryUsage().heapUsed }`. */
  readonly gauges?: Readonly<Record<string, () => number>>;
  /** Observations at whose Q-values the agent is asked at every line: logged as `q/max`, `q/mean` and the histogram `q/values`. Default: none. */
  readonly observations?: readonly Observation[];
}

/**
 * Logs a run: every `period` environment steps the means over the steps since the line before, and every evaluation when it was done. The chapter on the workbench explains each
 * number. It asks the agent for nothing that changes a run.
 *
 * @throws DqnError `invalid-option`; in a run what a logger or gauge throws.
 */
export function logTraining<Observation, M extends Timing>(options: LogTrainingOptions<Observation, M>): Callback {
  checkNames('logTraining(options)', options, {
    agent: true,
    loggers: true,
    period: true,
    hyperparameters: true,
    gauges: true,
    observations: true,
  });
  const { agent, loggers, hyperparameters, gauges = {}, observations = [] } = options;
  const period = checkInteger('logTraining({ period })', options.period ?? 1_000, { min: 1 });
  if (!Array.isArray(loggers) || loggers.some((logger: unknown) => typeof (logger as Logger)?.scalars !== 'function')) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'logTraining({ loggers })',
      expected: 'a list of loggers { scalars }',
      received: describe(loggers),
      remedy: 'Pass memoryLogger(), csvLogger(sink) or others in a list.',
    });
  }
  const window = new Window(agent.actionSpace);
  let due = false;

  const tell = async (call: (logger: Logger) => unknown) => {
    for (const logger of loggers) await call(logger);
  };
  const line = async () => {
    due = false;
    const { step } = window;
    const { replay, options: parts } = agent;
    const { priorities } = replay;
    const rate = parts.explorer.rate?.(step);
    const numbers: Record<string, number> = {
      ...window.numbers(),
      ...(rate === undefined ? {} : { 'exploration/rate': rate }),
      'replay/fill': replay.size / replay.capacity,
      ...(priorities && { 'replay/meanPriority': priorities.mean, 'replay/maxPriority': priorities.max }),
      ...Object.fromEntries(Object.entries(gauges).map(([name, gauge]) => [name, gauge()])),
    };
    const actions = histogramOfCounts(window.actions);
    window.restart();
    const values: number[] = [];
    const best: number[] = [];
    for (const observation of observations) {
      const row = await (agent.qValues(observation) as MaybePromise<Float32Array>);
      values.push(...row);
      best.push(Math.max(...row));
    }
    if (best.length > 0) {
      numbers['q/max'] = Math.max(...best);
      numbers['q/mean'] = best.reduce((sum, value) => sum + value, 0) / best.length;
    }
    await tell((logger) => logger.scalars(step, numbers));
    await tell((logger) => logger.histogram?.(step, 'actions', actions));
    if (best.length > 0) await tell((logger) => logger.histogram?.(step, 'q/values', histogramOf(values)));
  };

  return {
    name: 'logTraining',
    async begin() {
      window.restart();
      if (hyperparameters) await tell((logger) => logger.text?.(agent.step, 'hyperparameters', table(hyperparameters)));
    },
    onEvent(event, run) {
      window.step = event.step;
      if (event.kind === 'update') window.updates.add(event);
      else if (event.kind === 'step') {
        window.addStep(event.action);
        if (event.step % period === 0) due = true;
      } else if (event.kind === 'episode') window.addEpisode(event);
      const evaluated =
        event.kind === 'evaluation' ? tell((logger) => logger.scalars(event.step, evaluationNumbers(event))) : undefined;
      if (!due || run.pending > 0) return evaluated;
      return evaluated ? evaluated.then(line) : line();
    },
    async end() {
      const failures: unknown[] = [];
      if (window.steps > 0) await line().catch((error: unknown) => failures.push(error));
      for (const logger of loggers) {
        try {
          await logger.close?.();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Sums over the steps since the last line. */
class Window {
  step = 0;
  steps = 0;
  actions: number[] = [];
  readonly updates = new UpdateTally();
  #since = 0;
  #episodes = 0;
  #return = 0;
  #length = 0;
  readonly #space: { readonly n: number; readonly start: number };

  constructor(space: { readonly n: number; readonly start: number }) {
    this.#space = space;
    this.restart();
  }

  restart(): void {
    this.#since = performance.now();
    this.steps = this.#episodes = this.#return = this.#length = 0;
    this.updates.take();
    this.actions = Array<number>(this.#space.n).fill(0);
  }

  addStep(action: number): void {
    this.steps++;
    this.actions[action - this.#space.start]++;
  }

  addEpisode(event: EpisodeEvent): void {
    this.#episodes++;
    this.#return += event.return;
    this.#length += event.length;
  }

  /** Takes what there was: means above all. */
  numbers(): Record<string, number> {
    const { count } = this.updates;
    const seconds = (performance.now() - this.#since) / 1_000;
    const numbers: Record<string, number> = {};
    if (this.#episodes > 0) {
      numbers['episode/return'] = this.#return / this.#episodes;
      numbers['episode/length'] = this.#length / this.#episodes;
    }
    numbers['episode/count'] = this.#episodes;
    for (const [name, value] of Object.entries(this.updates.take() ?? {})) numbers[`update/${name}`] = value;
    if (seconds > 0) {
      numbers['speed/stepsPerSecond'] = this.steps / seconds;
      numbers['speed/updatesPerSecond'] = count / seconds;
    }
    return numbers;
  }
}

function evaluationNumbers({ mean, std, min, max, meanLength }: EvaluationEvent): Record<string, number> {
  return {
    'evaluation/return': mean,
    'evaluation/std': std,
    'evaluation/min': min,
    'evaluation/max': max,
    'evaluation/length': meanLength,
  };
}

/** As Markdown, which TensorBoard draws. */
function table(values: Readonly<Record<string, string | number | boolean>>): string {
  const cell = (value: string | number | boolean) => String(value).replaceAll('|', '\\|');
  const rows = Object.entries(values).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`);
  return ['| name | value |', '| --- | --- |', ...rows].join('\n');
}
