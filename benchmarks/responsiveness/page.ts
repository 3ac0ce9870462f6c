// A page that draws sixty times a second, acts with the latest policy in every frame, and counts frames and long tasks for some seconds.
import { trainInWorker, type Trainer } from '../../src/browser/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { loadPolicy, train, type LoadedPolicy } from '../../src/index.ts';
import { cartPole } from './agent.ts';

/** Where the training happens. */
export type Where = 'nowhere' | 'in a worker' | 'on the page';

/** What the page saw. */
export interface Measured {
  readonly framesPerSecond: number;
  readonly worstFrame: number;
  /** Durations of the tasks of more than 50 ms. */
  readonly longTasks: readonly number[];
  readonly stepsPerSecond: number;
  /** Progress events heard. */
  readonly events: number;
}

const line = document.body.appendChild(document.createElement('p'));
const playground = new CartPole();
let policy: LoadedPolicy<Float32Array> | undefined;
let { observation } = playground.reset({ seed: 1 });

/** Plays one step with the latest policy and shows it. */
function draw(): void {
  const result = playground.step(policy?.act(observation) ?? 0);
  observation = result.terminated || result.truncated ? playground.reset().observation : result.observation;
  line.textContent = playground.render('ansi');
}

/** Takes the policy of the moment. */
async function refresh(trainer: Trainer): Promise<void> {
  const latest = await loadPolicy(await trainer.policy(), playground);
  policy?.dispose();
  policy = latest;
}

async function measure(where: Where, seconds: number): Promise<Measured> {
  let step = 0;
  let events = 0;
  let ended = false;
  const trainer = where === 'in a worker' ? trainInWorker(new Worker('/worker.js', { type: 'module' }), undefined) : undefined;
  trainer?.listen((event) => {
    if (event.kind !== 'progress') return;
    events++;
    ({ step } = event);
    line.title = `${event.step} ${event.episodes.at(-1)?.return}`;
  });
  await trainer?.start();
  if (where === 'on the page') void trainHere();
  async function trainHere(): Promise<void> {
    const { agent, environment, options } = await cartPole();
    for await (const event of train(agent, environment, options)) {
      ({ step } = event);
      if (ended) break;
    }
  }
  // What starting took is not counted.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const before = step;
  const frames: number[] = [];
  const began = performance.now();
  let refreshed = began;
  await new Promise<void>((resolve) => {
    const frame = (): void => {
      const now = performance.now();
      frames.push(now);
      draw();
      if (trainer && now - refreshed > 1_000) {
        refreshed = now;
        void refresh(trainer);
      }
      if (now - began < seconds * 1_000) requestAnimationFrame(frame);
      else resolve();
    };
    requestAnimationFrame(frame);
  });
  ended = true;
  const elapsed = performance.now() - began;
  const took = step - before;
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  trainer?.terminate();
  const gaps = frames.slice(1).map((at, i) => at - frames[i]);
  return {
    framesPerSecond: (gaps.length / elapsed) * 1_000,
    worstFrame: Math.max(...gaps),
    longTasks,
    stepsPerSecond: (took / elapsed) * 1_000,
    events,
  };
}

Object.assign(globalThis, { measure });
