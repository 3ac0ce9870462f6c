import type { TestProject } from 'vitest/node';
import { strictRun, type StrictRun } from '../support/strict-run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The same run in Node. */
    nodeRun: StrictRun;
  }
}

/** Runs in Node before the tests in the browser: what they must come to as well. */
export async function setup({ provide }: TestProject): Promise<void> {
  provide('nodeRun', await strictRun(1));
}
