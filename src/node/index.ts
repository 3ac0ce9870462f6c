/**
 * What needs a file system: checkpoints on disk.
 *
 * @packageDocumentation
 */
export { readCheckpoint, saveCheckpoint } from './checkpoint-file.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
