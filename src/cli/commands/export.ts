import { dirname, extname, join } from 'node:path';
import { Command, Option } from 'commander';
import { writeFileAtomic } from '../../node/index.ts';
import type { PolicyNetwork, StateDictLayout } from '../../export/index.ts';
import { findPolicy, WHICH, type Which } from '../policy/find-policy.ts';
import { UserMistake } from '../user-mistake.ts';

/** The formats, and the endings of files by which one is taken where none is named. */
const FORMATS = {
  onnx: ['.onnx'],
  safetensors: ['.safetensors'],
  'state-dict': [],
  'layers-model': ['.json'],
  program: ['.js', '.mjs'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Format = keyof typeof FORMATS;

const LAYOUTS: Readonly<Record<string, StateDictLayout>> = { sb3: 'stable-baselines3', cleanrl: 'cleanrl' };

interface ExportFlags {
  readonly which?: Which;
  readonly format?: Format;
  readonly layout?: string;
  readonly weights?: '8' | '32';
  readonly out: string;
  readonly json?: boolean;
}

/** A file that was written. */
interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
}

/** `dqn export` */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write a policy for other programs.')
    .argument('<policy>', 'the folder of a run, or a policy file')
    .argument('[environment]', 'an id, ./my-env.js#MyEnv or gymnasium:Id (default: that of the run)')
    .requiredOption('-o, --out <file>', 'where it goes')
    .addOption(new Option('-f, --format <name>', 'default: by the ending of the file').choices(Object.keys(FORMATS)))
    .addOption(new Option('-l, --layout <library>', 'whose names a state-dict has').choices(Object.keys(LAYOUTS)))
    .addOption(new Option('--weights <bits>', 'of a weight in a program (default: 32)').choices(['8', '32']))
    .addOption(new Option('-w, --which <policy>', 'of a run (default: best, where there is one)').choices(WHICH))
    .option('--json', 'print what was written as JSON')
    .action(async (path: string, environment: string | undefined, flags: ExportFlags) => {
      const format = formatOf(flags);
      const { which, json } = flags;
      const found = await findPolicy({ path, which, environment });
      const { readPolicy } = await import('../../export/index.ts');
      const world = await found.create();
      const policy = readPolicy(found.bytes, world, { head: found.head });
      await world.close?.();
      const files = await encoded(policy, format, flags);
      const written: WrittenFile[] = [];
      // The file that was asked for comes last: it is there when the others are.
      for (const [name, bytes] of files) {
        await writeFileAtomic(name, bytes);
        written.push({ name, bytes: bytes.length });
      }
      if (json) console.log(JSON.stringify({ policy: found.path, format, files: written }));
      else for (const { name, bytes } of written) console.log(`${name}  ${bytes.toLocaleString('en')} bytes`);
    });
}

/** @throws UserMistake where the format cannot be known, or an option is for another. */
function formatOf({ format, layout, weights, out }: ExportFlags): Format {
  const ending = extname(out).toLowerCase();
  const names = Object.keys(FORMATS) as Format[];
  const chosen = format ?? names.find((name) => (FORMATS[name] as readonly string[]).includes(ending));
  if (chosen === undefined) {
    throw new UserMistake(`Which format is ${out}? Write --format ${names.join('|')}.`);
  }
  if (chosen === 'state-dict' && layout === undefined) {
    throw new UserMistake(`Whose state-dict? Write --layout ${Object.keys(LAYOUTS).join('|')}.`);
  }
  if (chosen !== 'state-dict' && layout !== undefined) throw new UserMistake(`--layout is for state-dict, not for ${chosen}.`);
  if (chosen !== 'program' && weights === '8') {
    throw new UserMistake(`--weights 8 is for programs: ${chosen} holds numbers in single precision.`);
  }
  return chosen;
}

/** The files of an export by their paths. */
async function encoded(
  policy: PolicyNetwork,
  format: Format,
  { layout = '', weights, out }: ExportFlags,
): Promise<Map<string, Uint8Array>> {
  const library = await import('../../export/index.ts');
  const text = new TextEncoder();
  switch (format) {
    case 'onnx':
      return new Map([[out, library.toOnnx(policy)]]);
    case 'safetensors':
      return new Map([[out, library.encodeSafetensors(policy.weights)]]);
    case 'state-dict':
      return new Map([[out, library.encodeSafetensors(library.toStateDict(policy, { layout: LAYOUTS[layout] }))]]);
    case 'layers-model': {
      const files = library.toLayersModel(policy);
      // The name by which the model asks for them.
      return new Map([
        [join(dirname(out), 'weights.bin'), files.weights],
        [out, text.encode(files.model)],
      ]);
    }
    case 'program':
      return new Map([[out, text.encode(library.exportPolicy(policy, { bits: weights === '8' ? 8 : 32 }).source)]]);
  }
}
