import { z } from 'zod';

const count = z.int().min(1);
const rate = z.number().min(0);
const share = z.number().positive().max(1);
/** A number, or a straight line from one to another over so many environment steps or such a part of the run. */
const schedule = z.union(
  [rate, z.strictObject({ from: rate, to: rate, steps: count }), z.strictObject({ from: rate, to: rate, fraction: share })],
  { error: 'expected a number, { from, to, steps } or { from, to, fraction }' },
);

/** What an agent's preset may be changed in. */
export const agentSchema = z.strictObject({
  hidden: z.array(count).min(1).optional(),
  optimizer: z.enum(['adam', 'adamW', 'rmsprop', 'sgd']).optional(),
  learningRate: schedule.optional(),
  optimizerEpsilon: z.number().positive().optional(),
  discount: z.number().min(0).max(1).optional(),
  batchSize: count.optional(),
  replayCapacity: count.optional(),
  nStep: count.optional(),
  epsilon: z.union([schedule, z.literal('ladder')]).optional(),
  noiseHold: z.enum(['step', 'episode']).optional(),
  sigma: z.number().positive().optional(),
  heads: z.int().min(2).optional(),
  priorScale: z.number().positive().optional(),
  targetPeriod: count.optional(),
  targetRate: share.optional(),
  averagedTargets: z.int().min(2).optional(),
  munchausenAlpha: z.number().min(0).max(1).optional(),
  munchausenTemperature: z.number().positive().optional(),
  munchausenClip: z.number().max(0).optional(),
  learningStarts: z.int().min(0).optional(),
  learnPeriod: count.optional(),
  updatesPerRound: count.optional(),
  maxGradientNorm: z.number().positive().optional(),
  vMin: z.number().optional(),
  vMax: z.number().optional(),
  atoms: z.int().min(2).optional(),
  quantiles: count.optional(),
  quantileSamples: count.optional(),
  priorityExponent: rate.optional(),
  importanceExponent: schedule.optional(),
  units: count.optional(),
  sequenceLength: count.optional(),
  burnIn: z.int().min(0).optional(),
});

/** When a run is evaluated, and on how many episodes. */
export const evaluationSchema = z.strictObject({
  period: count.optional(),
  episodes: count.optional(),
  finalEpisodes: count.optional(),
});

/** A configuration of a run, as its file or the command line gives it: what is left out has a default. */
export const configurationSchema = z.strictObject({
  environment: z.string().min(1).optional(),
  environmentOptions: z.record(z.string(), z.json()).optional(),
  preset: z.string().optional(),
  numbers: z.enum(['tuned', 'paper']).optional(),
  steps: count.optional(),
  seed: z.int().min(0).optional(),
  actors: z.int().min(0).max(1_024).optional(),
  engine: z.string().optional(),
  agent: agentSchema.optional(),
  evaluation: evaluationSchema.optional(),
  checkpointPeriod: count.optional(),
  logPeriod: count.optional(),
});

/** What a configuration may say of an agent. */
export type AgentSettings = z.infer<typeof agentSchema>;
/** A number or a line of them. */
export type ScheduleSetting = z.infer<typeof schedule>;
/** A configuration in which things may be left out. */
export type PartialConfiguration = z.infer<typeof configurationSchema>;

/** A configuration in which everything has its value. */
export interface Configuration extends Required<Omit<PartialConfiguration, 'evaluation'>> {
  readonly evaluation: Required<z.infer<typeof evaluationSchema>>;
}
