import { damagedState } from '../common/read-state.ts';
import type { State } from '../common/state.ts';

/** Refuses a saved state of a sampler that remembers nothing. @throws DqnError `invalid-checkpoint` if there is one. */
export function checkStateless(kind: string, state: State): void {
  if (state !== null) throw damagedState(`${kind}.setState(state)`, 'null', state);
}
