import { Presets, SingleBar } from 'cli-progress';

/** Shows how many runs go together: a live bar of all their steps on a terminal, a line for every run that ends elsewhere. */
export class JobsProgress {
  readonly #bar: SingleBar | undefined;
  readonly #runs: number;
  readonly #steps = new Map<string, number>();
  #ended = 0;

  /**
   * @param runs - how many.
   * @param steps - of all of them together.
   */
  constructor(runs: number, steps: number) {
    this.#runs = runs;
    if (!process.stderr.isTTY || runs === 0) return;
    const format = '{bar} {percentage}% | run {ended}/{runs} | step {value}/{total} | ETA {eta_formatted}';
    this.#bar = new SingleBar({ format, barsize: 24, hideCursor: true, fps: 4, etaBuffer: 200 }, Presets.shades_classic);
    this.#bar.start(steps, 0, { ended: 0, runs });
  }

  /** Tells the step that a run has come to. */
  step(run: string, step: number): undefined {
    this.#steps.set(run, step);
    let total = 0;
    for (const each of this.#steps.values()) total += each;
    this.#bar?.update(total);
  }

  /** Tells that a run has ended, and how. */
  end(run: string, how: string): void {
    this.#ended++;
    this.#bar?.update({ ended: this.#ended });
    if (!this.#bar) console.error(`run ${this.#ended}/${this.#runs} | ${run}: ${how}`);
  }

  /** Leaves the terminal as it was found. */
  stop(): void {
    this.#bar?.stop();
  }
}
