import { Bars } from './bars.ts';
import { find, setText, show } from './elements.ts';
import { Game } from './game.ts';
import { PlayPad } from './play-pad.ts';
import type { Policies } from './policies.ts';
import { Show } from './show.ts';
import { Trace } from './trace.ts';
import { ValueMap } from './value-map.ts';
import type { SceneMessage } from './worker.ts';
import type { World } from './worlds.ts';

/** What the picture shows: the agent as good as it can, the agent as it practises, or somebody who plays. */
export type View = 'watch' | 'practice' | 'play';

const views: readonly View[] = ['watch', 'practice', 'play'];

/** Milliseconds between two paintings of the value map. */
const MAP_PERIOD = 200;

/** The picture of the world, drawn with every frame, and the Q-values of what it shows. */
export class Stage {
  readonly #policies: Policies;
  readonly #picture = find('picture');
  readonly #pad: PlayPad;
  #world: World;
  #view: View = 'watch';
  #parts: ReturnType<typeof build>;
  /** What the agent that practises saw last. */
  #practiceObservation: unknown;
  #mapAge = -Infinity;
  #drawn = '';

  constructor(world: World, policies: Policies) {
    this.#policies = policies;
    this.#pad = new PlayPad(find('arena'), find('pad'), {
      press: (action) => this.#parts.game.press(action, performance.now()),
      release: (action) => this.#parts.game.release(action),
      releaseAll: () => this.#parts.game.releaseAll(),
    });
    for (const name of views) {
      find(name).addEventListener('click', () => {
        this.view(name);
        // Who plays by keys needs not look for the picture first.
        if (name === 'play') this.#picture.focus();
      });
    }
    this.#parts = build(world);
    this.#world = world;
    this.view('watch');
    const frame = (now: number) => {
      this.#draw(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Shows another world. */
  open(world: World): void {
    this.#parts = build(world);
    this.#practiceObservation = undefined;
    this.#mapAge = -Infinity;
    this.#world = world;
    this.view(this.#view);
  }

  /** Shows something else of it. */
  view(view: View): void {
    this.#view = view;
    for (const name of views) find(name).setAttribute('aria-pressed', String(name === view));
    const playing = view === 'play';
    const { name, task } = this.#world;
    find('pad').hidden = !playing;
    this.#picture.setAttribute('role', playing ? 'application' : 'img');
    this.#picture.setAttribute('aria-label', playing ? `${name}: play with keys` : name);
    this.#picture.tabIndex = playing ? 0 : -1;
    if (playing) this.#pad.open(this.#world);
    else this.#pad.close();
    setText(find('task'), task);
  }

  /** Takes what happens in the environment that is trained on. */
  practise({ state, observation }: SceneMessage): void {
    this.#parts.practice.setState(state);
    this.#practiceObservation = observation;
  }

  #draw(now: number): void {
    const policy = this.#policies.current;
    const { show: watched, game, practice, bars, map, trace } = this.#parts;
    if (this.#view === 'watch' && policy) watched.advance(now, policy);
    if (this.#view === 'play') game.advance(now);
    const [environment, observation] = {
      watch: [watched.environment, watched.observation] as const,
      practice: [practice, this.#practiceObservation] as const,
      play: [game.environment, game.observation] as const,
    }[this.#view];
    const drawing = environment.render('svg');
    if (drawing !== this.#drawn) this.#picture.innerHTML = this.#drawn = drawing;
    setText(find('caption'), this.#caption());
    setText(find('your-score'), game.stage === 'waiting' ? '–' : show(game.return));
    setText(find('your-best'), game.best === -Infinity ? '–' : show(game.best));
    if (!policy || observation === undefined) return;
    const q = policy.qValues(observation);
    bars.update(q);
    trace?.update(observation, q);
    map?.mark(observation as number);
    if (!map || now - this.#mapAge < MAP_PERIOD) return;
    this.#mapAge = now;
    map.update((cell) => policy.qValues(cell));
  }

  #caption(): string {
    if (this.#view === 'practice') {
      return this.#practiceObservation === undefined
        ? 'Practice is seen while it trains.'
        : 'Training itself: it tries random actions too, and takes far more steps than can be drawn.';
    }
    if (this.#view === 'watch') {
      if (this.#policies.visiting) return 'The policy of your file, as good as it can.';
      return this.#policies.current ? 'What it has learned so far, as good as it can.' : 'It has learned nothing yet. Press Start.';
    }
    const keys = Object.keys(this.#world.keys).map(
      (key) => ({ ArrowUp: '↑', ArrowRight: '→', ArrowDown: '↓', ArrowLeft: '←', ' ': 'space' })[key],
    );
    const how = `${keys.join(' ')} or the buttons`;
    const { stage, return: score } = this.#parts.game;
    if (stage === 'waiting') return `Your turn: ${how}.`;
    return stage === 'playing' ? 'You play.' : `Over, with ${show(score)}. Play again: ${how}.`;
  }
}

/** What a world is shown by. */
function build(world: World) {
  const { grid, actions } = world;
  const practice = world.create();
  practice.reset({ seed: 0 });
  return {
    show: new Show(world),
    game: new Game(world),
    practice,
    bars: new Bars(find('bars'), world),
    map: grid && new ValueMap(find('map'), grid, world),
    trace: grid ? undefined : new Trace(find('map'), actions.length),
  };
}
