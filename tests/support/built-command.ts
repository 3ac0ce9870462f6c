import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { nodeRequires } from '../../scripts/node-requires.ts';

const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** What a command came to. */
export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A signal that is sent to a command when a text first shows up in what it says, by default on standard error. */
export interface Kill {
  readonly at: string;
  readonly signal: NodeJS.Signals;
  readonly on?: 'out' | 'err';
}

/** The command `dqn`, built into a folder. */
export interface BuiltCommand {
  /** Runs it there with the words of a line, or with arguments that may hold spaces. */
  (line: string | readonly string[], kill?: Kill): Promise<CommandResult>;
}

/** Builds the command and the environments into a folder as they are published: bundled with its packages, in chunks shared with the library. */
export async function buildCommand(folder: string): Promise<BuiltCommand> {
  await build({
    entryPoints: { cli: source('cli/dqn.ts'), environments: source('environments/index.ts') },
    outdir: join(folder, 'built'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['@tensorflow/*', '@resvg/*'],
    plugins: [nodeRequires()],
  });
  return (line, kill) => {
    const words = typeof line === 'string' ? line.split(' ') : line;
    const child = spawn(process.execPath, [join(folder, 'built/cli.mjs'), ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    let killed = false;
    const listen = (name: 'out' | 'err') => (chunk: Buffer) => {
      said[name] += chunk.toString();
      if (!kill || killed || !said[kill.on ?? 'err'].includes(kill.at)) return;
      killed = true;
      child.kill(kill.signal);
    };
    child.stdout.on('data', listen('out'));
    child.stderr.on('data', listen('err'));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...said }));
    });
  };
}
