import { decodeArchive, encodeArchive } from '../common/archive.ts';
import { readFields } from '../common/read-state.ts';
import { Dataset, type DatasetColumns } from './dataset.ts';

const LABEL = { kind: 'dataset', version: 1 } as const;

/** A dataset as the bytes of a file: valid safetensors, one tensor a column, with a checksum. */
export function encodeDataset(dataset: Dataset): Uint8Array<ArrayBuffer> {
  const { probabilities, ...columns } = dataset;
  return encodeArchive({ ...LABEL, state: { ...columns, ...(probabilities && { probabilities }) } });
}

/**
 * The dataset in bytes that {@link encodeDataset} gave.
 * @throws DqnError `invalid-checkpoint` if they are damaged or foreign, `incompatible-checkpoint` if of another kind or version, `invalid-dataset`.
 */
export function decodeDataset(bytes: Uint8Array): Dataset {
  return new Dataset(readFields('decodeDataset(bytes)', decodeArchive(bytes, LABEL)) as unknown as DatasetColumns);
}
