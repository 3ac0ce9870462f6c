import {
  adam,
  adamW,
  adaptive,
  averagedQ,
  bootstrapped,
  categorical,
  epsilonGreedy,
  epsilonLadder,
  fullyParameterisedQuantile,
  hard,
  implicitQuantile,
  linear,
  munchausen,
  noisyGreedy,
  polyak,
  prioritized,
  quantile,
  randomPrior,
  recurrent,
  rmsprop,
  sampled,
  sequences,
  sgd,
  uniform,
  type AgentOptions,
  type Munchausen,
  type NetworkFactory,
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
export function whyNot({ base, priorities, memory }: RegisteredPreset, setting: Setting): string | undefined {
  const head = base.head?.kind ?? 'expected';
  const explorer = base.explorer?.kind ?? 'epsilonGreedy';
  switch (setting) {
    case 'units':
    case 'sequenceLength':
    case 'burnIn':
      return memory ? undefined : 'its network does not remember';
    case 'epsilon':
      return explorer === 'epsilonGreedy' ? undefined : `it explores by ${explorer}`;
    case 'noiseHold':
    case 'sigma':
      return explorer === 'noisyGreedy' ? undefined : `it explores by ${explorer}`;
    case 'heads':
      return explorer === 'bootstrapped' ? undefined : 'its network has one head';
    case 'priorScale':
      return base.head?.quantiles ? `the quantiles of its head ${head} take fractions` : undefined;
    case 'averagedTargets':
      return base.bootstrap?.kind === 'averagedQ' ? undefined : 'it averages no targets';
    case 'munchausenAlpha':
    case 'munchausenTemperature':
    case 'munchausenClip':
      return base.bootstrap?.kind === 'munchausen' ? undefined : 'its rewards have no bonus';
    case 'quantileSamples':
      return head === 'implicitQuantile' ? undefined : `its head is ${head}`;
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

/** Those of the settings that a preset has a use for. */
export function usableSettings(preset: RegisteredPreset, settings: AgentSettings): AgentSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => whyNot(preset, name as Setting) === undefined));
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
    ...explores(agent, configuration),
    ...targets(base, agent),
    ...networkAndReplay(preset, agent, steps),
    ...valueHead(preset, agent),
    optimizer: optimizer(base.optimizer ?? adam(), agent, steps),
    engine: await createEngine(configuration.engine),
    seed,
  } as AgentOptions;
}

function explores({ epsilon, noiseHold, heads }: AgentSettings, { steps, actors }: Configuration): AgentOptions {
  if (noiseHold !== undefined) return { explorer: noisyGreedy({ hold: noiseHold }) };
  if (heads !== undefined) return { explorer: bootstrapped({ heads }) };
  if (epsilon === undefined) return {};
  if (epsilon !== 'ladder') return { explorer: epsilonGreedy(toSchedule(epsilon, steps)) };
  if (actors === 0) throw new UserMistake('A ladder of ε has a rung for each actor: add --actors.');
  return { explorer: epsilonLadder({ streams: actors }) };
}

/** What targets are made from, and how the network for them follows: by copies, or slowly where there is a rate. */
function targets(
  { bootstrap }: AgentOptions,
  { targetPeriod, targetRate, averagedTargets, munchausenAlpha, munchausenTemperature, munchausenClip }: AgentSettings,
): AgentOptions {
  const changed: { -readonly [K in 'targetUpdater' | 'bootstrap']?: AgentOptions[K] } = {};
  if (targetRate !== undefined) changed.targetUpdater = polyak({ tau: targetRate });
  else if (targetPeriod !== undefined) changed.targetUpdater = hard({ period: targetPeriod });
  if (averagedTargets !== undefined) changed.bootstrap = averagedQ({ targets: averagedTargets });
  if (bootstrap?.kind === 'munchausen') {
    const { alpha, temperature, clip } = bootstrap as Munchausen;
    changed.bootstrap = munchausen({
      alpha: munchausenAlpha ?? alpha,
      temperature: munchausenTemperature ?? temperature,
      clip: munchausenClip ?? clip,
    });
  }
  return changed;
}

function networkAndReplay({ base, network, priorities, memory }: RegisteredPreset, agent: AgentSettings, steps: number): object {
  const { hidden, sigma, priorScale, replayCapacity, priorityExponent, importanceExponent } = agent;
  const changesPriorities = priorityExponent !== undefined || importanceExponent !== undefined;
  const weights = priorities && {
    priorityExponent: priorityExponent ?? priorities.priorityExponent,
    importanceExponent: importanceExponent === undefined ? priorities.importanceExponent : toSchedule(importanceExponent, steps),
  };
  if (memory) {
    const { capacity, length, burnIn } = memory;
    const units = agent.units ?? memory.units;
    return {
      network: withPrior(recurrent({ ...network, hidden, units, after: [units] }), priorScale),
      replay: sequences({
        capacity: replayCapacity ?? capacity,
        length: agent.sequenceLength ?? length,
        burnIn: agent.burnIn ?? burnIn,
        prioritized: weights,
      }),
    };
  }
  const changed: { network?: unknown; replay?: unknown } = {};
  const noisy = sigma === undefined ? network.noisy : { sigma };
  if (hidden || sigma !== undefined || priorScale !== undefined) {
    changed.network = withPrior(adaptive({ ...network, ...(noisy && { noisy }), ...(hidden && { hidden }) }), priorScale);
  }
  if (replayCapacity === undefined && !changesPriorities) return changed;
  const replay = (base.replay ?? uniform({ capacity: 100_000 })) as SampledSpec;
  const capacity = replayCapacity ?? replay.capacity;
  changed.replay = weights ? prioritized({ capacity, ...weights }) : sampled({ capacity, sampler: replay.sampler });
  return changed;
}

function withPrior(network: NetworkFactory, scale: number | undefined): NetworkFactory {
  return scale === undefined ? network : randomPrior(network, { scale });
}

function valueHead({ base }: RegisteredPreset, { vMin, vMax, atoms, quantiles, quantileSamples: samples }: AgentSettings): object {
  if (samples !== undefined) return { head: implicitQuantile({ online: samples, target: samples }) };
  if (vMin !== undefined || vMax !== undefined || atoms !== undefined) {
    const own = base.head?.settings as Readonly<Record<'atoms' | 'vMin' | 'vMax', number>>;
    return { head: categorical({ atoms: atoms ?? own.atoms, vMin: vMin ?? own.vMin, vMax: vMax ?? own.vMax }) };
  }
  if (quantiles === undefined) return {};
  const layer = base.head?.quantiles;
  if (layer?.kind !== 'proposedQuantiles') return { head: quantile({ quantiles }) };
  return { head: fullyParameterisedQuantile({ fractions: quantiles, proposalRate: layer.proposalRate }) };
}

/** @throws UserMistake where there is no ε in the rule. */
function optimizer(base: Optimizer, settings: AgentSettings, steps: number): Optimizer {
  const { optimizer: kind, learningRate: given, optimizerEpsilon: epsilon } = settings;
  const learningRate = given === undefined ? base.learningRate : toSchedule(given, steps);
  const spec = kind === undefined ? base.spec : OPTIMIZERS[kind]().spec;
  if (epsilon === undefined) return { spec, learningRate };
  if (!('epsilon' in spec)) throw new UserMistake(`${spec.kind} takes no optimizerEpsilon: it divides by nothing.`);
  return { spec: { ...spec, epsilon }, learningRate };
}

/** A schedule from its data, for a run of so many steps. */
function toSchedule(setting: ScheduleSetting, steps: number): number | Schedule {
  if (typeof setting === 'number') return setting;
  return linear(setting.from, setting.to, 'steps' in setting ? setting.steps : setting.fraction * steps);
}
