import type { AgentSettings, ScheduleSetting } from './schema.ts';

/** Numbers of an agent as options of `dqn train`: `--hidden 128,128 --learning-rate 0.0023:0`. */
export function flagsOf(settings: AgentSettings): string {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${textOf(value)}`)
    .join(' ');
}

function textOf(value: NonNullable<AgentSettings[keyof AgentSettings]>): string {
  return typeof value === 'object' && 'from' in value ? lineOf(value) : String(value);
}

function lineOf(line: Extract<ScheduleSetting, object>): string {
  const ends = `${line.from}:${line.to}`;
  if ('steps' in line) return `${ends}:${line.steps}`;
  // Rounded, for 0.07 · 100 is no 7.
  return line.fraction === 1 ? ends : `${ends}:${Number((line.fraction * 100).toPrecision(12))}%`;
}
