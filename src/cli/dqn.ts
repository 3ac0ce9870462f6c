#!/usr/bin/env node
import { isMainThread } from 'node:worker_threads';
import { DqnError } from '../index.ts';
import { program } from './program.ts';
import { serveConfiguredActor } from './run/actors.ts';
import { UserMistake } from './user-mistake.ts';

// Whoever reads may have read enough: `dqn environments | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  if (isMainThread) await program().parseAsync(process.argv);
  else serveConfiguredActor();
} catch (error) {
  // A mistake of the user's gets its sentence; a mistake of ours keeps its stack.
  console.error(error instanceof DqnError || error instanceof UserMistake ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
