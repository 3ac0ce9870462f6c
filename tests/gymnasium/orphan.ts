// Run as its own process: makes an environment, tells the processes that are there for it, and does what it is told.
import { gymnasium } from '../../src/node/index.ts';

const [python, what] = process.argv.slice(2);
const id = 'bridge_worlds:Misbehaving-v0';
const options = { python, kwargs: { how: 'spin', helper: true } };
if (what === 'workers') {
  const vector = await gymnasium(id, { ...options, vector: 2, vectorization: 'async' });
  await vector.reset();
  const { infos } = await vector.step([0, 0]);
  console.log(JSON.stringify(infos.flatMap(({ process, helper }) => [process, helper])));
  await vector.step([0, 0]);
  await vector.step([2, 0]);
} else {
  const environment = await gymnasium(id, options);
  await environment.reset();
  const { process, helper } = (await environment.step(0)).info;
  console.log(JSON.stringify([process, helper]));
  if (what === 'wait') setInterval(() => {}, 1_000);
  if (what === 'close') {
    await environment.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const done = Date.now();
    globalThis.process.on('exit', () => console.log(Date.now() - done));
  }
  if (what === 'spin') {
    await environment.step(0);
    await environment.step(0);
  }
}
// Otherwise it ends here, without a word to Python.
