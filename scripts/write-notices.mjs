// Writes dist/THIRD-PARTY-NOTICES.txt: the licences of the packages whose code the build has taken in, as they ask for. Reads and removes what tsup tells of its inputs.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The licence itself, without the name of who holds the copyright (spdx.org/licenses/MIT). */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without
restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const root = fileURLToPath(new URL('..', import.meta.url));
const metafile = join(root, 'dist/metafile-esm.json');
const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'));
rmSync(metafile);
const names = Object.keys(inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);

const notices = [...new Set(names)].toSorted().map((name) => {
  const folder = join(root, 'node_modules', name);
  const { version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim();
  // Some name their licence and their authors, and leave out the text that everybody knows.
  const known = license === 'MIT' && typeof author === 'string' ? `Copyright (c) ${author}\n\n${MIT}` : undefined;
  if (text === undefined && known === undefined)
    throw new Error(`${name} comes without the text of its licence: do not bundle it.`);
  return `${name} ${version} (${license})\n\n${text ?? known}\n`;
});
const head = 'Parts of these packages are in the files of @scope/dqn.\n';
writeFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), [head, ...notices].join(`\n${'-'.repeat(80)}\n\n`));
console.log(`Notices of ${notices.length} packages`);
