// A page that trains in a worker, and tells how far it is.
import { trainInWorker } from '../../../src/browser/index.ts';
import type { Config } from '../../support/cart-pole-recipe.ts';

const { told } = globalThis as unknown as { told(kind: string, step: number): Promise<void> };
const trainer = trainInWorker<Config>(new Worker('/training-worker.js', { type: 'module' }), { steps: 2_000, run: 'cart-pole' });
let first = true;
trainer.listen((event) => {
  if (event.kind === 'saved') void told('saved', event.step);
  if (event.kind === 'progress' && first) {
    first = false;
    void told('began', event.step);
  }
});
await trainer.start();
await trainer.finished;
const { policy, step } = await trainer.stop();
await told(`finished with ${policy.join()}`, step);
