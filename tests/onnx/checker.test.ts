import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../src/export/index.ts';
import { policyArb } from '../support/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the checker of Debian's python3-onnx says of models. */
function check(models: readonly Uint8Array[]): { readonly status: number | null; readonly text: string } {
  const paths = models.map((bytes, i) => {
    const path = join(folder, `${i}.onnx`);
    writeFileSync(path, bytes);
    return path;
  });
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [join(import.meta.dirname, 'check.py'), ...paths], {
    encoding: 'utf8',
  });
  return { status, text: stdout + stderr };
}

const models = fc.sample(policyArb(), 200).map(toOnnx);

describe('the official checker', () => {
  it('finds models of any network and head valid', () => {
    expect(check(models)).toEqual({ status: 0, text: '200 of 200 models are valid\n' });
  });

  it('refuses a model whose operators it does not know', () => {
    const broken = models[0].slice();
    const at = Buffer.from(broken).indexOf('"\u0008Identity');
    broken.set(new TextEncoder().encode('Idontity'), at + 2);
    const { status, text } = check([models[0], broken]);
    expect(text).toMatch(/Idontity[^]*1 of 2 models are valid/);
    expect(status).toBe(1);
  });
});
