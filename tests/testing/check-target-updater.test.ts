import { describe, expect, it } from 'vitest';
import { hard } from '../../src/targets/hard.ts';
import { polyak } from '../../src/targets/polyak.ts';
import type { TargetUpdater } from '../../src/targets/target-updater.ts';
import {
  assertTargetUpdater,
  checkTargetUpdater,
  type CheckTargetUpdaterOptions,
  type TargetUpdaterRule,
} from '../../src/testing/index.ts';

let calls = 0;

describe('checkTargetUpdater', () => {
  it.each<[string, TargetUpdaterRule, TargetUpdater, RegExp, CheckTargetUpdaterOptions?]>([
    ['nothing to call', 'interface', { kind: 'none' }, /neither afterStep\(\) nor afterUpdate\(\)/],
    [
      'a copy the wrong way',
      'online',
      { kind: 'x', afterUpdate: ({ online, target }) => online.copyFrom(target) },
      /online network must be left alone/,
    ],
    [
      'an overshoot',
      'direction',
      { kind: 'x', afterUpdate: ({ online, target }) => target.blendFrom(online, 1.5) },
      /must stay, or move towards/,
    ],
    [
      'a flight',
      'direction',
      { kind: 'x', afterUpdate: ({ online, target }) => target.blendFrom(online, -0.1) },
      /must stay, or move towards/,
    ],
    ['no movement', 'movement', { kind: 'x', afterStep: () => undefined }, /did not move within 20000 steps/],
    [
      'a count of its own',
      'clock',
      { kind: 'x', afterUpdate: ({ online, target }) => (++calls % 3 === 0 ? target.copyFrom(online) : undefined) },
      /moved otherwise after another call/,
    ],
    [
      'a promise that is lost',
      'promises',
      { kind: 'x', afterUpdate: ({ online, target }) => void target.blendFrom(online, 0.5) },
      /answer came before the copy/,
    ],
    [
      'another period',
      'period',
      hard({ period: 6 }),
      /After step \d+ with a period of 3 the target must be the online network|must be as before/,
      { period: 3 },
    ],
    ['a copy too often', 'period', hard({ period: 1 }), /must be as before/, { period: 3 }],
    ['another share', 'tau', polyak({ tau: 0.2 }), /must be \(1 − 0\.1\) θ⁻ \+ 0\.1 θ/, { tau: 0.1 }],
  ])('tells %s', async (_, rule, part, sentence, options) => {
    const report = await checkTargetUpdater(part, options);
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, JSON.stringify(report.problems, null, 1)).toBeDefined();
    await expect(assertTargetUpdater(part, options)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-part', message: expect.stringMatching(sentence) }),
    );
  });

  it('refuses bad options', async () => {
    for (const options of [{ period: 0 }, { tau: 2 }, { steps: 0 }]) {
      await expect(checkTargetUpdater(hard({ period: 1 }), options)).rejects.toThrow(
        expect.objectContaining({ code: 'invalid-option' }),
      );
    }
  });
});
