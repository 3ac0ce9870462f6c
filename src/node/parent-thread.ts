import { parentPort, type MessagePort } from 'node:worker_threads';
import { DqnError } from '../common/errors.ts';

/**
 * The port to the thread that started this one.
 *
 * @throws DqnError `unsupported-platform` in the main thread.
 */
export function parentThread(where: string): MessagePort {
  if (parentPort) return parentPort;
  throw new DqnError({
    code: 'unsupported-platform',
    where,
    expected: 'a worker thread',
    received: 'the main thread',
    remedy: 'Call it in the module that new Worker() of node:worker_threads is given.',
  });
}
