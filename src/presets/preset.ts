import type { FeedForwardOptions, RecurrentOptions } from '../agent/options.ts';

/** The parts and numbers of a paper, for an agent that learns from single transitions: spread it, and override what is different. */
export type AgentPreset = Omit<FeedForwardOptions, 'engine'>;

/** The parts and numbers of a paper, for an agent whose network has memory. */
export type RecurrentPreset = Omit<RecurrentOptions, 'engine'>;
