import { algorithmOf, worldOf } from './settings.ts';
import { drawCurve, recentMean } from './curve.ts';
import { find, setText, show } from './elements.ts';
import type { Session } from './session.ts';

/** Milliseconds between two drawings of the curve. */
const CURVE_PERIOD = 150;

/** The numbers of a run, and its learning curve. */
export class Numbers {
  readonly #session: Session;
  #curveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.#session = session;
    new ResizeObserver(() => this.#draw()).observe(find('curve'));
  }

  /** Shows how the run is now. */
  update(): void {
    const { settings, step, updates, points, stepsPerSecond, loss, status } = this.#session;
    const world = worldOf(settings.world);
    const { explorer } = algorithmOf(settings.algorithm).options(world);
    const rate = explorer?.rate?.(step);
    const mean = recentMean(points);
    find<HTMLProgressElement>('progress').value = step / world.steps;
    setText(find('steps'), show(step));
    setText(find('rate'), status === 'running' ? show(Math.round(stepsPerSecond)) : '–');
    setText(find('episodes'), show(points.length));
    setText(find('updates'), show(updates));
    setText(find('loss'), loss === undefined ? '–' : loss.toPrecision(2));
    setText(find('exploration'), rate === undefined ? 'by noise' : `${(100 * rate).toFixed(0)} %`);
    setText(find('agent-score'), mean === undefined ? '–' : show(mean));
    setText(find('agent-best'), points.length === 0 ? '–' : show(Math.max(...points.map((point) => point.return))));
    this.#curveTimer ??= setTimeout(() => this.#draw(), CURVE_PERIOD);
  }

  #draw(): void {
    clearTimeout(this.#curveTimer);
    this.#curveTimer = undefined;
    drawCurve(find('curve'), this.#session.points);
  }
}
