// Runs tests for scripts/mutate.mjs, in a process of its own that has the copy of the repository as its working directory and keeps everything but the
// file at fault transformed from run to run. Takes `{ files, changed, limitSeconds }` by message: the files whose tests are to be run, and those that differ
// from the last run; gives `{ outcome: 'passed' | 'failed' | 'timed out' | 'no tests', seconds, message }`, the seconds being of processor time.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { createVitest } from 'vitest/node';

/** The first failure of a run. */
let failure;
const reporter = {
  onTestCaseResult: (test) => {
    if (test.result().state === 'failed') failure ??= `${test.fullName}: ${test.result().errors[0]?.message}`;
  },
  onTestModuleEnd: (module) => {
    if (!module.ok()) failure ??= `${module.moduleId}: ${module.errors()[0]?.message}`;
  },
};

const vitest = await createVitest('test', { config: 'vitest.mutation.config.ts', watch: false, bail: 1, reporters: [reporter] });

/** The files of tests that reach some files, those first that are named like them, then those of their folder, the small before the large. */
const specifications = new Map();
async function specificationsOf(files) {
  const key = files.join();
  if (!specifications.has(key)) {
    vitest.config.related = files;
    const [, folder, name] = /src\/(\w+)\/([\w-]+)/.exec(files[0]);
    const distance = ({ moduleId }) =>
      basename(moduleId) === `${name}.test.ts` ? 0 : moduleId.includes(`/tests/${folder}/`) ? 1 : 2;
    const size = ({ moduleId }) => statSync(moduleId).size;
    const found = await vitest.getRelevantTestSpecifications([]);
    specifications.set(
      key,
      found.sort((a, b) => distance(a) - distance(b) || size(a) - size(b)),
    );
  }
  return specifications.get(key);
}

vitest.config.sequence.sequencer = class {
  sort = (files) => files;
  shard = (files) => files;
};

const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

process.on('message', async ({ files, changed, limitSeconds }) => {
  const began = processorSeconds();
  const watch = setInterval(() => {
    const seconds = processorSeconds() - began;
    // The tests run in a thread of this process: a loop without an end ends with it.
    if (seconds > limitSeconds) process.send({ outcome: 'timed out', seconds }, () => process.exit());
  }, 200);
  failure = undefined;
  for (const file of changed) vitest.invalidateFile(file);
  const tests = await specificationsOf(files);
  if (tests.length === 0) {
    process.send({ outcome: 'no tests', seconds: 0 });
    clearInterval(watch);
    return;
  }
  const { unhandledErrors } = await vitest.runTestSpecifications(tests);
  clearInterval(watch);
  if (unhandledErrors.length > 0) failure ??= String(unhandledErrors[0]);
  process.send({ outcome: failure === undefined ? 'passed' : 'failed', seconds: processorSeconds() - began, message: failure });
});
process.send('ready');
