import { algorithms } from './algorithms.ts';
import { engines } from './engines.ts';
import { worlds } from './worlds.ts';

/** What a run is made from, by the names of the menus: the worker and a reload make the same run of it. */
export interface Settings {
  readonly world: string;
  readonly algorithm: string;
  readonly engine: string;
  readonly seed: number;
}

/** How fast it trains, at most, in steps per second. */
export const paces = [
  { id: 'single', name: 'Step by step (20 a second)', rate: 20 },
  { id: 'calm', name: 'Calm (500 a second)', rate: 500 },
  { id: 'brisk', name: 'Brisk (3,000 a second)', rate: 3_000 },
  { id: 'full', name: 'As fast as it can', rate: Infinity },
] as const;

/** The one of this name, or the first. */
function choose<T extends { readonly id: string }>(list: readonly T[], id: string): T {
  return list.find((item) => item.id === id) ?? list[0];
}

export const worldOf = (id: string) => choose(worlds, id);
export const algorithmOf = (id: string) => choose(algorithms, id);
export const engineOf = (id: string) => choose(engines, id);
export const paceOf = (id: string) => choose<(typeof paces)[number]>(paces, id);
