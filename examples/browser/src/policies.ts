import { loadPolicy, wasm, type LoadedPolicy } from '@scope/dqn';
import { algorithms } from './algorithms.ts';
import { algorithmOf, worldOf, type Settings } from './settings.ts';

/** The policies that the page acts with: the newest of the run, and in its place one from a file. */
export class Policies {
  // Whatever trains them, the page runs them on the embedded engine.
  readonly #engine = wasm();
  #settings: Settings;
  #newest: LoadedPolicy<unknown> | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #visitor: LoadedPolicy<unknown> | undefined;
  /** Counts what was loaded, so that what is loaded too late is dropped. */
  #turn = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The one to act with; nothing before anything was learned. */
  get current(): LoadedPolicy<unknown> | undefined {
    return this.#visitor ?? this.#newest;
  }

  /** Whether it comes from a file. */
  get visiting(): boolean {
    return this.#visitor !== undefined;
  }

  /** The file of the newest of the run. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes;
  }

  /** Forgets all of them: another run begins. */
  reset(settings: Settings): void {
    this.#turn++;
    this.#settings = settings;
    this.#newest?.dispose();
    this.#newest = this.#bytes = undefined;
    this.dismiss();
  }

  /** Takes the newest policy of the run. */
  async update(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const turn = ++this.#turn;
    const { world, algorithm } = this.#settings;
    const policy = await this.#load(bytes, world, algorithm);
    if (turn !== this.#turn) {
      policy.dispose();
      return;
    }
    this.#newest?.dispose();
    this.#newest = policy;
    this.#bytes = bytes;
  }

  /** Takes a policy from a file. @throws DqnError where it is damaged, foreign, or of another world. */
  async invite(bytes: Uint8Array): Promise<void> {
    const settings = this.#settings;
    const { world, algorithm } = settings;
    let refusal: unknown;
    // A policy is read by the head it was trained with: that of the chosen algorithm first.
    for (const id of [algorithm, ...algorithms.map((other) => other.id)]) {
      try {
        const policy = await this.#load(bytes, world, id);
        this.dismiss();
        // Another world has been chosen meanwhile.
        if (settings !== this.#settings) policy.dispose();
        else this.#visitor = policy;
        return;
      } catch (error) {
        refusal ??= error;
      }
    }
    throw refusal;
  }

  /** Sends the policy from a file away. */
  dismiss(): void {
    this.#visitor?.dispose();
    this.#visitor = undefined;
  }

  #load(bytes: Uint8Array, world: string, algorithm: string): Promise<LoadedPolicy<unknown>> {
    const { create } = worldOf(world);
    const { head } = algorithmOf(algorithm).options(worldOf(world));
    return loadPolicy<unknown>(bytes, create(), { engine: this.#engine, head });
  }
}
