import { checkNames } from '../../common/check.ts';
import type { Environment } from '../environment.ts';
import { actionRepeat } from './action-repeat.ts';
import { frameStack } from './frame-stack.ts';
import { grayscale } from './grayscale.ts';
import { lifeLoss } from './life-loss.ts';
import { noopStart } from './noop-start.ts';
import { resizeArea } from './resize-area.ts';
import { rewardClip } from './reward-clip.ts';
import { startActions } from './start-actions.ts';
import { stickyActions } from './sticky-actions.ts';

/** What {@link atari} puts around a game. */
export interface AtariOptions {
  /** ς, the probability that the last action goes on, in [0, 1], by frames of the game. Default 0: current versions of the Arcade Learning Environment do it themselves. */
  readonly stickyActions?: number;
  /** The most actions that do nothing at the start of an episode. Default 0: none. */
  readonly noopMax?: number;
  /** Frames for which an action is carried out; the last two are pooled. Default 4. */
  readonly frameSkip?: number;
  /** Whether a lost life ends an episode, for training. Default false. */
  readonly lifeLoss?: boolean;
  /** Whether an episode begins by pressing fire. Default false. */
  readonly fireOnReset?: boolean;
  /** Rows and columns of a frame. Default 84. */
  readonly size?: number;
  /** Frames in an observation. Default 4. */
  readonly stack?: number;
  /** Whether rewards are clipped to [−1, 1], for training. Default true. */
  readonly clipRewards?: boolean;
}

/**
 * The pipeline from Atari's screen to DQN's network, `[size, size, stack]` bytes: sticky actions, no-op starts, the end of an episode with a life, an action for
 * several frames with the last two pooled, fire on reset, luminance, 84 × 84, clipped rewards, a stack of frames. The defaults are those that Machado et al. (2018,
 * section 5 and table 1) recommend, on an environment whose actions are sticky; `{ noopMax: 30, lifeLoss: true }` is training as in Mnih et al. 2015, and
 * `{ noopMax: 30, clipRewards: false }` its evaluation.
 *
 * @param environment - colour pictures `[H, W, 3]` of single frames (with Gymnasium: `frameskip: 1`); action 0 does nothing, action 1 fires.
 * @throws DqnError `invalid-option` if an option is out of range or misspelt, `invalid-space` unless observations are colour pictures.
 */
export function atari(environment: Environment<Uint8Array, number>, options: AtariOptions = {}): Environment<Uint8Array, number> {
  checkNames('atari(options)', options, {
    stickyActions: true,
    noopMax: true,
    frameSkip: true,
    lifeLoss: true,
    fireOnReset: true,
    size: true,
    stack: true,
    clipRewards: true,
  });
  const { stickyActions: stickiness = 0, noopMax = 0, frameSkip = 4, size = 84, stack = 4, clipRewards = true } = options;
  let game = environment;
  if (stickiness !== 0) game = stickyActions(game, stickiness);
  if (noopMax !== 0) game = noopStart(game, { max: noopMax });
  // Within the repetition, so that no frame of the next life is counted to the one that is lost.
  if (options.lifeLoss) game = lifeLoss(game, { action: 0 });
  game = actionRepeat(game, frameSkip, { maxPool: true });
  if (options.fireOnReset) game = startActions(game, [1]);
  game = resizeArea(grayscale(game), { height: size, width: size });
  if (clipRewards) game = rewardClip(game, { min: -1, max: 1 });
  return frameStack(game, stack, { axis: 'last' });
}
