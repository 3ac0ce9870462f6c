import { type Space, isDiscrete } from '../spaces.ts';

/** Whether a mask allows an action. Without a mask all are allowed; a mask says nothing of actions that are not discrete. */
export function allows<Action>(space: Space<Action>, mask: Uint8Array | undefined, action: Action): boolean {
  return mask === undefined || !isDiscrete(space) || typeof action !== 'number' || mask[action - space.start] !== 0;
}
