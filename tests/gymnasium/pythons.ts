import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const folder = join(import.meta.dirname, '../support/python');
const worlds = join(folder, 'worlds');
const standin = join(folder, 'standin');

/** A Python to test against, and what its PYTHONPATH must be. */
export interface Python {
  readonly name: string;
  readonly program: string;
  readonly path: string;
  readonly real: boolean;
}

function runs(program: string, code: string): boolean {
  return spawnSync(program, ['-c', code], { stdio: 'ignore', env: { ...process.env, PYTHONPATH: '' } }).status === 0;
}

function findPythons(): Python[] {
  const candidates = [process.env.GYMNASIUM_PYTHON, 'python3', '/usr/bin/python3', 'python'].filter((one) => one !== undefined);
  const withNumpy = candidates.find((program) => runs(program, 'import numpy'));
  if (withNumpy === undefined) {
    throw new Error(`These tests need a Python with numpy (apt-get install python3-numpy); tried ${candidates.join(', ')}.`);
  }
  const found: Python[] = [{ name: 'the stand-in', program: withNumpy, path: [worlds, standin].join(delimiter), real: false }];
  const withGymnasium = candidates.find((program) => runs(program, 'import gymnasium'));
  if (withGymnasium !== undefined) found.push({ name: 'Gymnasium itself', program: withGymnasium, path: worlds, real: true });
  return found;
}

/** The stand-in, and where it is installed, or `GYMNASIUM_PYTHON` names one that has it, Gymnasium itself. */
export const pythons = findPythons();
/** The programs of those that have the Arcade Learning Environment too. */
export const ataris = pythons.filter(({ real, program }) => real && runs(program, 'import ale_py')).map(({ program }) => program);
