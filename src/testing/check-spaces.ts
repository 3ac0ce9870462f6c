import { describe } from '../common/errors.ts';
import { deepEqual } from '../common/deep.ts';
import { Random } from '../common/random.ts';
import { type Space, explainMismatch } from '../environment/spaces.ts';
import type { EnvironmentFindings } from './environment-report.ts';
import { inWords } from './report.ts';

const methods = ['sample', 'contains', 'flatten', 'unflatten'] as const;
const remedy = 'Use a space built with box(), discrete() and the like, or mend your own.';

/** Checks that a space has its methods, draws elements of its own, and flattens and unflattens them. Gives whether it is usable. */
export function checkSpace(name: string, space: Space, findings: EnvironmentFindings): boolean {
  if (typeof space !== 'object' || space === null) {
    findings.problem('spaces', `${name} is ${describe(space)}.`, `Give the environment a ${name}, such as box(…) or discrete(…).`);
    return false;
  }
  const missing = methods.filter((method) => typeof space[method] !== 'function');
  if (missing.length > 0) {
    findings.problem('spaces', `${name} has no ${missing.join(', ')}.`, remedy);
    return false;
  }
  if (!Number.isInteger(space.flatSize) || space.flatSize < 1) {
    findings.problem('spaces', `${name}.flatSize is ${describe(space.flatSize)}, not a whole number of at least 1.`, remedy);
    return false;
  }
  try {
    const random = new Random(0);
    const out = new Float32Array(space.flatSize);
    for (let i = 0; i < 10; i++) {
      const sample = space.sample(random);
      const mismatch = explainMismatch(space, sample);
      if (mismatch !== undefined) findings.problem('spaces', `${name}.sample() drew what is not in it: ${mismatch}.`, remedy);
      space.flatten(sample, out);
      if (!out.every(Number.isFinite)) findings.problem('spaces', `${name}.flatten() wrote a number that is not finite.`, remedy);
      if (!deepEqual(space.unflatten(out), sample)) {
        findings.problem(
          'spaces',
          `${name}.unflatten() does not undo flatten().`,
          `${remedy} Compare unflatten(flatten(x)) with x.`,
        );
      }
    }
  } catch (error) {
    findings.problem('spaces', `${name} threw ${inWords(error)}`, remedy);
    return false;
  }
  return true;
}
