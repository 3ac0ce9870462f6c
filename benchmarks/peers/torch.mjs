// Runs the PyTorch peer in a process of its own and asks it for one round at a time.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const server = fileURLToPath(new URL('torch/serve.py', import.meta.url));
const environment = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** The first Python that has PyTorch: `PYTHON`, then `python3`, then the system's. */
function findPython() {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3', 'python'].filter(Boolean);
  return candidates.find((python) => spawnSync(python, ['-c', 'import numpy, torch'], { stdio: 'ignore' }).status === 0);
}

/**
 * Starts the peer.
 * @returns `{ description, gymnasium, ask(request), close() }` (`gymnasium` its version, or null where it is not installed), or undefined, with a notice, where no Python has PyTorch.
 */
export async function torchPeer() {
  const python = findPython();
  if (python === undefined) {
    console.error('No Python with torch and numpy was found (set PYTHON to name one): the PyTorch columns are left out.');
    return undefined;
  }
  const child = spawn(python, ['-u', '-B', server], { stdio: ['pipe', 'pipe', 'inherit'], env: environment });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { done, value } = await answers.next();
    if (done) throw new Error('The PyTorch peer ended before it answered.');
    return JSON.parse(value);
  };
  const { description, gymnasium } = await ask({ what: 'hello' });
  return { description, gymnasium, ask, close: () => child.stdin.end() };
}
