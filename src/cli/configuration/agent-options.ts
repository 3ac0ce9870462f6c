import {
  adam,
  adamW,
  adaptive,
  categorical,
  epsilonGreedy,
  epsilonLadder,
  fullyParameterisedQuantile,
  hard,
  linear,
  noisyGreedy,
  prioritized,
  quantile,
  recurrent,
  rmsprop,
  sampled,
  sequences,
  sgd,
  uniform,
  type AgentOptions,
  type Explorer,
  type Optimizer,
  type SampledSpec,
  type Schedule,
} from '../../index.ts';
import { findPreset, type RegisteredPreset } from '../presets.ts';
import { UserMistake } from '../user-mistake.ts';
import { createEngine } from './engine.ts';
import type { AgentSettings, Configuration, ScheduleSetting } from './schema.ts';

const OPTIMIZERS = { adam, adamW, rmsprop, sgd };

/** The name of a number of an agent. */
type Setting = keyof AgentSettings;

/** Why a preset has no use for a number; nothing where it has. */
export function whyNot({ base, network, priorities, memory }: RegisteredPreset, setting: Setting): string | undefined {
  const head = base.head?.kind ?? 'expected';
  const explorer = base.explorer?.kind ?? 'epsilonGreedy';
  switch (setting) {
    case 'hidden':
      return network ? undefined : 'its network is recurrent; it takes units';
    case 'units':
    case 'sequenceLength':
    case 'burnIn':
      return memory ? undefined : 'its network does not remember';
    case 'epsilon':
      return explorer === 'epsilonGreedy' ? undefined : `it explores by ${explorer}`;
    case 'noiseHold':
      return explorer === 'noisyGreedy' ? undefined : `it explores by ${explorer}`;
    case 'vMin':
    case 'vMax':
    case 'atoms':
      return head === 'categorical' ? undefined : `its head is ${head}, not categorical`;
    case 'quantiles':
      return head === 'quantile' || head === 'fullyParameterisedQuantile' ? undefined : `its head is ${head}`;
    case 'nStep':
      return base.bootstrap?.kind === 'munchausen' ? 'its bonus is of single rewards' : undefined;
    case 'priorityExponent':
    case 'importanceExponent':
      return priorities ? undefined : 'its replay has no priorities';
    default:
      return undefined;
  }
}

/**
 * The options of the agent that a configuration asks for: those of its preset, with what is changed in them.
 *
 * @throws UserMistake where something cannot be changed in the preset.
 */
export async function agentOptions(configuration: Configuration): Promise<AgentOptions> {
  const { preset: name, steps, seed, agent } = configuration;
  const preset = findPreset(name);
  if (!preset) throw new UserMistake(`There is no preset ${name}.`);
  for (const key of Object.keys(agent) as Setting[]) {
    const why = agent[key] === undefined ? undefined : whyNot(preset, key);
    if (why !== undefined) throw new UserMistake(`The preset ${name} takes no ${key}: ${why}.`);
  }
  const { discount, batchSize, nStep, learningStarts, learnPeriod, updatesPerRound, maxGradientNorm } = agent;
  const numbers = { discount, batchSize, nStep, learningStarts, learnPeriod, updatesPerRound, maxGradientNorm };
  const { base } = preset;
  return {
    ...base,
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
    ...(agent.epsilon === undefined ? {} : { explorer: explores(agent.epsilon, configuration) }),
    ...(agent.noiseHold === undefined ? {} : { explorer: noisyGreedy({ hold: agent.noiseHold }) }),
    ...(agent.targetPeriod === undefined ? {} : { targetUpdater: hard({ period: agent.targetPeriod }) }),
    ...networkAndReplay(preset, agent, steps),
    ...valueHead(preset, agent),
    optimizer: optimizer(base.optimizer ?? adam(), agent, steps),
    engine: await createEngine(configuration.engine),
    seed,
  } as AgentOptions;
}

function explores(epsilon: NonNullable<AgentSettings['epsilon']>, { steps, actors }: Configuration): Explorer {
  if (epsilon !== 'ladder') return epsilonGreedy(toSchedule(epsilon, steps));
  if (actors === 0) throw new UserMistake('A ladder of ε has a rung for each actor: add --actors.');
  return epsilonLadder({ streams: actors });
}

function networkAndReplay({ base, network, priorities, memory }: RegisteredPreset, agent: AgentSettings, steps: number): object {
  const { hidden, replayCapacity, priorityExponent, importanceExponent } = agent;
  const changesPriorities = priorityExponent !== undefined || importanceExponent !== undefined;
  const weights = priorities && {
    priorityExponent: priorityExponent ?? priorities.priorityExponent,
    importanceExponent: importanceExponent === undefined ? priorities.importanceExponent : toSchedule(importanceExponent, steps),
  };
  if (memory) {
    const { capacity, units, length, burnIn } = memory;
    return {
      network: recurrent({ units: agent.units ?? units, dueling: true }),
      replay: sequences({
        capacity: replayCapacity ?? capacity,
        length: agent.sequenceLength ?? length,
        burnIn: agent.burnIn ?? burnIn,
        prioritized: weights,
      }),
    };
  }
  const changed: { network?: unknown; replay?: unknown } = {};
  if (hidden) changed.network = adaptive({ ...network, hidden });
  if (replayCapacity === undefined && !changesPriorities) return changed;
  const replay = (base.replay ?? uniform({ capacity: 100_000 })) as SampledSpec;
  const capacity = replayCapacity ?? replay.capacity;
  changed.replay = weights ? prioritized({ capacity, ...weights }) : sampled({ capacity, sampler: replay.sampler });
  return changed;
}

function valueHead({ base }: RegisteredPreset, { vMin, vMax, atoms, quantiles }: AgentSettings): object {
  if (vMin !== undefined || vMax !== undefined || atoms !== undefined) {
    const own = base.head?.settings as Readonly<Record<'atoms' | 'vMin' | 'vMax', number>>;
    return { head: categorical({ atoms: atoms ?? own.atoms, vMin: vMin ?? own.vMin, vMax: vMax ?? own.vMax }) };
  }
  if (quantiles === undefined) return {};
  return { head: base.head?.kind === 'quantile' ? quantile({ quantiles }) : fullyParameterisedQuantile({ fractions: quantiles }) };
}

function optimizer(base: Optimizer, { optimizer: kind, learningRate }: AgentSettings, steps: number): Optimizer {
  const rate = learningRate === undefined ? base.learningRate : toSchedule(learningRate, steps);
  return kind === undefined ? { spec: base.spec, learningRate: rate } : OPTIMIZERS[kind]({ learningRate: rate });
}

/** A schedule from its data, for a run of so many steps. */
function toSchedule(setting: ScheduleSetting, steps: number): number | Schedule {
  if (typeof setting === 'number') return setting;
  return linear(setting.from, setting.to, 'steps' in setting ? setting.steps : setting.fraction * steps);
}
