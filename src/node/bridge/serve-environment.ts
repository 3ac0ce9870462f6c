// The program that Python starts to step our environments; its standard streams are the bridge.
import { Worker } from 'node:worker_threads';
import { loadEnvironment } from './load-environment.ts';
import { serveEnvironments } from './serve-environments.ts';

const { stdin, stdout, stderr } = process;
const write = stdout.write.bind(stdout);
// What environments print goes elsewhere.
stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
// Ctrl-C is for Python, which ends this process when it is done.
process.on('SIGINT', () => {});
// A step that never returns keeps this thread from seeing the end of its input: another one looks whether the parent is still there.
const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1_000);`;
new Worker(watch, { eval: true }).unref();
stdout.on('error', () => process.exit(0));
try {
  await serveEnvironments(stdin, (bytes) => write(bytes), loadEnvironment);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
// An environment may have timers of its own, and answers may still be on their way.
write(new Uint8Array(0), () => process.exit());
