import fc from 'fast-check';
import { encodeArchive, encodeArchiveParts, type Archive } from '../common/archive.ts';
import type { CheckpointStore } from '../training/checkpoint-store.ts';
import { type CheckOptions, Properties, type OwnNames } from './properties.ts';
import { codeOf, type Report, throwProblems } from './report.ts';

/** A rule of the contract of stores of checkpoints. */
export type CheckpointStoreRule = 'history' | 'copies' | 'names' | 'bytes' | 'writers' | 'damage';

/** What {@link checkCheckpointStore} may be told. */
export interface CheckCheckpointStoreOptions extends CheckOptions {
  /** Puts other bytes in the place of a name behind the store's back, as a failing disk does. Left out: not checked. */
  readonly damage?: (name: string, bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
}

/** One call of a history. */
type Action =
  | { readonly kind: 'save'; readonly name: string; readonly length: number; readonly value: number; readonly inParts: boolean }
  | { readonly kind: 'load' | 'delete'; readonly name: string }
  | { readonly kind: 'list' };

const nameArb = fc.oneof(fc.constantFrom('a', 'a.b', '0-z_'), fc.stringMatching(/^[a-z\d][a-z\d._-]{0,99}$/));
const actionArb: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('save' as const),
    name: nameArb,
    length: fc.nat(2_000),
    value: fc.nat(1_000),
    inParts: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('load' as const, 'delete' as const), name: nameArb }),
  fc.constant({ kind: 'list' as const }),
);

const badNames: readonly unknown[] = ['', 'A', '.a', 'a/b', '../a', 'a b', 'ä', 'a'.repeat(101), 'a\n', 7, null, undefined];

function archiveOf(length: number, value: number): Archive {
  return { kind: 'check', version: 1, state: { value, values: new Float32Array(length).fill(value) } };
}

function bytesOf(length: number, value: number): Uint8Array<ArrayBuffer> {
  return encodeArchive(archiveOf(length, value));
}

function partsOf(length: number, value: number): readonly Uint8Array[] {
  return encodeArchiveParts(archiveOf(length, value));
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const ownNames = { damage: true } satisfies OwnNames<CheckCheckpointStoreOptions>;

/**
 * Lists all that breaks the contract of {@link CheckpointStore}: random histories against a map in memory, also through a second store of the same place; that bytes
 * are copied both ways; bad names; bytes that are not whole, which must leave the old ones; writers at once; damage, which must be told and touch nothing else.
 *
 * @param store - gives a store of the place; it is called again for a second one. The place is emptied first.
 * @throws DqnError `invalid-option` if an option is out of range.
 */
export async function checkCheckpointStore(
  store: () => CheckpointStore | Promise<CheckpointStore>,
  options: CheckCheckpointStoreOptions = {},
): Promise<Report<CheckpointStoreRule>> {
  const properties = new Properties<CheckpointStoreRule>('checkCheckpointStore', { runs: 20, ...options }, ownNames);
  const empty = async (): Promise<CheckpointStore> => {
    const opened = await store();
    for (const name of await opened.list()) await opened.delete(name);
    return opened;
  };
  const history = fc.array(actionArb, { minLength: 1, maxLength: 12 });
  await properties.holdLater('history', 'Keep by each name what was saved last, until it is deleted.', history, async (actions) => {
    const opened = await empty();
    const kept = new Map<string, Uint8Array>();
    for (const action of actions) {
      if (action.kind === 'list') {
        const names = await opened.list();
        const expected = [...kept.keys()].toSorted();
        if (names.join() !== expected.join()) return `list() must give ${expected.join(', ')}, received ${names.join(', ')}.`;
      } else if (action.kind === 'save') {
        const bytes = bytesOf(action.length, action.value);
        kept.set(action.name, bytes);
        await opened.save(action.name, action.inParts ? partsOf(action.length, action.value) : bytes);
      } else if (action.kind === 'delete') {
        kept.delete(action.name);
        await opened.delete(action.name);
      } else if (!same(await opened.load(action.name), kept.get(action.name)))
        return `load("${action.name}") must give what was saved last.`;
    }
    const again = await store();
    for (const [name, bytes] of kept)
      if (!same(await again.load(name), bytes)) return `A second store of the place must load "${name}" too.`;
    return undefined;
  });

  const once = fc.record({ length: fc.nat(2_000), value: fc.nat(1_000) });
  await properties.holdLater('copies', 'Copy bytes when they come and when they go.', once, async ({ length, value }) => {
    const opened = await empty();
    const bytes = bytesOf(length, value);
    const given = bytes.slice();
    const saving = opened.save('a', given);
    await saving;
    if (!same(given, bytes)) return 'save() must leave the bytes alone.';
    given.fill(0);
    const loaded = await opened.load('a');
    if (!same(loaded, bytes)) return 'save() must copy the bytes: changing them later changed what is kept.';
    loaded?.fill(0);
    return same(await opened.load('a'), bytes) ? undefined : 'load() must give a copy: changing it changed what is kept.';
  });

  await properties.holdLater(
    'names',
    'Refuse names that are not portable with invalid-option.',
    fc.constantFrom(...badNames),
    async (name) => {
      const opened = await empty();
      const calls = {
        save: () => opened.save(name as string, bytesOf(1, 1)),
        load: () => opened.load(name as string),
        delete: () => opened.delete(name as string),
      };
      for (const [call, run] of Object.entries(calls)) {
        const said = await codeOf(run);
        if (said !== 'invalid-option')
          return `${call}() of the name ${JSON.stringify(name)} must throw DqnError invalid-option, but ${said}.`;
      }
      return (await opened.list()).length === 0 ? undefined : 'A refused name was kept.';
    },
  );

  const broken = fc.record({ at: fc.nat(), cut: fc.boolean() });
  const breakAt = (bytes: Uint8Array<ArrayBuffer>, { at, cut }: { readonly at: number; readonly cut: boolean }) => {
    const copy = bytes.slice(0, cut ? at % bytes.length : bytes.length);
    if (!cut) copy[at % bytes.length] ^= 1;
    return copy;
  };
  await properties.holdLater('bytes', 'Check the bytes before they take the place of old ones.', broken, async (how) => {
    const opened = await empty();
    const old = bytesOf(10, 1);
    await opened.save('a', old);
    const said = await codeOf(() => opened.save('a', breakAt(bytesOf(10, 2), how)));
    if (said !== 'invalid-checkpoint')
      return `save() of bytes that are not whole must throw DqnError invalid-checkpoint, but ${said}.`;
    return same(await opened.load('a'), old) ? undefined : 'After bytes were refused the old ones must still be there.';
  });

  await properties.holdLater('writers', 'Replace the old bytes in one step.', fc.integer({ min: 2, max: 6 }), async (writers) => {
    const opened = await empty();
    const second = await store();
    const contents = Array.from({ length: writers }, (_, i) => bytesOf(5_000 * (i + 1), i));
    const reads: Promise<Uint8Array | undefined>[] = [];
    const saves = contents.map((bytes, i) => {
      reads.push(second.load('a'));
      return (i % 2 === 0 ? opened : second).save('a', bytes);
    });
    await Promise.all(saves);
    for (const bytes of [...(await Promise.all(reads)), await opened.load('a')]) {
      if (bytes && !contents.some((content) => same(content, bytes))) return 'A reader must see what one writer saved, whole.';
    }
    if (!(await opened.load('a'))) return 'After several writers one of them must have won.';
    const names = await opened.list();
    return names.join() === 'a' ? undefined : `Several writers of one name left ${names.join(', ')}.`;
  });

  const { damage } = options;
  if (damage) {
    await properties.holdLater('damage', 'Check the checksum of what was kept before it is given out.', broken, async (how) => {
      const opened = await empty();
      const [before, latest] = [bytesOf(10, 1), bytesOf(10, 2)];
      await opened.save('before', before);
      await opened.save('latest', latest);
      await damage('latest', breakAt(latest, how));
      const said = await codeOf(() => opened.load('latest'));
      if (said !== 'invalid-checkpoint') return `load() of damaged bytes must throw DqnError invalid-checkpoint, but ${said}.`;
      if (!same(await opened.load('before'), before)) return 'Damage to one checkpoint must leave the others alone.';
      await opened.save('latest', latest);
      return same(await opened.load('latest'), latest) ? undefined : 'Saving again must heal the damage.';
    });
  }
  return properties.report();
}

/** {@link checkCheckpointStore} that throws. @throws DqnError `invalid-part` with all problems in its message. */
export async function assertCheckpointStore(
  store: () => CheckpointStore | Promise<CheckpointStore>,
  options?: CheckCheckpointStoreOptions,
): Promise<void> {
  throwProblems('invalid-part', 'assertCheckpointStore(store)', 'a store', await checkCheckpointStore(store, options));
}
