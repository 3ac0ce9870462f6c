import { indexedDbStore } from '@scope/dqn/browser';
import { Controls } from './controls.ts';
import { find, setText, show } from './elements.ts';
import { Numbers } from './numbers.ts';
import { Policies } from './policies.ts';
import { PolicyFiles } from './policy-files.ts';
import { RunKeeper } from './saved-run.ts';
import { Session } from './session.ts';
import { algorithmOf, worldOf, type Settings } from './settings.ts';
import { Stage } from './stage.ts';

const controls = new Controls({ onRun: toggle, onReset: restart, onPace: () => session.setRate(controls.rate) });
const policies = new Policies(controls.settings);
const keeper = new RunKeeper(indexedDbStore({ database: 'dqn-demo' }));
const session = new Session(controls.settings, keeper, {
  onStatus: showStatus,
  onProgress: () => numbers.update(),
  onPolicy: (bytes) =>
    void policies.update(bytes).then(
      () => files.update(),
      (error: unknown) => controls.showProblem(error),
    ),
  onScene: (scene) => stage.practise(scene),
  onProblem: (error) => controls.showProblem(error),
});
const numbers = new Numbers(session);
const stage = new Stage(worldOf(controls.settings.world), policies);
const files = new PolicyFiles(policies, session);

/** Starts, pauses, goes on, or begins anew after the end. */
function toggle(): void {
  controls.showProblem();
  if (session.status === 'running') void session.pause();
  else {
    if (session.status === 'finished' || session.status === 'failed') begin(controls.settings);
    void session.start();
  }
}

/** Begins anew, and goes on running if it ran. */
function restart(): void {
  const running = session.status === 'running';
  controls.showProblem();
  begin(controls.settings);
  if (running) void session.start();
}

function begin(settings: Settings): void {
  policies.reset(settings);
  stage.open(worldOf(settings.world));
  session.reset(settings);
  numbers.update();
  files.update();
}

function showStatus(): void {
  const { status, settings, step } = session;
  const { name } = algorithmOf(settings.algorithm);
  const world = worldOf(settings.world);
  controls.showRun({ new: 'Start', running: 'Pause', paused: 'Continue', finished: 'Train again', failed: 'Try again' }[status]);
  setText(
    find('status'),
    {
      new: `Ready: ${name} in ${world.name}, seed ${settings.seed}.`,
      running: `${name} learns ${world.name} …`,
      paused: `Paused at step ${show(step)}.`,
      finished: `Finished: all ${show(world.steps)} steps are taken.`,
      failed: 'It has stopped.',
    }[status],
  );
  numbers.update();
}

// What is left unsaved when the page goes away is at most what has happened since the last save.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) void session.save();
});

session.setRate(controls.rate);
try {
  const saved = await keeper.load();
  if (saved) {
    controls.settings = saved.settings;
    policies.reset(saved.settings);
    stage.open(worldOf(saved.settings.world));
    session.restore(saved);
  }
} catch (error) {
  controls.showProblem(error);
}
showStatus();
files.update();
