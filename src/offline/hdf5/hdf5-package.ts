import { DqnError } from '../../common/errors.ts';

/** The part of the package h5wasm that is used. */
export interface Hdf5Package {
  readonly ready: Promise<Hdf5Module>;
  readonly File: new (path: string, mode: 'r' | 'w') => Hdf5File;
}

/** The compiled library, with files in memory. */
export interface Hdf5Module {
  readonly FS: {
    writeFile(path: string, bytes: Uint8Array): void;
    readFile(path: string): Uint8Array;
    unlink(path: string): void;
  };
  /** Lets errors be thrown in place of printed. */
  activate_throwing_error_handler(): number;
  deactivate_throwing_error_handler(): number;
}

/** A group or file. */
export interface Hdf5Group {
  keys(): string[];
  get(name: string): unknown;
  create_group(name: string): Hdf5Group;
  create_dataset(options: Hdf5Column): unknown;
  create_attribute(name: string, data: number, shape?: null, dtype?: string): void;
}

/** A dataset to be written. */
export interface Hdf5Column {
  readonly name: string;
  readonly data: Float32Array | Uint8Array | Int32Array;
  readonly shape: number[];
}

/** An open file. */
export interface Hdf5File extends Hdf5Group {
  close(): unknown;
}

/**
 * Loads h5wasm, which reads and writes HDF5.
 * @throws DqnError `missing-package` saying what to install.
 */
export async function loadHdf5(
  where: string,
  load?: () => Promise<unknown>,
): Promise<{ readonly module: Hdf5Module; readonly File: Hdf5Package['File'] }> {
  try {
    // In sight of bundlers, and within a try: they then do without it where it is not installed.
    const { ready, File } = (load ? await load() : await import('h5wasm')) as Hdf5Package;
    return { module: await ready, File };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new DqnError({
      code: 'missing-package',
      where,
      expected: 'the package h5wasm',
      received: `none that can be loaded: ${said.length > 160 ? `${said.slice(0, 160)}…` : said}`,
      remedy: 'Install it: npm install h5wasm. CSV, JSON lines and encodeDataset() need no package.',
      cause,
    });
  }
}
