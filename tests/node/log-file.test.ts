import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEventFile, openLogFile } from '../../src/node/index.ts';
import { csvLogger, jsonLinesLogger, tensorBoardLogger } from '../../src/workbench/index.ts';
import { readEvents } from '../support/read-events.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('what is written is there at once, and is appended to by the next run', async () => {
  const path = join(folder, 'deep', 'log.csv');
  const first = await openLogFile(path);
  expect(first.empty).toBe(true);
  const logger = csvLogger(first);
  await logger.scalars(1, { a: 1 });
  expect(readFileSync(path, 'utf8')).toBe('step,name,value\n1,a,1\n');
  expect(first.empty).toBe(false);
  await logger.close?.();
  const second = await openLogFile(path);
  expect(second.empty).toBe(false);
  await csvLogger(second).scalars(2, { a: 2 });
  await second.close();
  await second.close();
  expect(readFileSync(path, 'utf8')).toBe('step,name,value\n1,a,1\n2,a,2\n');
});

test('a torn line is cut off, wherever it was torn', async () => {
  const path = join(folder, 'log.jsonl');
  const whole = `{"step":1}\n{"step":2,"long":"${'x'.repeat(200_000)}"}\n{"step":3}\n`;
  const cutArb = fc.oneof(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 199_900, max: whole.length }), fc.nat(whole.length));
  await fc.assert(
    fc.asyncProperty(cutArb, async (cut) => {
      writeFileSync(path, whole.slice(0, cut));
      const file = await openLogFile(path);
      await jsonLinesLogger(file).scalars(4, { a: 1 });
      await file.close();
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      const kept = whole.slice(0, cut).split('\n').length - 1;
      expect(lines.slice(0, -1).join('\n')).toBe(whole.split('\n').slice(0, kept).join('\n'));
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ step: 4, scalars: { a: 1 } });
    }),
    { numRuns: 40 },
  );
});

test('writes stay in order, whoever waits for them', async () => {
  const file = await openLogFile(join(folder, 'log'));
  const lines = Array.from({ length: 50 }, (_, i) => `${i} ${'x'.repeat(50 - i)}\n`);
  for (const line of lines) void file.write(line);
  await file.close();
  expect(readFileSync(file.path, 'utf8')).toBe(lines.join(''));
});

test('an event file is new every time, and TensorBoard finds it by its name', async () => {
  const files = [await openEventFile(join(folder, 'run')), await openEventFile(join(folder, 'run'))];
  for (const [i, file] of files.entries()) {
    const logger = tensorBoardLogger(file);
    await logger.scalars(i, { 'episode/return': 20 + i });
    await logger.close?.();
    const [, event] = readEvents(readFileSync(file.path));
    expect(event).toMatchObject({ step: i, values: [{ tag: 'episode/return', simpleValue: 20 + i }] });
  }
  expect(readdirSync(join(folder, 'run')).map((name) => /^events\.out\.tfevents\.\d{10}\..+/.test(name))).toEqual([true, true]);
});

test('says what the file system refuses', async () => {
  await expect(openLogFile(folder)).rejects.toMatchObject({ code: 'file-failed', where: `opening ${JSON.stringify(folder)}` });
  writeFileSync(join(folder, 'file'), '');
  await expect(openEventFile(join(folder, 'file'))).rejects.toMatchObject({ code: 'file-failed' });
  await expect(openLogFile('')).rejects.toMatchObject({ code: 'invalid-option', where: 'openLogFile(path)' });
  await expect(openEventFile(undefined as never)).rejects.toMatchObject({ code: 'invalid-option' });
  const file = await openLogFile(join(folder, 'log'));
  await file.close();
  await expect(file.write('late')).rejects.toMatchObject({ code: 'file-failed' });
});
