import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { BACKENDS, type TfjsBackend, type TfjsTiming } from './backends.ts';
import { type TfjsPackages, INSTALLED } from './packages.ts';
import { chooseBackend } from './choose-backend.ts';
import { startBackend } from './start-backend.ts';
import type { TfjsRecovery } from './recovery.ts';
import { RECOVERY, TfjsEngine } from './tfjs-engine.ts';

/** Options of {@link tfjs}. */
export interface TfjsOptions<B extends TfjsBackend | 'auto'> {
  /** Where networks run; `auto` takes the best that there is, and its `description` says which, and why none before it. */
  readonly backend: B;
  /**
   * Where the `wasm` backend finds its `.wasm` files in a browser: a folder ending in `/`, or the address of each file by its name. Default: where TensorFlow.js looks by
   * itself, beside the script.
   */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
  /**
   * On `webgl` and `webgpu`: updates between two copies of weights and optimiser states on the host, from which a lost context or device is recovered; so many are lost with it
   * at most. Default 100.
   */
  readonly copyPeriod?: number;
  /** Is told when a lost context or device has been recovered. Default: a warning on the console. */
  readonly onRecovered?: (recovery: TfjsRecovery) => void;
}

/**
 * An engine of TensorFlow.js, for large and convolutional networks on a GPU. Its networks have the same weights, by name and shape, as those of the embedded engine: checkpoints
 * and policies move between both. Needs the peers `@tensorflow/tfjs-core` and the package of the backend.
 *
 * @example
 * ```ts
 * import { createAgent, mlp } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { tfjs } from '@scope/dqn/tfjs';
 *
 * const agent = await createAgent(new CartPole(), {
 *   engine: await tfjs({ backend: 'wasm' }),
 *   network: mlp({ hidden: [256, 256] }),
 * });
 * ```
 * @throws DqnError `invalid-option` on an unknown backend, `missing-package` saying what to install, `unsupported-platform` where the backend does not run here.
 */
export function tfjs<B extends TfjsBackend | 'auto'>(options: TfjsOptions<B>): Promise<TfjsEngine<TfjsTiming<B>>> {
  return startEngine(options, INSTALLED);
}

/** {@link tfjs} with packages that are given. */
export async function startEngine<B extends TfjsBackend | 'auto'>(
  options: TfjsOptions<B>,
  packages: TfjsPackages,
): Promise<TfjsEngine<TfjsTiming<B>>> {
  checkNames('tfjs', options, { backend: true, wasmPaths: true, copyPeriod: true, onRecovered: true });
  const { backend, copyPeriod = RECOVERY.copyPeriod, onRecovered = RECOVERY.onRecovered } = options;
  checkInteger('tfjs({ copyPeriod })', copyPeriod, { min: 1 });
  const recovery = { copyPeriod, onRecovered };
  if (backend === 'auto') {
    const { chosen, about } = await chooseBackend(packages, options);
    return new TfjsEngine(BACKENDS[chosen], about, packages, recovery);
  }
  if (!Object.hasOwn(BACKENDS, backend)) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'tfjs(backend)',
      expected: `one of ${Object.keys(BACKENDS).join(', ')} or auto`,
      received: describe(backend),
      remedy: "Pass one of these; 'wasm' runs everywhere.",
    });
  }
  const known = backend as TfjsBackend;
  const about = await startBackend(known, packages, options);
  return new TfjsEngine(BACKENDS[known], about, packages, recovery);
}
