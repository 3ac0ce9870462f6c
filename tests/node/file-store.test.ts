import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeArchive } from '../../src/common/archive.ts';
import { fileStore } from '../../src/node/index.ts';
import { assertCheckpointStore } from '../../src/testing/index.ts';

const bytes = encodeArchive({ kind: 'test', version: 1, state: null });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('keeps the contract of stores, in a folder that it makes', async () => {
  const place = join(folder, 'runs', 'one');
  const damage = (name: string, damaged: Uint8Array) => writeFileSync(join(place, `${name}.safetensors`), damaged);
  await assertCheckpointStore(() => fileStore(place), { damage, runs: 10 });
});

test('leaves other files alone', async () => {
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const store = fileStore(folder);
  await store.save('a', bytes);
  expect(await store.list()).toEqual(['a']);
  expect(readdirSync(folder)).toEqual(['a.safetensors', 'notes.txt']);
});

test('removes what killed processes left, but nothing that may still be written', async () => {
  const [old, young] = ['.dqn-0123456789abcdef.tmp', '.dqn-fedcba9876543210.tmp'];
  for (const file of [old, young, 'old.tmp']) writeFileSync(join(folder, file), 'half');
  const hours = Date.now() / 1_000 - 2 * 3_600;
  for (const file of [old, 'old.tmp']) utimesSync(join(folder, file), hours, hours);
  const store = fileStore(folder);
  await store.save('a', bytes);
  await store.save('a', bytes);
  expect(readdirSync(folder)).toEqual([young, 'a.safetensors', 'old.tmp']);
});

test('tells where the folder cannot be used', async () => {
  writeFileSync(join(folder, 'file'), '');
  const store = fileStore(join(folder, 'file'));
  await expect(store.save('a', bytes)).rejects.toMatchObject({ code: 'file-failed' });
  await expect(store.list()).rejects.toMatchObject({ code: 'storage-failed' });
  mkdirSync(join(folder, 'b.safetensors'));
  await expect(fileStore(folder).load('b')).rejects.toMatchObject({ code: 'file-failed' });
  for (const bad of ['', 7]) expect(() => fileStore(bad as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
});
