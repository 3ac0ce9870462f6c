import { program } from '../../src/cli/program.ts';

/** A place for the help of a command: `<!-- help: train -->` and the block after it. */
const PLACE = /<!-- help: (?<name>[a-z]+) -->\n\n```text\n[^]*?```/g;

/** The document with every place filled with what `--help` says now. */
export function withHelp(document: string): string {
  const { commands } = program();
  return document.replaceAll(PLACE, (_, name: string) => {
    const command = commands.find((candidate) => candidate.name() === name);
    if (!command) throw new Error(`There is no command ${name}.`);
    return `<!-- help: ${name} -->\n\n\`\`\`text\n${command.helpInformation().trim()}\n\`\`\``;
  });
}

/** The commands that a document has a place for. */
export function documentedCommands(document: string): string[] {
  return [...document.matchAll(PLACE)].map(({ groups }) => groups?.name ?? '');
}
