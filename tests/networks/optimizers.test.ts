import { describe, expect, it } from 'vitest';
import { adam, adamW, checkOptimizerSpec, rmsprop, sgd } from '../../src/networks/optimizers.ts';

const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });

describe('optimiser factories', () => {
  it('have the defaults of PyTorch', () => {
    expect(sgd()).toEqual({ spec: { kind: 'sgd', momentum: 0, weightDecay: 0 }, learningRate: 1e-3 });
    expect(rmsprop()).toEqual({
      spec: { kind: 'rmsprop', decay: 0.99, epsilon: 1e-8, centered: false, weightDecay: 0 },
      learningRate: 1e-2,
    });
    const spec = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };
    expect(adam()).toEqual({ spec, learningRate: 1e-3 });
    expect(adamW()).toEqual({ spec: { ...spec, weightDecay: 0.01, decoupled: true }, learningRate: 1e-3 });
  });

  it('take every option', () => {
    const falling = { kind: 'mine', at: (step: number) => 1 / (step + 1) };
    expect(sgd({ learningRate: falling, momentum: 0.9, weightDecay: 0.1 })).toEqual({
      spec: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
      learningRate: falling,
    });
    expect(rmsprop({ learningRate: 1, decay: 0.95, epsilon: 0.01, centered: true, weightDecay: 0.1 }).spec).toEqual({
      kind: 'rmsprop',
      decay: 0.95,
      epsilon: 0.01,
      centered: true,
      weightDecay: 0.1,
    });
    expect(adam({ beta1: 0, beta2: 0.5, epsilon: 0.1, weightDecay: 0.1 }).spec).toMatchObject({
      beta1: 0,
      beta2: 0.5,
      epsilon: 0.1,
    });
  });

  it('refuse options outside their ranges, naming them', () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(refused('sgd(learningRate)'));
    // @ts-expect-error: neither a number nor a schedule
    expect(() => sgd({ learningRate: {} })).toThrow(refused('sgd(learningRate)'));
    expect(() => sgd({ momentum: 1 })).toThrow(refused('sgd(momentum)'));
    expect(() => sgd({ weightDecay: -0.1 })).toThrow(refused('sgd(weightDecay)'));
    expect(() => rmsprop({ decay: 1 })).toThrow(refused('rmsprop(decay)'));
    expect(() => rmsprop({ epsilon: 0 })).toThrow(refused('rmsprop(epsilon)'));
    // @ts-expect-error: not a boolean
    expect(() => rmsprop({ centered: 1 })).toThrow(refused('rmsprop(centered)'));
    expect(() => adam({ beta1: 1 })).toThrow(refused('adam(beta1)'));
    expect(() => adam({ beta2: NaN })).toThrow(refused('adam(beta2)'));
    expect(() => adamW({ epsilon: -1 })).toThrow(refused('adamW(epsilon)'));
  });
});

describe('checkOptimizerSpec', () => {
  it('returns sound specs and drops what else is there', () => {
    for (const { spec } of [sgd(), rmsprop(), adam(), adamW()]) {
      expect(checkOptimizerSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      expect(checkOptimizerSpec({ ...spec, extra: 1 })).toEqual(spec);
    }
  });

  it.each([undefined, null, 3, 'adam', {}, { kind: 'lion' }])('refuses %j', (value) => {
    expect(() => checkOptimizerSpec(value)).toThrow(refused('optimizer(kind)'));
  });
});
