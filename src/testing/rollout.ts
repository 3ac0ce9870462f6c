import { deepEqual } from '../common/deep.ts';
import { describe } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import type { Frame, Probe } from './probe.ts';

/** How to play: random actions, or given ones. */
export interface Play {
  /** Resets with this seed first. Default: the running episode goes on. */
  readonly seed?: number;
  readonly steps: number;
  readonly random?: Random;
  readonly actions?: readonly unknown[];
  /** Stops at the first end of an episode, without a reset. Default: resets without a seed and goes on. */
  readonly oneEpisode?: boolean;
}

/** What was played. */
export interface Played {
  readonly frames: readonly Frame[];
  readonly actions: readonly unknown[];
  /** Whether a call failed, which is reported already. */
  readonly failed: boolean;
}

/** What random actions are drawn from; split, as environments may draw from the seed's own stream. */
export function actionStream(seed: number): Random {
  return new Random(seed).split('actions');
}

/** Plays on an environment. */
export async function play(probe: Probe, { seed, steps, random, actions: given, oneEpisode }: Play): Promise<Played> {
  const frames: Frame[] = [];
  const actions: unknown[] = [];
  const keep = (frame: Frame | undefined): boolean => {
    if (frame !== undefined) frames.push(frame);
    return frame !== undefined;
  };
  if (seed !== undefined && !keep(await probe.reset({ seed }))) return { frames, actions, failed: true };
  const count = given?.length ?? steps;
  for (let i = 0; i < count; i++) {
    if (probe.ended) {
      if (oneEpisode && i > 0) break;
      if (!keep(await probe.reset())) return { frames, actions, failed: true };
    }
    const action = random === undefined ? given?.[i] : probe.draw(random);
    actions.push(action);
    if (!keep(await probe.step(action))) return { frames, actions, failed: true };
  }
  return { frames, actions, failed: false };
}

/** Where two records of the same actions first differ; nothing where they are equal. */
export function differ(a: readonly Frame[], b: readonly Frame[]): string | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] === undefined || b[i] === undefined) return `one run went on after call ${i} and the other did not`;
    for (const name of Object.keys(a[i])) {
      if (deepEqual(a[i][name], b[i][name])) continue;
      const [before, after] = [a[i][name], b[i][name]].map((value) =>
        typeof value === 'object' ? 'other values' : describe(value),
      );
      return `${name} of call ${i + 1} differs${before === after ? '' : ` (${before} and ${after})`}`;
    }
  }
  return undefined;
}
