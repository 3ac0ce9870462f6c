import { deepCopy, deepEqual } from '../common/deep.ts';
import { describe } from '../common/errors.ts';
import type { State } from '../common/state.ts';
import type { EnvironmentFindings } from './environment-report.ts';
import { inWords } from './report.ts';
import type { Probe } from './probe.ts';
import { actionStream, differ, play } from './rollout.ts';

const arrays = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array, Int8Array, Uint16Array, Int16Array];

/** Where a saved state holds what a checkpoint cannot: nothing if it is plain data throughout. */
function foreignPart(value: unknown, path: string): string | undefined {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return undefined;
  if (typeof value !== 'object') return `${path} is ${describe(value)}`;
  if (arrays.some((type) => value instanceof type)) return undefined;
  const plain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!plain) return `${path} is ${describe(value)}`;
  for (const [key, part] of Object.entries(value)) {
    const found = foreignPart(part, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Checks that an environment, where it can save its state at all, goes on from a saved state exactly: in the same instance, and in
 * a fresh one where there is a factory.
 */
export async function checkState(
  probe: Probe,
  fresh: (() => Probe) | undefined,
  seed: number,
  findings: EnvironmentFindings,
): Promise<void> {
  const { environment } = probe;
  const { getState, setState } = environment;
  if (getState === undefined && setState === undefined) return;
  if (typeof getState !== 'function' || typeof setState !== 'function') {
    findings.problem('state', 'There is only one of getState() and setState().', 'Give the environment both or neither.');
    return;
  }
  try {
    const first = await play(probe, { seed, steps: 5, random: actionStream(seed) });
    if (first.failed) return;
    const live = getState.call(environment);
    const foreign = foreignPart(live, 'state');
    if (foreign !== undefined) {
      findings.problem(
        'state',
        `${foreign}.`,
        'Save plain JSON values and typed arrays alone, such as random.state() for a random stream.',
      );
    }
    const saved: State = deepCopy(live);
    const { mask, ended } = probe;
    const original = await play(probe, { steps: 20, random: actionStream(seed + 1) });
    if (original.failed) return;

    const replay = async (target: Probe, which: string): Promise<void> => {
      target.environment.setState?.(deepCopy(saved));
      target.mask = mask;
      target.ended = ended;
      const again: unknown = target.environment.getState?.();
      const remedy = 'Save and restore everything that step() and reset() read, the random stream included.';
      if (!deepEqual(again, saved)) {
        findings.problem('state', `After setState() ${which} getState() gave another state than the saved one.`, remedy);
      }
      const copy = await play(target, { steps: 20, actions: original.actions });
      const difference = differ(original.frames, copy.frames);
      if (difference !== undefined) {
        findings.problem('state', `After setState() ${which} the same actions led elsewhere: ${difference}.`, remedy);
      }
    };
    await replay(probe, 'on the same environment');
    if (fresh !== undefined) await replay(fresh(), 'on a fresh environment');
  } catch (error) {
    findings.problem('state', `Saving or restoring threw ${inWords(error)}`, 'Make getState() and setState() work at any time.');
  }
}
