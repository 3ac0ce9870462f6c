import { stripVTControlCharacters } from 'node:util';

/** What {@link Screen} needs of an output. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

// What terminals since the VT220 and xterm understand.
const ALTERNATE_SCREEN = '\u001b[?1049h';
const MAIN_SCREEN = '\u001b[?1049l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Shows frames of text: on a terminal each in the place of the one before, elsewhere one after another without escape codes. */
export class Screen {
  readonly #output: Output;
  #open = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Whether frames take each other's place. */
  get live(): boolean {
    return this.#output.isTTY === true;
  }

  /** Shows a frame. */
  show(frame: string): void {
    if (!this.live) {
      this.#output.write(`${stripVTControlCharacters(frame)}\n\n`);
      return;
    }
    if (!this.#open) this.#output.write(ALTERNATE_SCREEN + HIDE_CURSOR);
    this.#open = true;
    this.#output.write(`${HOME}${frame.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
  }

  /** Leaves the terminal as it was found. */
  close(): void {
    if (this.#open) this.#output.write(SHOW_CURSOR + MAIN_SCREEN);
    this.#open = false;
  }
}
