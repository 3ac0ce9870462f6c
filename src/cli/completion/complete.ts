import { readdirSync } from 'node:fs';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { engines } from '../configuration/engine.ts';
import { environments } from '../environments.ts';
import { presets } from '../presets.ts';
import { mended } from './mended-script.ts';

/** A word and what it means. */
type Word = readonly [word: string, meaning: string];

/** What the values of options and arguments may be, by their names. */
const VALUES: Readonly<Record<string, (written: string) => readonly Word[]>> = {
  environment: environmentIds,
  environments: listOf(environmentIds),
  preset: presetNames,
  presets: listOf(presetNames),
  engine: () => engines.map((name) => [name, '']),
  policy: paths,
  path: paths,
  folders: paths,
  config: paths,
  out: paths,
  html: paths,
};

function environmentIds(): Word[] {
  return environments.map(({ id, description }) => [id, description]);
}

function presetNames(): Word[] {
  return presets.map(({ name, description }) => [name, description]);
}

/** Names with commas between them, of which the last is being written. */
function listOf(words: () => readonly Word[]): (written: string) => readonly Word[] {
  return (written) => {
    const before = written.slice(0, written.lastIndexOf(',') + 1);
    const named = before.split(',');
    return words().flatMap(([word, meaning]) => (named.includes(word) ? [] : [[before + word, meaning]]));
  };
}

/** Completes the words of a command: its subcommands and options, which are read off it, and the values of these. */
export function completions(command: Command): Pick<ReturnType<typeof tab>, 'setup' | 'parse'> {
  const root = tab(command, { completionCommandName: 'completion' });
  return {
    setup(name, executable, shell) {
      // The package prints the script itself.
      const { log } = console;
      let script = '';
      console.log = (text: string) => void (script += text);
      try {
        root.setup(name, executable, shell);
      } finally {
        console.log = log;
      }
      console.log(mended(shell, script));
    },
    parse(words) {
      const written = words.at(-1) ?? '';
      for (const { options, arguments: places } of root.commands.values()) {
        for (const [name, place] of [...options, ...places]) {
          const values = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
          // What takes one of a few words says so itself.
          if (values)
            place.handler = (complete: (word: string, meaning: string) => void) =>
              values(valueIn(written)).forEach((word) => complete(...word));
        }
      }
      root.parse(words);
    },
  };
}

/** `--out=runs/a` is about `runs/a`. */
function valueIn(written: string): string {
  return written.replace(/^--?[\w-]+=/, '');
}

/** Files and folders that begin so; hidden ones where a dot is written. */
function paths(written: string): Word[] {
  const folder = written.slice(0, written.lastIndexOf('/') + 1);
  const begun = written.slice(folder.length);
  try {
    const entries = readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => name.startsWith(begun) && (begun !== '' || !name.startsWith('.')))
      .map((entry) => [folder + entry.name, entry.isDirectory() ? 'folder' : '']);
  } catch {
    return [];
  }
}
