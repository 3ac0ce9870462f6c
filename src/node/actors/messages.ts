import type { NetworkSpec } from '../../networks/spec.ts';
import type { WireError } from '../../remote/wire-error.ts';
import type { SharedStepsLayout } from './shared-steps.ts';

/** When the learner takes what actors have collected; see `startActors`. */
export type ActorMode = 'synchronous' | 'free';

/** What an actor is told. */
export type ToActor =
  | {
      readonly kind: 'create';
      readonly config: unknown;
      /** Its number, from 0. */
      readonly actor: number;
      readonly actors: number;
      /** Seeds its exploration. */
      readonly seed: number;
    }
  | {
      readonly kind: 'act';
      readonly mode: ActorMode;
      readonly layout: SharedStepsLayout;
      readonly steps: SharedArrayBuffer;
      readonly weights: SharedArrayBuffer;
      /** Seeds its environment. */
      readonly seed: number;
    };

/** What it acts with, as far as it must be what the agent has. */
export interface ActorMake extends Omit<SharedStepsLayout, 'capacity'> {
  readonly spec: NetworkSpec;
}

/** What an actor tells: that it is made, that there are steps to fetch, or that it has failed. */
export type FromActor =
  ({ readonly kind: 'made' } & ActorMake) | { readonly kind: 'steps' } | { readonly kind: 'failed'; readonly error: WireError };
