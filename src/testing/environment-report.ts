import type { Finding, Findings, Report } from './report.ts';

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
export type EnvironmentFinding = Finding<EnvironmentRule>;

/** All that a check of an environment found. */
export type EnvironmentReport = Report<EnvironmentRule>;

/** Collects what is found in an environment. */
export type EnvironmentFindings = Findings<EnvironmentRule>;
