import { describe, expect, it } from 'vitest';
import { deepCopy } from '../../src/common/deep.ts';
import { damagedState, readArray, readFields } from '../../src/common/read-state.ts';
import type { State } from '../../src/common/state.ts';
import { epsilonGreedy } from '../../src/exploration/epsilon-greedy.ts';
import type { Explorer, ExplorerInput, RememberingExplorer } from '../../src/exploration/explorer.ts';
import { greedy } from '../../src/exploration/greedy.ts';
import { assertExplorer, checkExplorer, type CheckExplorerOptions, type ExplorerRule } from '../../src/testing/index.ts';

/** Repeats a stream's last action with probability one half where it can; otherwise any possible one. */
class Sticky implements RememberingExplorer {
  readonly kind = 'sticky';
  last: Int32Array = new Int32Array(8).fill(-1);

  fresh(): RememberingExplorer {
    return new Sticky();
  }

  select(input: ExplorerInput, out: Int32Array): void {
    epsilonGreedy(1).select(input, out);
    for (let n = 0; n < input.batch; n++) {
      const stream = input.streams[n] % 8;
      const last = this.last[stream];
      const possible = last >= 0 && last < input.actions && input.masks?.[n * input.actions + last] !== 0;
      if (possible && input.random.float() < 0.5) out[n] = last;
      this.last[stream] = out[n];
    }
  }

  endEpisode(stream: number): void {
    this.last[stream % 8] = -1;
  }

  getState(): State {
    return { last: this.last };
  }

  setState(state: State): void {
    const last = readArray('Sticky.setState', readFields('Sticky.setState', state), 'last', Int32Array, 8);
    this.last = last.slice();
  }
}

/** A sticky explorer, some of whose instances' methods are replaced. */
const sticky = (spoil: (one: Sticky) => Partial<RememberingExplorer>): Explorer => {
  const fresh = (): RememberingExplorer => {
    const one = new Sticky();
    return Object.assign(one, spoil(one));
  };
  return Object.assign(new Sticky(), { fresh });
};

const select = (choose: (input: ExplorerInput, out: Int32Array) => void): Explorer => ({ kind: 'spoilt', select: choose });
const shared = new Sticky();
let count = 0;

describe('checkExplorer', () => {
  it('is content with a sound explorer that remembers', () => {
    expect(checkExplorer(new Sticky(), { independent: false })).toEqual({ ok: true, problems: [], warnings: [] });
  });

  it('throws what it found', () => {
    expect(() => assertExplorer(select((_, out) => out.fill(9)))).toThrow(
      expect.objectContaining({ code: 'invalid-part', message: expect.stringContaining('- possible-actions: ') }),
    );
  });

  it.each<[string, ExplorerRule, Explorer, RegExp, CheckExplorerOptions?]>([
    ['no select', 'interface', { kind: 'none' } as unknown as Explorer, /no method select/],
    [
      'masks that are forgotten',
      'possible-actions',
      select(({ masks: _, ...input }, out) => greedy().select(input, out)),
      /Action \d in state \d is impossible there/,
    ],
    [
      'an action too many',
      'possible-actions',
      select(({ random, actions, batch }, out) => {
        for (let n = 0; n < batch; n++) out[n] = random.integer(actions + 1);
      }),
      /must be one of 0 … \d, received \d/,
    ],
    [
      'a state left out',
      'possible-actions',
      select((input, out) => greedy().select({ ...input, batch: input.batch - 1 }, out)),
      /wrote no action for state/,
    ],
    [
      'a write too far',
      'possible-actions',
      select((input, out) => {
        greedy().select(input, out);
        out[input.batch] = 0;
      }),
      /but wrote one more/,
    ],
    [
      'changed values',
      'inputs',
      select((input, out) => {
        greedy().select(input, out);
        input.qValues.fill(0);
      }),
      /must leave its inputs alone, but changed qValues/,
    ],
    [
      'chance of its own',
      'determinism',
      select((input, out) => epsilonGreedy(++count % 2).select(input, out)),
      /other actions in the same states from the same random numbers/,
    ],
    [
      'one coin for the batch',
      'independent-draws',
      select((input, out) => (input.random.float() < 0.5 ? greedy() : epsilonGreedy(1)).select(input, out)),
      /the states share a draw/,
    ],
    [
      'a rate that is no number',
      'rate',
      { ...select((input, out) => greedy().select(input, out)), rate: (step) => 1 / (step - step) },
      /rate\(0\) must be a finite number, received NaN|rate\(0\) must be a finite number, received Infinity/,
    ],
    [
      'a memory that is not restored',
      'memory',
      sticky(() => ({ setState: (state) => void readFields('x', state) })),
      /another state than the saved one/,
    ],
    [
      'a memory that is not saved',
      'memory',
      sticky(() => ({ getState: () => ({ last: new Int32Array(8) }), setState: (state) => void readFields('x', state) })),
      /After setState\(\) other actions were chosen/,
    ],
    ['a shared memory', 'sharing', sticky((one) => ((one.last = shared.last), {})), /changed the memory of another/],
    [
      'one explorer for all',
      'sharing',
      Object.assign(new Sticky(), { fresh: () => shared }),
      /fresh\(\) gave the same explorer twice/,
    ],
    [
      'a damaged state that is taken',
      'damaged-state',
      sticky((one) => ({
        setState: (state) => void (one.last = deepCopy((state as { last?: Int32Array })?.last ?? new Int32Array(8))),
      })),
      /took a damaged state/,
    ],
    [
      'a damaged state that changes something',
      'damaged-state',
      sticky((one) => ({
        setState(state) {
          one.last.fill(3);
          readFields('x', state);
          throw damagedState('x', 'none', state);
        },
      })),
      /had changed the memory by then/,
    ],
    [
      'no state',
      'interface',
      { ...greedy(), kind: 'x', select: () => {}, fresh: () => greedy() as unknown as RememberingExplorer },
      /no method getState/,
    ],
  ])('tells %s', (_, rule, part, sentence, options) => {
    const report = checkExplorer(part, options);
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, JSON.stringify(report.problems, null, 1)).toBeDefined();
    if (rule !== 'interface') expect(problem).toMatchObject({ seed: 1, counterExample: expect.any(String) });
  });
});
