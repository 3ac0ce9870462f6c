import * as dqn from '../dist/index.js';

/** An agent with a full replay buffer, to be timed part by part; on the embedded engine, or another one. */
export async function filledAgent({ sizes, batch, engine }) {
  const [inputs, ...hidden] = sizes;
  const actions = hidden.pop();
  const problem = {
    observationSpace: dqn.box({ low: -Infinity, high: Infinity, shape: [inputs] }),
    actionSpace: dqn.discrete(actions),
  };
  const agent = await dqn.createAgent(problem, {
    engine,
    network: dqn.mlp({ hidden }),
    bootstrap: dqn.maxQ(),
    replay: dqn.uniform({ capacity: 10_000 }),
    optimizer: dqn.adam({ learningRate: 2.5e-4 }),
    maxGradientNorm: Infinity,
    batchSize: batch,
    seed: 1,
  });
  const random = new dqn.Random(1);
  const draw = () => Float32Array.from({ length: inputs }, () => random.normal());
  for (let i = 0; i < 10_000; i++) {
    const experience = { observation: draw(), action: random.integer(actions), reward: random.normal(), nextObservation: draw() };
    agent.observe({ ...experience, terminated: random.float() < 0.05, truncated: false });
  }
  return { agent, observation: draw() };
}
