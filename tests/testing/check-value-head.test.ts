import { describe, expect, it } from 'vitest';
import { type ExpectedHead, expected } from '../../src/heads/expected.ts';
import type { FractionUse, LossInput, LossOutput, TargetInput, ValueHead } from '../../src/heads/value-head.ts';
import { assertValueHead, checkValueHead, type ValueHeadRule } from '../../src/testing/index.ts';

/** The expected head with some of it replaced. */
function spoilt(changes: Partial<ValueHead> | ((sound: ExpectedHead) => Partial<ValueHead>)): ValueHead {
  const sound = expected();
  return {
    kind: 'spoilt',
    width: 1,
    targetWidth: 1,
    linear: true,
    qValues: (outputs, batch, actions, out) => sound.qValues(outputs, batch, actions, out),
    targets: (input, out) => sound.targets(input, out),
    loss: (input, out) => sound.loss(input, out),
    ...(typeof changes === 'function' ? changes(sound) : changes),
  };
}

/** Targets that are the sound ones with something added. */
function targetsPlus(more: (input: TargetInput, b: number) => number): ValueHead {
  return spoilt((sound) => ({
    targets(input, out) {
      sound.targets(input, out);
      for (let b = 0; b < input.batch; b++) out[b] += more(input, b);
    },
  }));
}

/** A loss that does something after the sound one. */
function lossThen(more: (input: LossInput, out: LossOutput) => void): ValueHead {
  return spoilt((sound) => ({
    loss(input, out) {
      sound.loss(input, out);
      more(input, out);
    },
  }));
}

describe('checkValueHead', () => {
  it('is content with sound heads', () => {
    for (const head of [expected(), expected({ loss: 'squared' }), expected({ delta: 0.3 })]) {
      expect(checkValueHead(head)).toEqual({ ok: true, problems: [], warnings: [] });
      assertValueHead(head, { actions: 3, runs: 10, seed: 7 });
    }
  });

  it.each<[string, ValueHeadRule, ValueHead, RegExp]>([
    ['no width', 'interface', spoilt({ width: 0 }), /width must be a whole number/],
    ['no loss', 'interface', spoilt({ loss: undefined }), /There is no method loss/],
    [
      'a bootstrap after the end',
      'terminated',
      targetsPlus(({ nextOutputs, actions }, b) => 0.5 * nextOutputs[b * actions]),
      /terminated transition \(discount 0\) must be made of the reward alone.*expected .* received/,
    ],
    [
      'the maximum instead of the policy',
      'impossible-actions',
      spoilt({
        targets({ batch, actions, rewards, discounts, nextOutputs }, out) {
          for (let b = 0; b < batch; b++)
            out[b] = rewards[b] + discounts[b] * Math.max(...nextOutputs.subarray(b * actions, (b + 1) * actions));
        },
      }),
      /must not depend on the outputs of next actions of probability 0/,
    ],
    [
      'a bootstrap where there is none',
      'no-bootstrap',
      targetsPlus(({ discounts }, b) => discounts[b]),
      /row of zeros must be those of a terminated transition/,
    ],
    [
      'a forgotten discount',
      'bellman',
      spoilt((sound) => ({
        targets: (input, out) => sound.targets({ ...input, discounts: input.discounts.map((d) => (d === 0 ? 0 : 1)) }, out),
      })),
      /must stand for r \+ γ Σ π Q = .*, received/,
    ],
    [
      'a sign turned round',
      'gradient',
      lossThen((_, { gradient }) => gradient.forEach((x, i) => (gradient[i] = -x))),
      /finite differences give .*, received/,
    ],
    [
      'a sum instead of a mean',
      'gradient',
      lossThen(({ batch }, { gradient }) => gradient.forEach((x, i) => (gradient[i] = x * batch))),
      /must be the slope of the mean weighted loss/,
    ],
    [
      'a gradient at other actions',
      'untaken-actions',
      lossThen(({ taken, actions }, { gradient }) => {
        gradient[(taken[0] + 1) % actions] += 0.001;
      }),
      /not about the one taken, .* must be 0/,
    ],
    [
      'a look at other actions in spite of a promise',
      'untaken-actions',
      {
        ...lossThen(({ outputs, taken, actions }, { tdErrors }) => {
          if (Number.isNaN(outputs[(taken[0] + 1) % actions])) tdErrors[0] += 1;
        }),
        readsTakenAlone: true,
      },
      /readsTakenAlone is true, but tdErrors depend/,
    ],
    [
      'weights that are forgotten',
      'weights',
      spoilt((sound) => ({ loss: (input, out) => sound.loss({ ...input, weights: input.weights.map(() => 1) }, out) })),
      /must be weights\[b\] times/,
    ],
    [
      'weighted losses',
      'weights',
      lossThen(({ weights }, { losses }) => weights.forEach((w, b) => (losses[b] *= w))),
      /losses must not depend on the weights/,
    ],
    [
      'a TD error turned round',
      'td-errors',
      lossThen((_, { tdErrors }) => tdErrors.forEach((x, b) => (tdErrors[b] = -x))),
      /must be target − Q\(s, a\)/,
    ],
    [
      'a loss that pulls towards zero',
      'fixed-point',
      lossThen(({ outputs, taken, actions, batch }, { gradient }) =>
        taken.forEach((a, b) => (gradient[b * actions + a] += (0.1 * outputs[b * actions + a]) / batch)),
      ),
      /the gradient must be 0, received/,
    ],
    ['rows that mix', 'rows', lossThen((_, { losses }) => losses.fill(losses[0])), /must be the same alone and in the batch/],
    ['a claim of linearity', 'linear', spoilt((sound) => ({ ...logarithmic(sound) })), /linear is true, but Q of the mean/],
    [
      'infinite values',
      'q-values',
      spoilt({ qValues: (outputs, batch, actions, out) => outputs.forEach((x, i) => (out[i] = i < batch * actions ? 1 / x : 0)) }),
      /must be a finite number/,
    ],
    [
      'values beyond the end',
      'q-values',
      spoilt({ qValues: (_outputs, _batch, _actions, out) => out.fill(0) }),
      /but wrote one more/,
    ],
    [
      'changed inputs',
      'loss',
      lossThen(({ targets }) => targets.fill(1)),
      /loss\(\) must leave its inputs alone, but changed targets/,
    ],
    [
      'a swallowed NaN',
      'nan',
      lossThen((_, { gradient }) => gradient.forEach((x, i) => (gradient[i] = x > 0 ? x : x < 0 ? x : 0))),
      /must give a gradient of NaN/,
    ],
    [
      'a reward of NaN that is swallowed',
      'nan',
      spoilt((sound) => ({
        targets(input, out) {
          sound.targets(input, out);
          out.forEach((x, b) => (out[b] = Number.isNaN(x) ? 0 : x));
        },
      })),
      /A reward of NaN must give a target of NaN/,
    ],
    [
      'an exception',
      'targets',
      spoilt({
        targets() {
          throw new RangeError('no room');
        },
      }),
      /An exception: RangeError: no room/,
    ],
  ])('tells %s', (_, rule, head, sentence) => {
    const report = checkValueHead(head);
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, report.problems.map(({ rule: r, message }) => `${r}: ${message}`).join('\n')).toBeDefined();
    if (rule !== 'interface') expect(problem).toMatchObject({ seed: 1, counterExample: expect.stringContaining('batch') });
  });

  it('shrinks: the smallest batch with a forgotten discount has one row and one action', () => {
    const head = spoilt((sound) => ({
      targets: (input, out) => sound.targets({ ...input, discounts: input.discounts.map((d) => (d === 0 ? 0 : 1)) }, out),
    }));
    const [{ counterExample }] = checkValueHead(head).problems;
    expect(counterExample).toContain('"batch":1');
    expect(counterExample).toContain('"actions":1');
  });

  it('throws what it found', () => {
    const problem = /- terminated: targets\(\) of a terminated .*\n  Counter-example \(seed 3\): \{"batch":1/;
    expect(() =>
      assertValueHead(
        targetsPlus(({ nextOutputs }) => nextOutputs[0]),
        { seed: 3, actions: 1 },
      ),
    ).toThrow(expect.objectContaining({ code: 'invalid-part', message: expect.stringMatching(problem) }));
  });

  it('finds the same again with the same seed', () => {
    const head = targetsPlus(({ rewards }, b) => (rewards[b] > 3 ? 1 : 0));
    expect(checkValueHead(head, { seed: 5 })).toEqual(checkValueHead(head, { seed: 5 }));
    expect(checkValueHead(head, { seed: 5 }).ok).toBe(false);
  });

  it('warns of what it could not check', () => {
    const twice: ValueHead = {
      ...spoilt({}),
      targetWidth: 2,
      targets({ batch }, out) {
        out.fill(0, 0, 2 * batch);
      },
    };
    expect(checkValueHead(twice).warnings).toMatchObject([{ rule: 'bellman' }]);
    expect(checkValueHead(twice, { targetValue: false }).warnings).toEqual([]);
    expect(checkValueHead(twice, { targetValue: ([a, b]) => a + b }).problems.map(({ rule }) => rule)).toContain('bellman');
  });

  it('draws fractions for heads that take them', () => {
    const counts = { act: 3, online: 2, target: 4 };
    const even = (use: FractionUse, out: Float32Array): void =>
      out.forEach((__, i) => (out[i] = ((i % counts[use]) + 0.5) / counts[use]));
    const mean = meanHead();
    expect(checkValueHead({ ...mean, fractions: { counts, draw: (use, out) => even(use, out) } }).problems).toEqual([]);
    const outside = { counts, draw: (__: FractionUse, out: Float32Array) => void out.fill(1.5) };
    expect(checkValueHead({ ...mean, fractions: outside }).problems).toMatchObject([
      { rule: 'fractions', message: expect.stringContaining('1.5') },
    ]);
  });

  it('refuses bad options', () => {
    for (const options of [{ runs: 0 }, { runs: 1.5 }, { seed: NaN }]) {
      expect(() => checkValueHead(expected(), options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });
});

/** Estimates that are the logarithms of outputs, without saying so. */
function logarithmic(sound: ExpectedHead): Partial<ValueHead> {
  return {
    qValues(outputs, batch, actions, out) {
      sound.qValues(outputs, batch, actions, out);
      for (let i = 0; i < batch * actions; i++) out[i] = Math.log(5 + out[i]);
    },
  };
}

/** Q is the mean over N fractions `[N, A]`, target and loss those of the mean with half the square. */
function meanHead(): ValueHead {
  const qValues: ValueHead['qValues'] = (outputs, batch, actions, out) => {
    const n = outputs.length / batch / actions;
    for (let b = 0; b < batch; b++) {
      for (let a = 0; a < actions; a++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += outputs[(b * n + k) * actions + a];
        out[b * actions + a] = sum / n;
      }
    }
  };
  return {
    kind: 'mean',
    width: 1,
    targetWidth: 1,
    linear: true,
    qValues,
    targets(input, out) {
      const nextOutputs = new Float32Array(input.batch * input.actions);
      qValues(input.nextOutputs, input.batch, input.actions, nextOutputs);
      expected().targets({ ...input, nextOutputs }, out);
    },
    loss({ batch, actions, outputs, taken, targets, weights }, out) {
      const q = new Float32Array(batch * actions);
      qValues(outputs, batch, actions, q);
      const n = outputs.length / batch / actions;
      for (let b = 0; b < batch; b++) {
        const error = targets[b] - q[b * actions + taken[b]];
        out.tdErrors[b] = error;
        out.estimates[b] = q[b * actions + taken[b]];
        out.losses[b] = error ** 2 / 2;
        for (let k = 0; k < n; k++) out.gradient[(b * n + k) * actions + taken[b]] = (-error * weights[b]) / n / batch;
      }
    },
  };
}
