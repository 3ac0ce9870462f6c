import { z } from 'zod';
import { whyNot } from '../configuration/agent-options.ts';
import { agentSchema, type AgentSettings } from '../configuration/schema.ts';
import { readJson } from '../configuration/read-configuration.ts';
import { leftBy } from '../configuration/resolve-configuration.ts';
import type { RegisteredPreset } from '../presets.ts';
import { suggest } from '../suggest.ts';
import { UserMistake } from '../user-mistake.ts';

const rangeSchema = z.union(
  [
    z.strictObject({ choices: z.array(z.json()).min(2) }),
    z.strictObject({
      low: z.number(),
      high: z.number(),
      scale: z.enum(['linear', 'log']).optional(),
      whole: z.boolean().optional(),
    }),
  ],
  { error: 'expected { choices } or { low, high, scale, whole }' },
);

/** Where the best value of a number is looked for: among choices, or between two ends, evenly or evenly in its logarithm. */
export type Range = z.infer<typeof rangeSchema>;
/** Ranges by the names of an agent's numbers; `learningRate.from` is a part of one. */
export type SearchSpace = Readonly<Record<string, Range>>;
/** A point of a space. */
export type Point = Readonly<Record<string, unknown>>;

/** What is searched unless told otherwise: what matters most and costs no more time. */
const ordinary: SearchSpace = {
  'learningRate.from': { low: 1e-4, high: 1e-2, scale: 'log' },
  hidden: { choices: [[64], [64, 64], [128, 128], [256, 256]] },
  batchSize: { choices: [32, 64, 128] },
  discount: { choices: [0.97, 0.98, 0.99, 0.995] },
  nStep: { low: 1, high: 5, whole: true },
  targetPeriod: { low: 100, high: 2_000, scale: 'log', whole: true },
  'epsilon.to': { low: 0.01, high: 0.1, scale: 'log' },
  'epsilon.fraction': { low: 0.05, high: 0.5, scale: 'log' },
};

/** The parts that a number may have. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  learningRate: ['from', 'to', 'fraction'],
  epsilon: ['from', 'to', 'fraction'],
  importanceExponent: ['from', 'to', 'fraction'],
};

/** What an open line is where a part of it is searched and nothing else is said of it. */
const LINES: Readonly<Record<string, object>> = {
  learningRate: { from: 1e-3, to: 0, fraction: 1 },
  epsilon: { from: 1, to: 0.05, fraction: 0.2 },
  importanceExponent: { from: 0.4, to: 1, fraction: 1 },
};

/**
 * The ordinary ranges that a preset has a use for.
 *
 * @param base - the numbers that a point is put into.
 */
export function ordinarySpace(preset: RegisteredPreset, base: AgentSettings): SearchSpace {
  // Where the target network follows slowly, it does so because copies were worse.
  const useful = (name: string): boolean => name !== 'targetPeriod' || base.targetRate === undefined;
  return Object.fromEntries(
    Object.entries(ordinary).filter(([name]) => useful(name) && whyNot(preset, settingOf(name)) === undefined),
  );
}

/**
 * Reads ranges from JSON.
 *
 * @throws UserMistake where there is no such file, a name is none that the preset has a use for, or a range is empty.
 */
export async function readSpace(path: string, preset: RegisteredPreset): Promise<SearchSpace> {
  const { data, error } = z.record(z.string(), rangeSchema).safeParse(await readJson(path));
  if (!data) {
    const [issue] = error.issues;
    throw new UserMistake(`${path}: ${issue.path.join('.') || 'ranges'}: ${issue.message.replace(/^Invalid input: /, '')}.`);
  }
  const known = Object.keys(agentSchema.shape);
  for (const [name, range] of Object.entries(data)) {
    const [setting, part, ...more] = name.split('.');
    if (!known.includes(setting)) throw new UserMistake(`${path}: an agent has no ${setting}.${suggest(setting, known)}`);
    if (more.length > 0 || (part !== undefined && !PARTS[setting]?.includes(part))) {
      throw new UserMistake(`${path}: ${setting} has no part ${name.slice(setting.length + 1)}.`);
    }
    const why = whyNot(preset, settingOf(name));
    if (why !== undefined) throw new UserMistake(`${path}: the preset ${preset.name} takes no ${setting}: ${why}.`);
    if ('choices' in range) continue;
    if (!(range.low < range.high)) throw new UserMistake(`${path}: ${name}: low must be below high.`);
    if (range.scale === 'log' && range.low <= 0) throw new UserMistake(`${path}: ${name}: a logarithmic range begins above 0.`);
  }
  if (Object.keys(data).length === 0) throw new UserMistake(`${path}: there is no range in it.`);
  return data;
}

/** The value of a range at u in [0, 1). */
export function valueAt(range: Range, u: number): unknown {
  if ('choices' in range) return range.choices[Math.floor(u * range.choices.length)];
  const { low, high, scale = 'linear', whole = false } = range;
  // A whole number has as much room as its neighbours, the ends included.
  const [from, to] = whole ? [low - 0.5, high + 0.5] : [low, high];
  const value = scale === 'log' ? Math.exp(Math.log(from) + u * (Math.log(to) - Math.log(from))) : from + u * (to - from);
  return whole ? Math.min(high, Math.max(low, Math.round(value))) : Number(value.toPrecision(4));
}

/** Settings with the values of a point in them. */
export function settingsAt(base: AgentSettings, point: Point): AgentSettings {
  const settings: Record<string, unknown> = { ...leftBy(point, base) };
  for (const [name, value] of Object.entries(point)) {
    const [setting, part] = name.split('.');
    if (part === undefined) settings[setting] = value;
    else {
      const line = settings[setting];
      settings[setting] = {
        ...LINES[setting],
        ...(typeof line === 'object' && 'fraction' in (line as object) ? line : {}),
        [part]: value,
      };
    }
  }
  return settings;
}

function settingOf(name: string): keyof AgentSettings {
  return name.split('.')[0] as keyof AgentSettings;
}
