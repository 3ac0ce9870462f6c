import { checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { sizeOf } from '../../networks/plan.ts';
import { checkPolicy, type PolicyNetwork } from '../policy.ts';
import { valueReadingOf } from '../value-reading.ts';
import { CodeWriter, indented } from './code-writer.ts';
import { WeightPack } from './weight-pack.ts';

/** Options of {@link exportPolicy}. */
export interface ExportPolicyOptions {
  /** Bits of a weight: 32 (the default), or 8 with a scale for each output; biases always have 32. */
  readonly bits?: 8 | 32;
  /** Whether the weights are `embedded` in the code (the default), as base64, or lie `apart`, in a file of their own that is a quarter smaller. */
  readonly weights?: 'embedded' | 'apart';
}

/** A policy as a program of its own. */
export interface StandalonePolicy {
  /** The code: an ES module. */
  readonly source: string;
  /** The weights, for `createPolicy(bytes)` where they lie apart. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/**
 * A greedy policy as an ES module that needs nothing but the language: for pages, workers at the edge and anything else that runs JavaScript. It holds only the code that its network
 * calls, less than 6 kB, and the weights.
 *
 * The module exports `act(observation, mask?)`, the best possible action (the first of equals), and `qValues(observation)`, Q(s, ·) as a Float64Array `[A]`; both answer at once, and throw
 * a RangeError for anything but as many finite numbers as an observation has, or a mask that allows nothing. With the weights `apart` it exports
 * `createPolicy(bytes)`, which gives these two. Bytes of images go in as they are, channels last.
 *
 * For networks of dense, noisy (their means), convolutional, normalising, residual, parallel and dueling layers and implicit quantiles, with built-in heads.
 * @throws DqnError `invalid-option` for other networks and heads, or an unknown option; `incompatible-checkpoint`, `diverged` if the weights do not fit or are not finite.
 */
export function exportPolicy(policy: PolicyNetwork, options: ExportPolicyOptions = {}): StandalonePolicy {
  const where = 'exportPolicy(policy)';
  checkNames('exportPolicy(policy, options)', options, { bits: true, weights: true });
  const { bits = 32, weights: place = 'embedded' } = options;
  if (bits !== 8 && bits !== 32) refuse('bits', '8 or 32', bits);
  if (place !== 'embedded' && place !== 'apart') refuse('weights', "'embedded' or 'apart'", place);
  const { plans, weights } = checkPolicy(where, policy);
  const pack = new WeightPack(bits);
  const writer = new CodeWriter(weights, pack, valueReadingOf(policy.head, where));
  const body = writer.qValues(plans, policy);
  const size = sizeOf(policy.spec.inputShape);
  const create = `function createPolicy(bytes) {
${indented([`if (bytes.length !== ${pack.size}) throw new RangeError('expected ${pack.size} bytes of weights but received ' + bytes.length);`, ...pack.code, ...writer.constants])}
  function qValues(observation) {
    if (observation.length !== ${size}) throw new RangeError('expected an observation of ${size} numbers but received ' + observation.length);
    const x = Float64Array.from(observation);
    if (!x.every(Number.isFinite)) throw new RangeError('expected an observation of finite numbers');
${indented([indented(body)])}
  }
  function act(observation, mask) {
    const q = qValues(observation);
    let best = -1;
    for (let a = 0; a < q.length; a++) if ((!mask || mask[a]) && (best < 0 || q[a] > q[best])) best = a;
    if (best < 0) throw new RangeError('expected a mask that allows an action');
    return best${policy.actionStart === 0 ? '' : ` + ${policy.actionStart}`};
  }
  return { act, qValues };
}`;
  const bytes = pack.bytes();
  const end =
    place === 'apart'
      ? 'export { createPolicy };'
      : `export const { act, qValues } = createPolicy(Uint8Array.from(atob('${base64(bytes)}'), (c) => c.charCodeAt(0)));`;
  const title = `// A policy of ${size} numbers an observation and ${policy.actions} actions, written by @scope/dqn.`;
  return { source: `${[title, ...writer.functions, create, end].join('\n')}\n`, weights: bytes };
}

function refuse(name: string, expected: string, received: unknown): never {
  const remedy = 'Pass one of these, or leave it out.';
  throw new DqnError({
    code: 'invalid-option',
    where: `exportPolicy({ ${name} })`,
    expected,
    received: describe(received),
    remedy,
  });
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 (RFC 4648, section 4). */
function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(group >> shift) & 63]).join('');
    const left = bytes.length - i;
    parts.push(left < 3 ? digits.slice(0, left + 1).padEnd(4, '=') : digits);
  }
  return parts.join('');
}
