import { expect, test } from 'vitest';
import { learningCurve } from '../../src/cli/learning-curve.ts';

test('a run of many short episodes is drawn, up to its last step and its largest return', () => {
  const svg = learningCurve(
    'Bandit',
    Array.from({ length: 200_000 }, (_, i) => ({ step: i + 1, return: i % 3 })),
  );
  expect(svg).toContain('>200,000</text>');
  expect(svg).toContain('>2</text>');
  expect(svg).not.toContain('NaN');
});
