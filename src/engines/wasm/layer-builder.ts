import type { LayerPlan } from '../../networks/plan.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import type { WasmLayer } from './layer.ts';
import type { Runtime } from './runtime.ts';
import type { Stack } from './stack.ts';

/** Where a stack stands in a network. */
export interface Surroundings {
  /** Whether its inputs are the observations. */
  readonly first: boolean;
  /** Whether many of its inputs may be zero. */
  readonly sparseInput: boolean;
  /** Whether its outputs are the network's, of whose gradient most may be zero. */
  readonly last: boolean;
  /** Whether they are all of them. */
  readonly whole: boolean;
}

/** What the layers of a network share while they are built. */
export interface Foundation {
  /** Memory for as long as the network lives. */
  readonly own: Arena;
  /** Numbers in the recurrent state of one sequence. */
  readonly stateSize: number;
  /** How many of them the layers built so far have taken. */
  stateTaken: number;
}

/** Columns of a noisy layer with noise of their own. */
export interface NoiseStream {
  /** Of the same number every name has noise of its own. */
  readonly name: string;
  /** Columns; a multiple of 4 where there are several streams. */
  readonly units: number;
}

/** What a layer must know that stands for several side by side. */
export interface Joint {
  /** Numbers that a row of outputs must have room for, padding of those behind included. */
  readonly room: number;
  readonly streams: readonly NoiseStream[];
}

/** What a layer is built from. */
export interface LayerSite<Spec> extends Surroundings {
  readonly runtime: Runtime;
  readonly spec: Spec;
  readonly plan: LayerPlan;
  /** Numbers in one row of inputs. */
  readonly inputSize: number;
  readonly foundation: Foundation;
  readonly joint?: Joint;
  /** Builds a layer of another plan in this one's place. */
  joined(plan: LayerPlan, last: boolean, joint: Joint): WasmLayer;
  /** Builds a stack of layers within. */
  within(stack: readonly LayerPlan[], surroundings: Omit<Surroundings, 'whole'>, inputSize?: number): Stack;
}

/** Builds layers of one kind. */
export type LayerBuilder<Spec extends LayerSpec> = (site: LayerSite<Spec>) => WasmLayer;
