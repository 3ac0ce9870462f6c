import { openArchive } from '../common/archive.ts';
import type { State } from '../common/state.ts';

/** What is in a file that the library has saved. */
export interface SavedFile {
  /** `policy`, `agent`, `training` (an agent and its run) or `dataset`. */
  readonly kind: string;
  /** The version of the layout of that kind. */
  readonly version: number;
  /** All that it holds. */
  readonly state: State;
}

/**
 * What is in a checkpoint, policy file or dataset, whichever it is and whichever release wrote it: to look at, where `loadPolicy`, `agent.load` and the like read what they
 * know. The bytes are not trusted: the memory used is in proportion to their number, and no code of theirs runs.
 *
 * @throws DqnError `invalid-checkpoint` where the bytes are damaged, truncated, extended or of another kind of file.
 */
export function readSaved(bytes: Uint8Array): SavedFile {
  return openArchive(bytes);
}
