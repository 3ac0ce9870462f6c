// Compiled, never run: what must be accepted, what is inferred, and what must be refused.
import {
  box,
  categorical,
  cnn,
  createAgent,
  discrete,
  hindsight,
  loadPolicy,
  mlp,
  prioritized,
  r2d2,
  rainbow,
  recurrent,
  sequences,
  train,
  uniform,
  type Agent,
  type Engine,
  type Environment,
  type TrainEvent,
} from '@scope/dqn';
import { CartPole, multiDiscrete } from '@scope/dqn/environments';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<T extends true>(): T | undefined {
  return undefined;
}

const environment = new CartPole();

// On the embedded engine an agent answers at once; on an engine that may need time, perhaps with a promise.
const agent = await createAgent(environment);
same<Equal<typeof agent, Agent<Float32Array, 'sync'>>>();
const action = agent.act(Float32Array.of(0, 0, 0, 0));
same<Equal<typeof action, number>>();
declare const slow: Engine<'async'>;
const later = await createAgent(environment, { engine: slow });
const promised = later.act(Float32Array.of(0, 0, 0, 0));
same<Equal<typeof promised, number | Promise<number>>>();

// The observation type follows from the space.
const bytes = await createAgent({
  observationSpace: box({ low: 0, high: 255, shape: [3], dtype: 'uint8' }),
  actionSpace: discrete(2),
});
bytes.act(Uint8Array.of(1, 2, 3));
// @ts-expect-error bytes are wanted
bytes.act(Float32Array.of(1, 2, 3));
// @ts-expect-error an array is not a Float32Array
agent.act([0, 0, 0, 0]);

// Actions must be numbers.
const grid = { observationSpace: box({ low: 0, high: 1, shape: [3] }), actionSpace: multiDiscrete([2, 2]) };
// @ts-expect-error several numbers at once are not one action
await createAgent(grid);

// @ts-expect-error misspelt
await createAgent(environment, { batchsize: 32 });
// @ts-expect-error steps are required
train(agent, environment, {});
// @ts-expect-error another observation type
train(bytes, environment, { steps: 1 });

// Events are told apart by kind.
for await (const event of train(agent, environment, { steps: 1 })) {
  same<Equal<typeof event, TrainEvent>>();
  if (event.kind === 'update') event.loss.toFixed();
  // @ts-expect-error only updates have a loss
  if (event.kind === 'step') event.loss.toFixed();
}

// What one part gives, another takes as it is, also where it may be missing and `exactOptionalPropertyTypes` tells that from undefined.
declare const latest: Uint8Array | undefined;
train(agent, environment, { steps: 1, resume: latest });
declare const masked: Environment<Float32Array, number>;
const { observation, actionMask } = await masked.reset();
const taken = agent.act(observation, { actionMask });
const result = await masked.step(taken);
agent.observe({ ...result, observation, action: taken, nextObservation: result.observation, nextActionMask: result.actionMask });
await createAgent(environment, {
  network: {
    kind: 'own',
    build: ({ inputShape, inputScale, outputSize }) => ({ inputShape, inputScale, layers: [{ kind: 'dense', units: outputSize }] }),
  },
});

const policy = await loadPolicy(new Uint8Array(), environment);
const chosen = policy.act(Float32Array.of(0, 0, 0, 0));
same<Equal<typeof chosen, number>>();

// Presets can be overridden part by part.
const overridden = await createAgent(environment, { ...rainbow(), replay: prioritized({ capacity: 1_000 }), seed: 1 });
same<Equal<typeof overridden, Agent<Float32Array, 'sync'>>>();
await createAgent(environment, { ...r2d2(), replay: sequences({ capacity: 1_000 }) });

// A network with memory learns from sequences, and only such a one.
await createAgent(environment, { network: recurrent({ units: 8 }), replay: sequences({ capacity: 1_000 }) });
// @ts-expect-error single transitions
await createAgent(environment, { network: recurrent({ units: 8 }), replay: uniform({ capacity: 1_000 }) });
// @ts-expect-error the default is single transitions
await createAgent(environment, { network: recurrent({ units: 8 }) });
// @ts-expect-error without memory there is nothing to learn from sequences
await createAgent(environment, { network: mlp({ hidden: [8] }), replay: sequences({ capacity: 1_000 }) });
// @ts-expect-error every step is needed as it is; sequences are none of them
hindsight(sequences({ capacity: 1_000 }), { achieved: [0, 1], desired: [1, 2], reward: () => 0 });
// @ts-expect-error a support has two ends
categorical({ vMin: 0 });
// @ts-expect-error convolutions are needed
cnn({ hidden: [8] });
// @ts-expect-error no such aggregation
mlp({ hidden: [8], dueling: 'median' });
