import { readdirSync } from 'node:fs';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { engines } from '../configuration/engine.ts';
import { environments } from '../environments.ts';
import { presets } from '../presets.ts';

/** A word and what it means. */
type Word = readonly [word: string, meaning: string];

/** What the values of options and arguments may be, by their names. */
const VALUES: Readonly<Record<string, (written: string) => readonly Word[]>> = {
  environment: environmentIds,
  environments: environmentIds,
  preset: presetNames,
  presets: presetNames,
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

/** Completes the words of a command: its subcommands and options, which are read off it, and the values of these. */
export function completions(command: Command): Pick<ReturnType<typeof tab>, 'setup' | 'parse'> {
  const root = tab(command, { completionCommandName: 'completion' });
  return {
    setup: (...script) => root.setup(...script),
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
