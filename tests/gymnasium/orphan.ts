// Run as its own process: makes environments, tells the process of Python, and does what it is told.
import { gymnasium } from '../../src/node/index.ts';

const [python, what] = process.argv.slice(2);
const options = { python, kwargs: { how: 'spin' } };
const environment = await gymnasium('bridge_worlds:Misbehaving-v0', options);
await environment.reset();
const { info } = await environment.step(0);
console.log(JSON.stringify(info));
if (what === 'wait') setInterval(() => {}, 1_000);
if (what === 'spin') {
  await environment.step(0);
  await environment.step(0);
}
// Otherwise it ends here, without a word to Python.
