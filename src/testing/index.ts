export { assertEnvironment, checkEnvironment } from './check-environment.ts';
export type { CheckEnvironmentOptions } from './check-environment.ts';
export type { EnvironmentFinding, EnvironmentReport, EnvironmentRule } from './environment-report.ts';
