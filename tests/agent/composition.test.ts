import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as dqn from '../../src/index.ts';
import type {
  AgentOptions,
  BootstrapRule,
  Experience,
  Explorer,
  FeedForwardOptions,
  ReplaySpec,
  ValueHead,
} from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';

const ACTIONS = 4;
const spaces = { observationSpace: dqn.box({ low: -5, high: 5, shape: [3] }), actionSpace: dqn.discrete(ACTIONS) };
const base = { batchSize: 4, learningStarts: 8, learnPeriod: 2, seed: 5 } as const;

const heads: Record<string, () => ValueHead> = {
  expected: () => dqn.expected(),
  rescaled: () => dqn.expected({ rescale: true }),
  categorical: () => dqn.categorical({ atoms: 7, vMin: -3, vMax: 3 }),
  quantile: () => dqn.quantile({ quantiles: 5 }),
  implicitQuantile: () => dqn.implicitQuantile({ cosines: 8, online: 4, target: 3, act: 5, risk: dqn.cvar({ eta: 0.5 }) }),
  fullyParameterisedQuantile: () => dqn.fullyParameterisedQuantile({ fractions: 4, cosines: 8 }),
};
const rules: Record<string, () => BootstrapRule> = {
  maxQ: () => dqn.maxQ(),
  doubleQ: () => dqn.doubleQ(),
  expectedSarsa: () => dqn.expectedSarsa({ epsilon: dqn.linear(1, 0, 50) }),
  softmaxQ: () => dqn.softmaxQ({ temperature: 0.5 }),
  softQ: () => dqn.softQ({ temperature: 0.5 }),
  mellowmaxQ: () => dqn.mellowmaxQ({ omega: 3 }),
  munchausen: () => dqn.munchausen(),
  clippedDoubleQ: () => dqn.clippedDoubleQ(),
  averagedQ: () => dqn.averagedQ({ targets: 3 }),
  minimaxQ: () => dqn.minimaxQ({ actions: [2, 2] }),
};
const replays: Record<string, () => ReplaySpec> = {
  uniform: () => dqn.uniform({ capacity: 40 }),
  prioritized: () => dqn.prioritized({ capacity: 40, priorityExponent: 0.6, importanceExponent: dqn.linear(0.4, 1, 50) }),
  rankPrioritized: () => dqn.rankPrioritized({ capacity: 40 }),
  stratified: () => dqn.stratified({ capacity: 40 }),
  combined: () => dqn.combined(dqn.prioritized({ capacity: 40 })),
  hindsight: () =>
    dqn.hindsight(dqn.uniform({ capacity: 40 }), {
      goals: 2,
      achieved: [0, 1],
      desired: [1, 2],
      reward: (achieved, desired) => (Math.abs(achieved[0] - desired[0]) < 0.1 ? 0 : -1),
    }),
};
const explorers: Record<string, () => Explorer> = {
  epsilonGreedy: () => dqn.epsilonGreedy(0.2),
  boltzmann: () => dqn.boltzmann(1),
  noisyGreedy: () => dqn.noisyGreedy(),
  held: () => dqn.noisyGreedy({ hold: 'episode' }),
  ucb: () => dqn.ucb({ coefficient: 1 }),
  epsilonZGreedy: () => dqn.epsilonZGreedy({ epsilon: 0.3 }),
  bootstrapped: () => dqn.bootstrapped({ heads: 3, probability: 0.5 }),
  epsilonLadder: () => dqn.epsilonLadder({ streams: 2 }),
  equilibrium: () => dqn.equilibrium({ actions: [2, 2] }),
};

const nameOf = <T extends object>(table: T) => fc.constantFrom(...(Object.keys(table) as (keyof T & string)[]));
const choiceArb = fc.record({
  head: nameOf(heads),
  rule: nameOf(rules),
  replay: nameOf(replays),
  explorer: nameOf(explorers),
  dueling: fc.constantFrom(false, 'mean' as const, 'max' as const),
  noisy: fc.boolean(),
  nStep: fc.constantFrom(1, 3),
});
type Choice = typeof choiceArb extends fc.Arbitrary<infer T> ? T : never;

function optionsOf({ head, rule, replay, explorer, dueling, noisy, nStep }: Choice): FeedForwardOptions<'sync'> {
  return {
    ...base,
    network: dqn.mlp({ hidden: [8, 8], dueling, noisy }),
    head: heads[head](),
    bootstrap: rules[rule](),
    replay: replays[replay](),
    explorer: explorers[explorer](),
    targetUpdater: dqn.hard({ period: 6 }),
    nStep,
  };
}

/** Why a combination makes no sense; the documentation's words. */
function refusal({ head, rule, replay, explorer, noisy, nStep }: Choice): string | undefined {
  const fractions = head === 'implicitQuantile' || head === 'fullyParameterisedQuantile';
  if (explorer === 'bootstrapped' && (rule === 'clippedDoubleQ' || fractions)) return 'several heads';
  if (rule === 'clippedDoubleQ' && fractions) return 'two networks with fractions';
  if ((explorer === 'noisyGreedy' || explorer === 'held') && !noisy) return 'no noise to explore by';
  if (replay === 'hindsight' && nStep > 1) return 'relabelled goals change every step of a return';
  if (rule === 'munchausen' && nStep > 1) return 'the log-policy of later steps is not known';
  if (rule === 'averagedQ' && (head === 'categorical' || head === 'fullyParameterisedQuantile' || head === 'rescaled'))
    return 'not linear';
  return undefined;
}

function experience(random: Random, stream: number): Experience<Float32Array> {
  const observe = () => Float32Array.from({ length: 3 }, () => random.uniform(-1, 1));
  return {
    observation: observe(),
    action: random.integer(ACTIONS),
    reward: random.uniform(-1, 1),
    nextObservation: observe(),
    terminated: random.float() < 0.15,
    truncated: random.float() < 0.1,
    nextActionMask: random.float() < 0.3 ? Uint8Array.of(1, 1, 1, 1) : undefined,
    stream,
  };
}

/** Acts, observes and learns on two streams; everything that can be seen of it. */
function drive(agent: dqn.Agent<Float32Array>, from: number, to: number): number[] {
  const seen: number[] = [];
  for (let i = from; i < to; i++) {
    const random = new Random(i);
    const happened = [experience(random, 0), experience(random, 1)];
    seen.push(...agent.actBatch(happened.map(({ observation }) => observation)));
    for (const each of happened) agent.observe(each);
    while (agent.updatesDue > 0) {
      const { loss, meanQ, meanTdError, gradientNorm } = agent.learn();
      seen.push(loss, meanQ, meanTdError, gradientNorm);
    }
    seen.push(agent.act(happened[0].nextObservation, { explore: false }));
  }
  return seen;
}

describe('any parts together', () => {
  test('learn, and go on bit for bit from a checkpoint; or are refused in words when they are composed', async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(choiceArb, async (choice) => {
        const reason = refusal(choice);
        const make = () => dqn.createAgent(spaces, optionsOf(choice));
        if (reason !== undefined) {
          met.add(reason);
          await expect(make()).rejects.toMatchObject({ name: 'DqnError', code: 'invalid-option' });
          return;
        }
        const agent = await make();
        const first = drive(agent, 0, 12);
        expect(first.every(Number.isFinite)).toBe(true);
        const bytes = await agent.save();
        const rest = drive(agent, 12, 20);
        const other = await make();
        await other.load(bytes);
        expect(drive(other, 12, 20)).toEqual(rest);
        agent.dispose();
        other.dispose();
      }),
      { numRuns: 60 },
    );
    expect(met.size).toBeGreaterThan(0);
  });

  const choice: Choice = {
    head: 'expected',
    rule: 'maxQ',
    replay: 'uniform',
    explorer: 'epsilonGreedy',
    dueling: false,
    noisy: false,
    nStep: 1,
  };
  const refused: [Partial<Choice>, string, RegExp][] = [
    [{ explorer: 'noisyGreedy' }, 'createAgent({ explorer })', /noisy layers/],
    [{ explorer: 'bootstrapped', rule: 'clippedDoubleQ' }, 'createAgent({ bootstrap })', /trains 2/],
    [{ rule: 'clippedDoubleQ', head: 'implicitQuantile' }, 'createAgent({ bootstrap })', /trains 2/],
    [{ explorer: 'bootstrapped', head: 'implicitQuantile' }, 'createAgent({ explorer })', /with 3 heads/],
    [{ replay: 'hindsight', nStep: 3 }, 'createAgent({ nStep })', /hindsight/],
  ];
  test.each(refused)('%j is refused at %s', async (change, where, words) => {
    const creating = dqn.createAgent(spaces, optionsOf({ ...choice, ...change }));
    await expect(creating).rejects.toMatchObject({ code: 'invalid-option', where });
    await expect(creating).rejects.toThrow(words);
  });

  test('a blended target cannot be averaged', async () => {
    const options = { ...optionsOf({ ...choice, rule: 'averagedQ' }), targetUpdater: dqn.polyak({ tau: 0.1 }) };
    await expect(dqn.createAgent(spaces, options)).rejects.toMatchObject({ where: 'createAgent({ targetUpdater })' });
  });

  test('memory and sequences belong together', async () => {
    const memory = {
      ...base,
      network: dqn.recurrent({ units: 4 }),
      replay: dqn.uniform({ capacity: 10 }),
    } as unknown as AgentOptions<'sync'>;
    await expect(dqn.createAgent(spaces, memory)).rejects.toMatchObject({ where: 'createAgent({ replay })' });
    const none = {
      ...base,
      network: dqn.mlp({ hidden: [4] }),
      replay: dqn.sequences({ capacity: 100, length: 4, burnIn: 2 }),
    } as unknown as AgentOptions<'sync'>;
    await expect(dqn.createAgent(spaces, none)).rejects.toMatchObject({ where: 'createAgent({ replay })' });
  });

  test('several heads at fractions are refused whatever the network makes of them', async () => {
    const plain = dqn.mlp({ hidden: [4] });
    const own: dqn.NetworkFactory<false> = { kind: 'own', build: (io) => plain.build({ ...io, heads: 1 }) };
    const options = { ...base, network: own, head: heads.implicitQuantile(), explorer: dqn.bootstrapped({ heads: 3 }) };
    await expect(dqn.createAgent(spaces, options)).rejects.toMatchObject({ where: 'createAgent({ explorer })' });
  });

  test('a head of fractions needs a network that takes them, and the other way round', async () => {
    const plain = dqn.mlp({ hidden: [4] });
    const deaf: dqn.NetworkFactory<false> = { kind: 'deaf', build: (io) => plain.build({ ...io, quantiles: undefined }) };
    const options = { ...base, network: deaf, head: heads.implicitQuantile() };
    await expect(dqn.createAgent(spaces, options)).rejects.toMatchObject({ where: 'createAgent({ network })' });
    const eager: dqn.NetworkFactory<false> = {
      kind: 'eager',
      build: (io) => plain.build({ ...io, quantiles: { kind: 'implicitQuantiles' } }),
    };
    await expect(dqn.createAgent(spaces, { ...base, network: eager })).rejects.toMatchObject({ where: 'createAgent({ network })' });
  });
});
