// Runs the conformance suite of engines on TensorFlow's native library, where it is installed: npm run verify:tfjs-node [-- node-gpu].
import { DqnError } from '../src/common/errors.ts';
import { assertQNetwork } from '../src/testing/index.ts';
import { tfjs } from '../src/tfjs/index.ts';

const backend = process.argv[2] === 'node-gpu' ? 'node-gpu' : 'node';
try {
  const engine = await tfjs({ backend });
  console.log(engine.description);
  engine.dispose();
  await assertQNetwork(() => tfjs({ backend }));
  console.log(`${backend} keeps the contract of engines.`);
} catch (error) {
  if (!(error instanceof DqnError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
