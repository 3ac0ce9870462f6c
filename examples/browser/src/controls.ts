import { algorithms } from './algorithms.ts';
import { find, setText } from './elements.ts';
import { engines } from './engines.ts';
import { algorithmOf, engineOf, paceOf, paces, worldOf, type Settings } from './settings.ts';
import { worlds } from './worlds.ts';

/** Who is told what is asked for. */
interface ControlsListener {
  /** Start, pause, or go on. */
  onRun(): void;
  /** Begin anew with the settings as they are now. */
  onReset(): void;
  onPace(): void;
}

const PACE = 'dqn-pace';

/** The form: menus, seed, buttons, and what goes wrong. */
export class Controls {
  readonly #form = find<HTMLFormElement>('settings');
  readonly #world = find<HTMLSelectElement>('world');
  readonly #algorithm = find<HTMLSelectElement>('algorithm');
  readonly #engine = find<HTMLSelectElement>('engine');
  readonly #pace = find<HTMLSelectElement>('pace');
  readonly #seed = find<HTMLInputElement>('seed');
  readonly #problem = find('problem');

  constructor({ onRun, onReset, onPace }: ControlsListener) {
    fill(this.#world, worlds);
    fill(this.#algorithm, algorithms);
    fill(this.#engine, engines);
    fill(this.#pace, paces);
    void this.#sortOutEngines();
    this.#pace.value = paceOf(localStorage.getItem(PACE) ?? 'calm').id;
    this.#describe();
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      onRun();
    });
    find('reset').addEventListener('click', () => {
      if (this.#form.reportValidity()) onReset();
    });
    for (const menu of [this.#world, this.#algorithm, this.#engine, this.#seed]) {
      menu.addEventListener('change', () => {
        this.#describe();
        if (this.#form.reportValidity()) onReset();
      });
    }
    this.#pace.addEventListener('change', () => {
      localStorage.setItem(PACE, this.#pace.value);
      onPace();
    });
  }

  /** What a run is to be made from. */
  get settings(): Settings {
    return {
      world: this.#world.value,
      algorithm: this.#algorithm.value,
      engine: this.#engine.value,
      seed: this.#seed.valueAsNumber,
    };
  }

  set settings({ world, algorithm, engine, seed }: Settings) {
    this.#world.value = worldOf(world).id;
    this.#algorithm.value = algorithmOf(algorithm).id;
    this.#engine.value = engineOf(engine).id;
    this.#seed.valueAsNumber = seed;
    this.#describe();
  }

  /** Steps per second, at most. */
  get rate(): number {
    return paceOf(this.#pace.value).rate;
  }

  /** Names what the main button does. */
  showRun(label: string): void {
    setText(find('run'), label);
  }

  /** Says what went wrong, or nothing any more. */
  showProblem(error?: unknown): void {
    this.#problem.hidden = error === undefined;
    setText(this.#problem, error instanceof Error ? error.message : String(error ?? ''));
  }

  /** Disables the engines that cannot run here, and says why. */
  async #sortOutEngines(): Promise<void> {
    for (const [i, { name, missing }] of engines.entries()) {
      const reason = await missing();
      if (reason === undefined) continue;
      this.#engine.options[i].disabled = true;
      this.#engine.options[i].textContent = `${name}: ${reason}`;
    }
  }

  #describe(): void {
    setText(find('about'), algorithmOf(this.#algorithm.value).about);
  }
}

function fill(menu: HTMLSelectElement, items: readonly { readonly id: string; readonly name: string }[]): void {
  menu.replaceChildren(...items.map(({ id, name }) => new Option(name, id)));
}
