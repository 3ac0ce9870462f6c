// Run as its own process: saves a checkpoint again and again until it is killed, and says when the first one is whole.
import { encodeArchive } from '../../src/common/archive.ts';
import { saveCheckpoint } from '../../src/node/checkpoint-file.ts';

const [path, start] = process.argv.slice(2);
for (let count = Number(start) + 1; ; count++) {
  const values = new Float64Array(50_000 + (count % 7) * 10_000).fill(count);
  await saveCheckpoint(path, encodeArchive({ kind: 'writer', version: 1, state: { count, values } }));
  if (count === Number(start) + 1) process.stdout.write('saved\n');
}
