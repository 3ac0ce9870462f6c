import type { World } from './worlds.ts';

/** Who is told what is pressed. */
interface PadListener {
  press(action: number): void;
  release(action: number): void;
  releaseAll(): void;
}

/** Milliseconds that a press by Enter or a screen reader lasts: it has no end of its own. */
const TAP = 120;

/** The keys, and buttons for fingers, of a world that is played. */
export class PlayPad {
  readonly #place: Element;
  readonly #listener: PadListener;
  #keys: Readonly<Record<string, number>> = {};

  /** @param arena - holds the picture and the pad: keys count while the focus is in it. */
  constructor(arena: HTMLElement, place: Element, listener: PadListener) {
    this.#place = place;
    this.#listener = listener;
    arena.addEventListener('keydown', (event) => this.#onKey(event, (action) => listener.press(action)));
    arena.addEventListener('keyup', (event) => this.#onKey(event, (action) => listener.release(action)));
    arena.addEventListener('focusout', () => listener.releaseAll());
    addEventListener('blur', () => listener.releaseAll());
  }

  /** Listens to the keys of this world, and shows its buttons. */
  open({ keys, actions, signs }: World): void {
    this.#keys = keys;
    this.#place.replaceChildren(...Object.values(keys).map((action) => this.#button(actions[action], signs[action], action)));
  }

  /** Listens to nothing. */
  close(): void {
    this.#keys = {};
    this.#listener.releaseAll();
  }

  #onKey(event: KeyboardEvent, act: (action: number) => void): void {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in this.#keys)) return;
    // The space bar presses a button that has the focus.
    if (event.key === ' ' && event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    act(this.#keys[event.key]);
  }

  #button(name: string, sign: string, action: number): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = sign;
    button.dataset.action = name;
    button.setAttribute('aria-label', name);
    button.addEventListener('pointerdown', (event) => {
      button.setPointerCapture(event.pointerId);
      this.#listener.press(action);
    });
    for (const end of ['pointerup', 'pointercancel'] as const) button.addEventListener(end, () => this.#listener.release(action));
    button.addEventListener('click', (event) => {
      // A finger or mouse has been heard already.
      if (event.detail > 0) return;
      this.#listener.press(action);
      setTimeout(() => this.#listener.release(action), TAP);
    });
    return button;
  }
}
