import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';
import { checkXml } from '../support/check-xml.ts';

let folder = '';
let dqn: BuiltCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-plot-'));
  dqn = await buildCommand(folder);
  for (const seed of [1, 2, 3]) {
    await writeRun(`double-${seed}`, { seed, preset: 'double-dqn', agent: {} }, [10, 20, 30 + seed]);
    await writeRun(`small-${seed}`, { seed, preset: 'double-dqn', agent: { hidden: [8] } }, [10, 12, 14 + seed]);
  }
  await mkdir(join(folder, 'no-log'));
  await writeFile(join(folder, 'no-log/configuration.json'), '{}');
  await writeRun('bad-log', {}, []);
  await writeFile(join(folder, 'bad-log/log.jsonl'), 'nonsense\n{}\n');
  // Resumed: what was told after the checkpoint is told again, and counts.
  await writeRun(
    'resumed',
    { seed: 4, preset: 'double-dqn', agent: {} },
    [10, 999],
    '{"step":200,"scalars":{"evaluation/return":20}}\n{"step":300,"scalars":{"evaluation/return":34}}\n',
  );
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder as `dqn train` leaves it, as far as curves need it. */
async function writeRun(name: string, configuration: object, returns: readonly number[], more = ''): Promise<void> {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'configuration.json'), JSON.stringify({ environment: 'CartPole-v1', ...configuration }));
  const lines = returns.map(
    (value, i) => `${JSON.stringify({ step: (i + 1) * 100, scalars: { 'evaluation/return': value, 'update/loss': 1 } })}\n`,
  );
  await writeFile(join(folder, name, 'log.jsonl'), lines.join('') + more);
}

const written = (name: string) => readFile(join(folder, name), 'utf8');

describe('dqn plot', () => {
  test('draws runs that differ in their seed alone as one curve, and names curves by what differs', async () => {
    const { code, out, err } = await dqn('plot double-1 small-1 double-2 small-2 double-3 small-3 --out made/curves.svg');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe('hidden of the preset: 3 runs\nhidden [8]: 3 runs\nmade/curves.svg\n');
    const svg = await written('made/curves.svg');
    checkXml(svg);
    expect(svg).toContain('>CartPole-v1<');
    expect(svg).toContain('hidden of the preset (3 runs): 32 at the end');
    expect(svg).toContain('hidden [8] (3 runs): 16 at the end');
  });

  test('writes the report, draws what is asked for and tells it as JSON', async () => {
    const { out } = await dqn([
      'plot',
      'double-1',
      'double-2',
      '--html',
      'r.html',
      '--out',
      'loss.svg',
      '--name',
      'update/loss',
      '--title',
      'Two runs',
      '--json',
    ]);
    expect(JSON.parse(out)).toEqual({ files: ['loss.svg', 'r.html'], groups: { 'CartPole-v1, double-dqn': 2 } });
    expect(await written('loss.svg')).toContain('>update/loss: interquartile mean');
    const html = await written('r.html');
    expect(html).toContain('<title>Two runs</title>');
    expect(html).toContain('<figcaption>evaluation/return</figcaption>');
    expect(html).not.toMatch(/<script|<link|src=/);
  });

  test('takes all seeds in a folder, as `dqn train --seeds` leaves them', async () => {
    await mkdir(join(folder, 'seeds'));
    for (const seed of [1, 2]) await writeRun(`seeds/seed${seed}`, { seed }, [seed]);
    expect((await dqn('plot seeds --out seeds.svg')).out).toMatch(/: 2 runs\nseeds\.svg\n$/);
  });

  test('takes the last word on a step that a resumed run tells twice', async () => {
    expect((await dqn('plot resumed --out resumed.svg')).code).toBe(0);
    const svg = await written('resumed.svg');
    expect(svg).toContain('(1 run): 34 at the end');
    expect(svg).not.toContain('>1,000<');
  });

  test.each([
    ['plot', /missing required argument 'folders'/],
    ['plot double-1', /Where to\? Write --out curves\.svg or --html report\.html/],
    ['plot double-1 --out a.png', /a\.png: expected a name that ends in \.svg but received \.png/],
    ['plot double-1 nowhere --out a.svg', /nowhere holds no run: it has no configuration\.json/],
    ['plot no-log --out a.svg', /no-log\/log\.jsonl cannot be read/],
    ['plot bad-log --out a.svg', /bad-log\/log\.jsonl: readLog\(text\), line 1/],
    ['plot double-1 --out a.svg --name update/los', /expected one of evaluation\/return, update\/loss but received "update\/los"/],
  ])('%s', async (line, message) => {
    const { code, out, err } = await dqn(line);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at .*\(/);
  });
});
