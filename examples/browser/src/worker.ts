// Trains, apart from the page. Besides the messages of the library the page tells the pace, and hears of the scene.
import { createAgent, type State } from '@scope/dqn';
import { serveTraining } from '@scope/dqn/browser';
import { paced, type PacedEnvironment } from './paced.ts';
import { algorithmOf, engineOf, worldOf, type Settings } from './settings.ts';

/** From the page: steps per second at most. */
export interface PaceMessage {
  readonly kind: 'pace';
  readonly rate: number;
}

/** To the page: the environment that is trained on, now. */
export interface SceneMessage {
  readonly kind: 'scene';
  readonly state: State;
  readonly observation: unknown;
}

/** Milliseconds between two scenes: 60 a second. */
const SCENE_PERIOD = 16;

let shown = 0;
let rate = Infinity;
let environment: PacedEnvironment | undefined;

addEventListener('message', ({ data }: MessageEvent<Partial<PaceMessage>>) => {
  if (data.kind !== 'pace') return;
  rate = data.rate ?? Infinity;
  environment?.setRate(rate);
});

serveTraining({
  async create({ world: id, algorithm, engine, seed }: Settings) {
    const world = worldOf(id);
    environment = paced(world.create(), ({ observation }, inner) => {
      const now = performance.now();
      if (now - shown < SCENE_PERIOD) return;
      shown = now;
      postMessage({ kind: 'scene', state: inner.getState(), observation } satisfies SceneMessage);
    });
    environment.setRate(rate);
    const options = { ...algorithmOf(algorithm).options(world), engine: await engineOf(engine).create(), seed };
    return { agent: await createAgent(environment, options), environment, options: { steps: world.steps } };
  },
});
