import { DqnError, type LoadedPolicy, type RenderMode } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { checkStep } from '../../environment/check-step.ts';
import type { RenderedFrame } from '../../node/index.ts';
import type { AnyEnvironment } from '../environments.ts';
import { UserMistake } from '../user-mistake.ts';

/** A moment of an episode: a state, and what the policy makes of it. */
export interface Moment {
  /** From 1 on. */
  readonly episode: number;
  /** Steps taken. */
  readonly step: number;
  /** The return so far. */
  readonly total: number;
  /** Q(s, ·), where it can be told; nothing at the end. */
  readonly qValues?: Float32Array;
  /** What the policy does now, counted from 0; nothing at the end. */
  readonly action?: number;
  /** Why the episode is over. */
  readonly end?: 'terminated' | 'truncated' | 'cut off';
}

/** How to play. */
export interface PlayOptions {
  /** Of the first episode; each later one has one more. */
  readonly seed: number;
  readonly episodes: number;
  /** Of an episode, which is cut off there. */
  readonly maxSteps: number;
  /** Whether Q-values can be told without what a network remembers. */
  readonly tellsValues: boolean;
}

/**
 * Plays whole episodes with a policy, without exploring, and gives each moment while the environment is in that state.
 *
 * @throws DqnError `environment-failed`.
 */
export async function* play(
  policy: LoadedPolicy<unknown, Timing>,
  environment: AnyEnvironment,
  { seed, episodes, maxSteps, tellsValues }: PlayOptions,
): AsyncGenerator<Moment> {
  const { start = 0 } = environment.actionSpace as { readonly start?: number };
  for (let episode = 1; episode <= episodes; episode++) {
    let { observation, actionMask } = await answerOf('reset()', () => environment.reset({ seed: seed + episode - 1 }));
    let total = 0;
    for (let step = 0; ; step++) {
      const action = await policy.act(observation, { explore: false, actionMask, first: step === 0 });
      const qValues = tellsValues ? await policy.qValues(observation) : undefined;
      yield { episode, step, total, qValues, action: action - start };
      const result = await answerOf('step()', () => environment.step(action));
      checkStep('watch: environment.step()', result);
      ({ observation, actionMask } = result);
      total += result.reward;
      const end = result.terminated ? 'terminated' : result.truncated ? 'truncated' : step + 1 === maxSteps ? 'cut off' : undefined;
      if (end) {
        yield { episode, step: step + 1, total, end };
        break;
      }
    }
  }
}

/**
 * The picture of an environment as it is now.
 *
 * @throws UserMistake where it draws none; DqnError `environment-failed`.
 */
export async function drawn(name: string, environment: AnyEnvironment, mode: RenderMode): Promise<string> {
  const picture: unknown = await answerOf('render()', () => environment.render?.(mode));
  if (typeof picture === 'string' && picture !== '') return picture;
  throw new UserMistake(`${name} cannot be watched: it has no render('${mode}') that gives a text.`);
}

/** A picture of an environment: an SVG document, or pixels `[height, width, 3]`. */
export type Picture = { readonly kind: 'svg'; readonly svg: string } | ({ readonly kind: 'pixels' } & RenderedFrame);

/**
 * The picture of an environment as it is now, for a file: what it draws as SVG, otherwise what its `frame()` gives, as environments of Gymnasium have it.
 *
 * @throws UserMistake where it has neither; DqnError `environment-failed`.
 */
export async function pictured(name: string, environment: AnyEnvironment & { frame?(): unknown }): Promise<Picture> {
  if (environment.render || !environment.frame) return { kind: 'svg', svg: await drawn(name, environment, 'svg') };
  const { width, height, pixels } = ((await answerOf('frame()', () => environment.frame?.())) ?? {}) as Partial<RenderedFrame>;
  if (!width || !height || !(pixels instanceof Uint8Array) || pixels.length !== width * height * 3) {
    throw new UserMistake(`${name} cannot be watched: its frame() gives no width and height with the bytes of that many pixels.`);
  }
  return { kind: 'pixels', width, height, pixels };
}

async function answerOf<T>(what: string, call: () => T): Promise<Awaited<T>> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof DqnError) throw cause;
    throw new DqnError({
      code: 'environment-failed',
      where: `watch: environment.${what}`,
      expected: 'the environment to answer',
      received: `an error it threw: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'Mend the environment; checkEnvironment() of @scope/dqn/testing names all that is wrong with it.',
      cause,
    });
  }
}
