import { Presets, SingleBar } from 'cli-progress';

/** What a progress report shows. */
export interface ProgressReport {
  readonly step: number;
  /** Mean return of the last episodes. */
  readonly return: number;
  readonly epsilon: number;
}

/** Shows how training goes: a live bar on a terminal, a line every tenth of the run elsewhere. */
export class Progress {
  readonly #steps: number;
  readonly #from: number;
  readonly #started = performance.now();
  readonly #bar: SingleBar | undefined;
  #reported = 0;

  constructor(steps: number, from: number) {
    this.#steps = steps;
    this.#from = from;
    this.#reported = Math.floor((from / steps) * 10);
    if (!process.stderr.isTTY) return;
    const format = '{bar} {percentage}% | step {value}/{total} | {rate} steps/s | ETA {left} s | return {return} | ε {epsilon}';
    this.#bar = new SingleBar({ format, barsize: 24, hideCursor: true, clearOnComplete: false, fps: 10 }, Presets.shades_classic);
    this.#bar.start(steps, from, { rate: '…', left: '…', return: '…', epsilon: '…' });
  }

  /** Tells the step just taken. */
  update(report: ProgressReport): void {
    const rate = this.#rate(report.step);
    const payload = {
      rate: Math.round(rate).toLocaleString('en'),
      // Of the whole run: updates come in rounds, so the rate of the last moments says nothing.
      left: ((this.#steps - report.step) / rate).toFixed(0),
      return: report.return.toFixed(1),
      epsilon: report.epsilon.toFixed(3),
    };
    if (this.#bar) {
      this.#bar.update(report.step, payload);
      return;
    }
    const tenth = Math.floor((report.step / this.#steps) * 10);
    if (tenth <= this.#reported) return;
    this.#reported = tenth;
    console.error(
      `step ${report.step}/${this.#steps} | ${payload.rate} steps/s | ETA ${payload.left} s | return ${payload.return} | ε ${payload.epsilon}`,
    );
  }

  /** Leaves the terminal as it was found. */
  stop(): void {
    this.#bar?.stop();
  }

  #rate(step: number): number {
    return ((step - this.#from) / Math.max(1, performance.now() - this.#started)) * 1000;
  }
}
