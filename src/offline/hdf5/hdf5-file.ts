import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Dataset } from '../dataset.ts';
import { readD4rl, writeD4rl } from './d4rl.ts';
import { invalidFile } from './hdf5-columns.ts';
import { loadHdf5, type Hdf5Group } from './hdf5-package.ts';
import { minariEpisodes, readMinari, writeMinari } from './minari.ts';

/** Options of {@link encodeHdf5}. */
export interface EncodeHdf5Options {
  /** `minari` (the default): a group an episode; `d4rl`: flat columns. */
  readonly layout?: 'minari' | 'd4rl';
}

/** Options of {@link decodeHdf5}. */
export interface DecodeHdf5Options {
  /** A, which such files do not tell. */
  readonly actionCount: number;
}

/** Where the file lies in the library's memory. */
const PATH = 'dataset.hdf5';
const SIGNATURE = '\x89HDF\r\n\x1a\n';

/**
 * A dataset as the bytes of an HDF5 file, in one of two layouts:
 *
 * - Minari's (its `main_data.hdf5`): `/episode_k/{observations, actions, rewards, terminations, truncations}`, observations with one row more than there are steps, with the attributes `id` and `total_steps`,
 * - D4RL's: `/observations, next_observations, actions, rewards, terminals, timeouts`, one row a step.
 *
 * Flags are bytes. Probabilities, where they are known, are a dataset `probabilities` more.
 * @throws DqnError `missing-package` without the package h5wasm, `invalid-option`, `invalid-dataset` for Minari's without an episode, which nothing would tell the columns of.
 */
export async function encodeHdf5(dataset: Dataset, options: EncodeHdf5Options = {}): Promise<Uint8Array<ArrayBuffer>> {
  checkNames('encodeHdf5(options)', options, { layout: true });
  const { layout = 'minari' } = options;
  if (layout !== 'minari' && layout !== 'd4rl') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'encodeHdf5({ layout })',
      expected: "'minari' or 'd4rl'",
      received: describe(layout),
      remedy: "Leave it out for 'minari'.",
    });
  }
  const { module, File } = await loadHdf5('encodeHdf5(dataset)');
  const file = new File(PATH, 'w');
  try {
    (layout === 'minari' ? writeMinari : writeD4rl)(file, dataset);
  } finally {
    file.close();
  }
  const bytes = new Uint8Array(module.FS.readFile(PATH));
  module.FS.unlink(PATH);
  return bytes;
}

/**
 * The dataset in an HDF5 file of either layout of {@link encodeHdf5}, whoever wrote it: flags may be bytes or booleans, actions and rewards numbers of any kind. D4RL's may come without `timeouts`, and without
 * `next_observations`: then a last step that timed out is left out, as what came of it is not known.
 * @throws DqnError `missing-package` without the package h5wasm; `invalid-dataset` naming the path within the file: damaged bytes, missing datasets, wrong shapes, NaN, actions out of range, an end within an episode; `invalid-option`.
 */
export async function decodeHdf5(bytes: Uint8Array, { actionCount }: DecodeHdf5Options): Promise<Dataset> {
  checkInteger('decodeHdf5({ actionCount })', actionCount, { min: 1 });
  if (!(bytes instanceof Uint8Array)) throw invalidFile('bytes', 'the bytes of a file as a Uint8Array', describe(bytes));
  if (String.fromCharCode(...bytes.subarray(0, SIGNATURE.length)) !== SIGNATURE) {
    throw invalidFile('bytes', 'the bytes of an HDF5 file', 'those of another kind of file');
  }
  const { module, File } = await loadHdf5('decodeHdf5(bytes)');
  module.FS.writeFile(PATH, bytes);
  module.activate_throwing_error_handler();
  try {
    const file = new File(PATH, 'r');
    try {
      return read(file, actionCount);
    } finally {
      file.close();
    }
  } catch (cause) {
    if (cause instanceof DqnError) throw cause;
    throw invalidFile('bytes', 'a whole HDF5 file', 'one that cannot be read', cause);
  } finally {
    module.deactivate_throwing_error_handler();
    module.FS.unlink(PATH);
  }
}

function read(file: Hdf5Group, actionCount: number): Dataset {
  if (minariEpisodes(file).length > 0) return readMinari(file, actionCount);
  if (file.keys().includes('observations')) return readD4rl(file, actionCount);
  throw invalidFile(
    '/',
    'groups episode_0, episode_1, … as of Minari, or observations as of D4RL',
    describe(file.keys().slice(0, 5).join(', ')),
  );
}
