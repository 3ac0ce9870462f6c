import type { CheckpointStore } from '@scope/dqn';
import type { Settings } from './settings.ts';

/** An episode on the learning curve. */
export interface CurvePoint {
  /** Environment steps at its end. */
  readonly step: number;
  readonly return: number;
}

/** A run as it is kept over a reload. */
export interface SavedRun {
  readonly settings: Settings;
  readonly step: number;
  readonly updates: number;
  readonly points: readonly CurvePoint[];
  /** To go on from. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** To watch. */
  readonly policy: Uint8Array<ArrayBuffer>;
}

/** The part that is small enough to be text; `slot` says which files belong to it. */
type Note = Omit<SavedRun, 'checkpoint' | 'policy' | 'points'> & {
  readonly slot: 'a' | 'b';
  readonly points: readonly (readonly [step: number, value: number])[];
};

const NOTE = 'dqn-run';

/**
 * Keeps one run: its files in a store, the rest as text. New files are written beside the old ones, and count only when the text says so: whatever happens
 * meanwhile, what is found later belongs together.
 */
export class RunKeeper {
  readonly #store: CheckpointStore;
  /** How often it was told to forget. */
  #forgotten = 0;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  async save({ checkpoint, policy, points, ...rest }: SavedRun): Promise<void> {
    const forgotten = this.#forgotten;
    const slot = readNote()?.slot === 'a' ? 'b' : 'a';
    await this.#store.save(`checkpoint-${slot}`, checkpoint);
    await this.#store.save(`policy-${slot}`, policy);
    const note: Note = { ...rest, slot, points: points.map((point) => [point.step, point.return]) };
    if (forgotten !== this.#forgotten) return;
    localStorage.setItem(NOTE, JSON.stringify(note));
  }

  /** The run that was kept; nothing if there is none. @throws DqnError where its files are damaged. */
  async load(): Promise<SavedRun | undefined> {
    const note = readNote();
    if (!note) return undefined;
    const checkpoint = await this.#store.load(`checkpoint-${note.slot}`);
    const policy = await this.#store.load(`policy-${note.slot}`);
    if (!checkpoint || !policy) return undefined;
    const { slot: _, points, ...rest } = note;
    return { ...rest, checkpoint, policy, points: points.map(([step, value]) => ({ step, return: value })) };
  }

  /** Forgets it. */
  forget(): void {
    this.#forgotten++;
    localStorage.removeItem(NOTE);
  }
}

function readNote(): Note | undefined {
  const text = localStorage.getItem(NOTE);
  return text === null ? undefined : (JSON.parse(text) as Note);
}
