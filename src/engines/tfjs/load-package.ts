import { DqnError } from '../../common/errors.ts';
import { type TfjsPackages, PACKAGE_NAMES } from './packages.ts';
import { nodeVersion } from './surroundings.ts';

const NATIVE = ['node', 'node-gpu'];

function remedyFor(name: keyof TfjsPackages): string {
  const install = `Install it: npm install ${PACKAGE_NAMES[name]}`;
  const alternative = "Or use backend 'webgpu', which runs on GPUs in every current Node through the package webgpu, or 'wasm'.";
  switch (name) {
    case 'node':
      return `${install}@4.22.0 under Node 18 to 22: it downloads the TensorFlow library when it is installed, or builds against it, and does not work from Node 23 on. ${alternative}`;
    case 'node-gpu':
      return `${install}@4.22.0 under Node 18 to 22 on Linux with CUDA 11.x and cuDNN 8: it downloads the TensorFlow library when it is installed, and does not work from Node 23 on. ${alternative}`;
    case 'dawn':
      return `${install}. It brings WebGPU to Node; Node itself has none.`;
    default:
      return `${install} @tensorflow/tfjs-core.`;
  }
}

/**
 * Loads a package.
 * @throws DqnError `missing-package` saying what to install, and where it runs.
 */
export async function loadPackage<Name extends keyof TfjsPackages>(
  packages: Pick<TfjsPackages, Name>,
  name: Name,
): Promise<unknown> {
  try {
    return await packages[name]();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    const node = NATIVE.includes(name) && nodeVersion() ? ` (Node ${nodeVersion()})` : '';
    throw new DqnError({
      code: 'missing-package',
      where: `tfjs(${name === 'dawn' ? 'webgpu' : name})`,
      expected: `the package ${PACKAGE_NAMES[name]}`,
      received: `none that can be loaded${node}: ${said.length > 160 ? `${said.slice(0, 160)}…` : said}`,
      remedy: remedyFor(name),
      cause,
    });
  }
}
