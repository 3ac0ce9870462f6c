import type { Engine } from '../../src/index.ts';
import { makeEngine, prepare, type EngineName, type Timing } from './timing.ts';

/** What is asked of an engine, one after the other. */
export type Question =
  | { readonly what: 'start'; readonly engine: EngineName }
  | { readonly what: 'prepare'; readonly problem: string }
  | { readonly what: 'update' | 'act'; readonly count: number };

/** Answers questions about one engine: what it is, and milliseconds. */
export function serveTimings(): (question: Question) => Promise<string | number> {
  let engine: Engine;
  let timing: Timing | undefined;
  return async (question) => {
    switch (question.what) {
      case 'start':
        engine = await makeEngine(question.engine);
        return engine.description;
      case 'prepare':
        timing?.dispose();
        timing = await prepare(engine, question.problem);
        return 0;
      default:
        if (!timing) throw new Error('Nothing was prepared.');
        return timing[question.what](question.count);
    }
  };
}
