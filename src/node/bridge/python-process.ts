import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { DqnError } from '../../common/errors.ts';
import type { Channel } from './connection.ts';

/** How much of what the process wrote to its standard error an error repeats. */
const LAST_WORDS = 4_000;
/** How long after its end the last messages of a process may come, in milliseconds. */
const AFTERGLOW = 200;
/** How long after the end of its output a process may take to end itself, in milliseconds. */
const PATIENCE = 2_000;
/** Whether a process can be the first of a group, which is killed as a whole; Ctrl-C does not reach it, but the end of its input does. Windows has no such groups. */
const GROUPS = process.platform !== 'win32';

/**
 * Starts a program whose standard input and output are the channel. What it writes to its standard error goes to this process's. All that it
 * has started ends with it, but not on Windows.
 *
 * @throws DqnError `missing-package` if there is no such program, or it cannot be started.
 */
export async function startProcess(program: string, args: readonly string[]): Promise<Channel> {
  let child: ChildProcess;
  try {
    // Of what can be no path at all, such as an empty one, it does not tell later: it throws.
    child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true, detached: GROUPS });
    await once(child, 'spawn');
  } catch (cause) {
    throw new DqnError({
      code: 'missing-package',
      where: `gymnasium({ python: ${JSON.stringify(program)} })`,
      expected: 'a program that can be started',
      received: cause instanceof Error ? cause.message : 'none',
      remedy: 'Install Python 3.9 or newer with gymnasium, or pass the path of its interpreter as the option python.',
      cause,
    });
  }
  return channelTo(child, `the process ${child.pid} of ${program}`);
}

function channelTo(child: ChildProcess, name: string): Channel {
  // What `stdio: 'pipe'` makes are sockets.
  const [stdin, stdout, stderr] = [child.stdin, child.stdout, child.stderr] as unknown as readonly [Socket, Socket, Socket];
  let lastWords = '';
  stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS);
  });
  child.on('error', () => {});
  // Its end is told by the events of the process.
  stdin.on('error', () => {});
  const all = [child, stdin, stdout, stderr] as const;
  const hold = (waiting: boolean) => {
    for (const part of all) {
      if (waiting) part.ref();
      else part.unref();
    }
  };
  hold(false);
  return {
    name,
    hold,
    send: (bytes) => void stdin.write(bytes),
    listen: (onBytes, onEnd) => {
      let ended = false;
      const end = (reason: string) => {
        if (ended) return;
        ended = true;
        onEnd(lastWords.trim() === '' ? reason : `${reason}; its last words: ${lastWords.trim()}`);
      };
      // A plain array: the slice of a Buffer is no copy.
      stdout.on('data', ({ buffer, byteOffset, byteLength }: Buffer) => onBytes(new Uint8Array(buffer, byteOffset, byteLength)));
      child.once('exit', (code, signal) => {
        killGroup(child);
        const reason = `its end ${signal === null ? `with code ${code}` : `by ${signal}`}`;
        // Processes that it has started may hold the pipe open.
        const timer = setTimeout(end, AFTERGLOW, reason).unref();
        stdout.once('close', () => {
          clearTimeout(timer);
          end(reason);
        });
      });
      // Whoever waits for an answer keeps this process alive; after it was closed nobody does.
      stdout.once('end', () => setTimeout(end, PATIENCE, 'the end of its output').unref());
    },
    kill: (patience) => {
      stdin.end();
      if (patience === 0) kill(child);
      else setTimeout(kill, patience, child).unref();
    },
  };
}

function kill(child: ChildProcess): void {
  // Its number may be another's by now, and the others of its group were killed when it ended.
  if (child.exitCode !== null || child.signalCode !== null) return;
  killGroup(child);
  child.kill('SIGKILL');
}

/** Kills what the process has started and what has not left its group, and the process itself. */
function killGroup({ pid }: ChildProcess): void {
  if (!GROUPS || pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // There is none left.
  }
}
