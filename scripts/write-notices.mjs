// Writes dist/THIRD-PARTY-NOTICES.txt: the licences of the packages whose code the build has taken in, as they ask for. Reads and removes what tsup tells of its inputs.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const metafile = join(root, 'dist/metafile-esm.json');
const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'));
rmSync(metafile);
const names = Object.keys(inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);

const notices = [...new Set(names)].toSorted().map((name) => {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} comes without the text of its licence: do not bundle it.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
});
const head = 'Parts of these packages are in the files of @scope/dqn.\n';
writeFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), [head, ...notices].join(`\n${'-'.repeat(80)}\n\n`));
console.log(`Notices of ${notices.length} packages`);
