import { describe, expect, it } from 'vitest';
import { configurations } from '../../benchmarks/ablation/configurations.ts';
import { report, verdictOf } from '../../benchmarks/ablation/report.ts';
import type { Result } from '../../benchmarks/ablation/run.ts';
import { studies } from '../../benchmarks/ablation/studies.ts';

const context = { command: 'npm run bench:ablation', machine: 'a machine', wallSeconds: 600, resamples: 200 };

/** Three seeds of everything, with the score that `score` says. */
function results(score: (configuration: string) => number): Result[] {
  return studies.flatMap((study) =>
    configurations.flatMap(({ name }) =>
      [1, 2, 3].map((seed) => ({
        study: study.name,
        configuration: name,
        seed,
        seconds: 1,
        metrics: Object.fromEntries(study.metrics.map(({ key }) => [key, score(name) + seed / 1000])),
      })),
    ),
  );
}

/** The cells of a configuration's row in the section of a world. */
function row(markdown: string, world: string, name: string): string[] {
  const section = markdown.slice(markdown.indexOf(`## ${world}`));
  const line = section.split('\n').find((text) => text.startsWith(`| ${name} |`));
  return (line ?? '').split('|').map((cell) => cell.trim());
}

describe('verdictOf', () => {
  it.each([
    [{ low: 0.1, high: 0.3 }, true, 'helps'],
    [{ low: 0.1, high: 0.3 }, false, 'hurts'],
    [{ low: -0.3, high: -0.1 }, true, 'hurts'],
    [{ low: -0.3, high: -0.1 }, false, 'helps'],
    [{ low: -0.1, high: 0.1 }, true, 'no clear difference'],
    [{ low: 0, high: 0.1 }, true, 'no clear difference'],
    [{ low: -0.1, high: 0 }, false, 'no clear difference'],
  ] as const)('of %j, more is better: %s, is %s', (interval, more, verdict) => {
    expect(verdictOf({ value: 0, ...interval }, more)).toBe(verdict);
  });
});

describe('report', () => {
  it('says of a part what it adds, alone and within Rainbow', () => {
    // Double gains 0.2 on DQN; Rainbow without it lacks 0.3; per loses; Rainbow without per is better.
    const scores: Record<string, number> = {
      'DQN + double': 0.7,
      'DQN + per': 0.4,
      Rainbow: 0.9,
      'Rainbow − double': 0.6,
      'Rainbow − per': 1,
    };
    const { markdown } = report(
      results((name) => scores[name] ?? (name.startsWith('Rainbow') ? 0.9 : 0.5)),
      context,
    );
    const last = (name: string) => row(markdown, 'DeepSea', name).slice(-3, -1);
    expect(last('DQN + double')).toEqual(['+0.20 [+0.20, +0.20]', '**helps**']);
    expect(last('Rainbow − double')).toEqual(['+0.30 [+0.30, +0.30]', '**helps**']);
    expect(last('DQN + per')).toEqual(['−0.10 [−0.10, −0.10]', '**hurts**']);
    expect(last('Rainbow − per')).toEqual(['−0.10 [−0.10, −0.10]', '**hurts**']);
    expect(last('Rainbow')[1]).toBe('**helps**');
    expect(last('DQN')).toEqual(['', '']);
    expect(last('DQN + noisy')[1]).toBe('no clear difference');
    expect(markdown).toContain('With a clear loss in at least one: per.');
    const nowhere = /Without a clear gain in any of these worlds: ([^.]*)\./.exec(markdown)?.[1].split(', ');
    expect(nowhere).toContain('per');
    expect(nowhere).toContain('noisy');
    expect(nowhere).not.toContain('double');
    expect(markdown).toContain('No run was left out.');
  });

  it('shows what it has, and says that something is missing', () => {
    const some = results(() => 0.5).filter(({ configuration, study }) => configuration === 'DQN' && study === 'Corridor');
    const { markdown, svg } = report(some, context);
    expect(markdown).toContain('runs are missing');
    expect(markdown).not.toContain('## DeepSea');
    expect(markdown).not.toContain('All worlds together');
    expect(row(markdown, 'Corridor', 'DQN')[2]).toBe('0.50 [0.50, 0.50]');
    expect(svg).toContain('Corridor');
  });

  it('draws every row of every world and no NaN', () => {
    const { svg } = report(
      results(() => 0.5),
      context,
    );
    expect(svg.match(/<circle/g)).toHaveLength(configurations.length * (studies.length + 1));
    expect(svg).not.toContain('NaN');
  });
});
