import { expect, test } from 'vitest';
import { agentOptions } from '../../src/cli/configuration/agent-options.ts';
import type { AgentSettings, PartialConfiguration } from '../../src/cli/configuration/schema.ts';
import { overlay, resolveConfiguration } from '../../src/cli/configuration/resolve-configuration.ts';
import { presets } from '../../src/cli/presets.ts';
import { settingsAt } from '../../src/cli/tune/search-space.ts';
import { tunedNumbers, zoo } from '../../src/cli/zoo.ts';
import { box, createAgent, discrete, noisyGreedy, sequences, uniform, type AgentOptions } from '../../src/index.ts';

const actionSpace = discrete(3);
const screen = { observationSpace: box({ low: 0, high: 255, shape: [84, 84, 4], dtype: 'uint8' }), actionSpace };

/** The network that the options make, as data. */
async function spec(options: AgentOptions): Promise<object> {
  const agent = await createAgent(screen, options);
  const { spec: found } = agent.online;
  agent.dispose();
  return found;
}

/** The options that a preset with its paper's numbers makes of these settings. */
async function optionsOf(preset: string, agent: AgentSettings): Promise<AgentOptions> {
  const { configuration } = await resolveConfiguration({ environment: 'CartPole-v1', preset, numbers: 'paper', agent });
  return agentOptions(configuration);
}

/** Width of the hidden layer behind the convolutions, in each paper. */
const widths: Readonly<Record<string, number>> = { 'data-efficient-rainbow': 256 };

test.each(presets.filter(({ memory }) => !memory).map(({ name, base }) => [name, base] as const))(
  '%s: to change the hidden layers changes nothing else of the network for a screen',
  async (preset, base) => {
    const agent = { hidden: [widths[preset] ?? 512] };
    const replay = uniform({ capacity: 1_000 });
    const changed = { ...(await optionsOf(preset, agent)), replay } as AgentOptions;
    expect(await spec(changed)).toEqual(await spec({ ...base, replay } as AgentOptions));
  },
);

test.each(['noisy-dqn', 'rainbow', 'data-efficient-rainbow'])('%s: noise is held as long as is said', async (preset) => {
  for (const noiseHold of ['step', 'episode'] as const) {
    const { configuration } = await resolveConfiguration({ environment: 'CartPole-v1', preset, agent: { noiseHold } });
    expect((await agentOptions(configuration)).explorer).toEqual(noisyGreedy({ hold: noiseHold }));
  }
});

test('numbers for one preset in one environment come before those for all, and leave others alone', () => {
  for (const [environment, { agent, presets: own = {} }] of Object.entries(zoo)) {
    for (const [preset, numbers] of Object.entries(own)) {
      expect(tunedNumbers(environment, preset)).toMatchObject(numbers);
    }
    expect(tunedNumbers(environment, 'double-dqn')).toMatchObject({ learningRate: agent.learningRate });
  }
  expect(zoo['CartPole-v1'].presets?.['munchausen-dqn']).toBeDefined();
});

test('a period of copies that is asked for ends a following that was tuned, or that stands in a file', async () => {
  const given = { environment: 'CartPole-v1', preset: 'munchausen-dqn' };
  const updaterOf = async (configuration: PartialConfiguration) =>
    (await agentOptions((await resolveConfiguration(configuration)).configuration)).targetUpdater;
  expect(await updaterOf(given)).toMatchObject({ kind: 'polyak' });
  expect(await updaterOf({ ...given, agent: { targetPeriod: 9 } })).toMatchObject({ kind: 'hard', period: 9 });
  const file = { ...given, agent: { targetRate: 0.5 } };
  expect(await updaterOf(overlay(file, { agent: { targetPeriod: 9 } }))).toMatchObject({ kind: 'hard', period: 9 });
  expect(await updaterOf(overlay({ ...given, agent: { targetPeriod: 9 } }, file))).toMatchObject({ kind: 'polyak', tau: 0.5 });
  expect(settingsAt({ targetRate: 0.5, batchSize: 8 }, { targetPeriod: 9 })).toEqual({ targetPeriod: 9, batchSize: 8 });
});

/** What a preset has for a setting, and what the options then hold. */
const settings: readonly (readonly [preset: string, agent: AgentSettings, options: object])[] = [
  ['dqn', { optimizerEpsilon: 0.5 }, { optimizer: { spec: { kind: 'rmsprop', epsilon: 0.5 } } }],
  ['dqn', { optimizerEpsilon: 0.5, optimizer: 'adam' }, { optimizer: { spec: { kind: 'adam', epsilon: 0.5 } } }],
  ['bootstrapped-dqn', { heads: 3 }, { explorer: { kind: 'bootstrapped', heads: 3, headProbability: 1 } }],
  ['dqn', { priorScale: 2 }, { network: { kind: 'randomPrior' } }],
  ['r2d2', { priorScale: 2 }, { network: { kind: 'randomPrior', recurrent: true } }],
  ['double-dqn', { targetRate: 0.25, targetPeriod: 9 }, { targetUpdater: { kind: 'polyak', tau: 0.25 } }],
  ['double-dqn', { targetPeriod: 9 }, { targetUpdater: { kind: 'hard', period: 9 } }],
  ['averaged-dqn', { averagedTargets: 4 }, { bootstrap: { kind: 'averagedQ', targets: 4 } }],
  ['munchausen-dqn', { munchausenAlpha: 0.5 }, { bootstrap: { alpha: 0.5, temperature: 0.03, clip: -1 } }],
  ['munchausen-dqn', { munchausenTemperature: 2, munchausenClip: -3 }, { bootstrap: { alpha: 0.9, temperature: 2, clip: -3 } }],
  ['fqf', { quantiles: 5 }, { head: { quantiles: { fractions: 5, cosines: 64, proposalRate: 5e-5 } } }],
  ['iqn', { quantileSamples: 5 }, { head: { targetWidth: 5, fractions: { counts: { online: 5, target: 5, act: 32 } } } }],
];

test.each(settings)('%s with %j', async (preset, agent, options) => {
  expect(await optionsOf(preset, agent)).toMatchObject(options);
});

test.each(['noisy-dqn', 'rainbow'])('%s with another σ₀ has the same network besides', async (preset) => {
  const replay = uniform({ capacity: 1_000 });
  const { base } = presets.find(({ name }) => name === preset) ?? {};
  const usual = JSON.stringify(await spec({ ...base, replay } as AgentOptions));
  const quiet = JSON.stringify(await spec({ ...(await optionsOf(preset, { sigma: 0.1 })), replay } as AgentOptions));
  expect(quiet.replaceAll(',"sigma":0.1', '')).toBe(usual);
});

test('r2d2 with other units or hidden layers has the same network besides', async () => {
  const { base } = presets.find(({ name }) => name === 'r2d2') ?? {};
  const replay = sequences({ capacity: 1_000 });
  const usual = await spec({ ...base, replay } as AgentOptions);
  const specOf = (options: AgentOptions) => spec({ ...options, replay } as AgentOptions);
  expect(await specOf(await optionsOf('r2d2', { sequenceLength: 8 }))).toEqual(usual);
  const narrow = JSON.stringify(await specOf(await optionsOf('r2d2', { units: 9 })));
  expect(narrow.replaceAll('"units":9', '"units":512')).toBe(JSON.stringify(usual));
  const { layers } = usual as { layers: object[] };
  expect(await specOf(await optionsOf('r2d2', { hidden: [7] }))).toMatchObject({
    layers: [...layers.slice(0, 3), { kind: 'dense', units: 7 }, ...layers.slice(3)],
  });
});

test.each([
  ['dqn', { sigma: 1 }, 'takes no sigma'],
  ['dqn', { heads: 2 }, 'takes no heads: its network has one head'],
  ['iqn', { priorScale: 2 }, 'takes no priorScale: the quantiles of its head implicitQuantile take fractions'],
  ['dqn', { averagedTargets: 2 }, 'takes no averagedTargets'],
  ['dqn', { munchausenClip: -1 }, 'takes no munchausenClip'],
  ['qr-dqn', { quantileSamples: 2 }, 'takes no quantileSamples: its head is quantile'],
  ['dqn', { optimizer: 'sgd', optimizerEpsilon: 1 }, 'sgd takes no optimizerEpsilon'],
] as const)('%s refuses %j', async (preset, agent, words) => {
  await expect(optionsOf(preset, agent)).rejects.toThrow(words);
});
