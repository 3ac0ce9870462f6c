// Writes what `dqn … --help` says into docs/command-line.md; a test checks that it is still so.
import { readFileSync, writeFileSync } from 'node:fs';
import { withHelp } from '../tests/support/help-texts.ts';

const path = new URL('../docs/command-line.md', import.meta.url);
writeFileSync(path, withHelp(readFileSync(path, 'utf8')));
