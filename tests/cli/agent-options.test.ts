import { expect, test } from 'vitest';
import { agentOptions } from '../../src/cli/configuration/agent-options.ts';
import { resolveConfiguration } from '../../src/cli/configuration/resolve-configuration.ts';
import { presets } from '../../src/cli/presets.ts';
import { tunedNumbers, zoo } from '../../src/cli/zoo.ts';
import { box, createAgent, discrete, noisyGreedy, uniform, type AgentOptions } from '../../src/index.ts';

const actionSpace = discrete(3);
const screen = { observationSpace: box({ low: 0, high: 255, shape: [84, 84, 4], dtype: 'uint8' }), actionSpace };

/** The network that the options make, as data. */
async function spec(options: AgentOptions): Promise<object> {
  const agent = await createAgent(screen, options);
  const { spec: found } = agent.online;
  agent.dispose();
  return found;
}

/** Width of the hidden layer behind the convolutions, in each paper. */
const widths: Readonly<Record<string, number>> = { 'data-efficient-rainbow': 256 };

test.each(presets.filter(({ memory }) => !memory).map(({ name, base }) => [name, base] as const))(
  '%s: to change the hidden layers changes nothing else of the network for a screen',
  async (preset, base) => {
    const agent = { hidden: [widths[preset] ?? 512] };
    const { configuration } = await resolveConfiguration({ environment: 'CartPole-v1', preset, numbers: 'paper', agent });
    const replay = uniform({ capacity: 1_000 });
    const changed = { ...(await agentOptions(configuration)), replay } as AgentOptions;
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
