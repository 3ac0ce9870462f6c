import { trainInWorker, type Trainer, type TrainerEvent } from '@scope/dqn/browser';
import type { CurvePoint, RunKeeper, SavedRun } from './saved-run.ts';
import { worldOf, type Settings } from './settings.ts';
import type { PaceMessage, SceneMessage } from './worker.ts';

/** Where a session stands. */
export type SessionStatus = 'new' | 'running' | 'paused' | 'finished' | 'failed';

/** What a session tells. */
export interface SessionListener {
  /** It stands elsewhere. */
  onStatus(): void;
  /** There are new numbers. */
  onProgress(): void;
  /** There is a newer policy. */
  onPolicy(bytes: Uint8Array<ArrayBuffer>): void;
  /** What happens in the environment that is trained on. */
  onScene(scene: SceneMessage): void;
  /** What went wrong, in words. */
  onProblem(error: unknown): void;
}

/** Milliseconds between two looks at the policy. */
const POLICY_PERIOD = 250;
/** Milliseconds between two saves. */
const SAVE_PERIOD = 3_000;

/** One run: trains in a worker, keeps the curve, and keeps itself over a reload. */
export class Session {
  readonly #keeper: RunKeeper;
  readonly #listener: SessionListener;
  #settings: Settings;
  #status: SessionStatus = 'new';
  #points: CurvePoint[] = [];
  #step = 0;
  #updates = 0;
  #stepsPerSecond = 0;
  #loss: number | undefined;
  #rate = Infinity;
  #worker: Worker | undefined;
  #trainer: Trainer | undefined;
  #resume: Uint8Array<ArrayBuffer> | undefined;
  #saves: Promise<void> = Promise.resolve();
  #saving = false;
  #asking = false;

  constructor(settings: Settings, keeper: RunKeeper, listener: SessionListener) {
    this.#settings = settings;
    this.#keeper = keeper;
    this.#listener = listener;
    setInterval(() => void this.#lookAtPolicy(), POLICY_PERIOD);
    setInterval(() => {
      if (this.#status === 'running' && !this.#saving) void this.save();
    }, SAVE_PERIOD);
  }

  get settings(): Settings {
    return this.#settings;
  }

  get status(): SessionStatus {
    return this.#status;
  }

  /** The finished episodes. */
  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  get step(): number {
    return this.#step;
  }

  get updates(): number {
    return this.#updates;
  }

  get stepsPerSecond(): number {
    return this.#stepsPerSecond;
  }

  /** Mean of the latest updates. */
  get loss(): number | undefined {
    return this.#loss;
  }

  /** Goes on with a run that was kept, when it is started. */
  restore({ settings, points, step, updates, checkpoint, policy }: SavedRun): void {
    this.#settings = settings;
    this.#points = [...points];
    this.#step = step;
    this.#updates = updates;
    this.#resume = checkpoint;
    this.#become(step >= worldOf(settings.world).steps ? 'finished' : 'paused');
    this.#listener.onPolicy(policy);
  }

  /** Forgets everything, and begins anew with these settings when it is started. */
  reset(settings: Settings): void {
    this.#trainer?.terminate();
    this.#worker = this.#trainer = this.#resume = this.#loss = undefined;
    this.#points = [];
    this.#step = this.#updates = this.#stepsPerSecond = 0;
    this.#settings = settings;
    this.#keeper.forget();
    this.#status = 'new';
    this.#listener.onStatus();
  }

  /** Starts, or goes on. */
  async start(): Promise<void> {
    const trainer = (this.#trainer ??= this.#connect());
    const first = trainer.status === 'preparing' || trainer.status === 'ready';
    this.#become('running');
    await this.#attempt(trainer, () => (first ? trainer.start() : trainer.resume()));
  }

  async pause(): Promise<void> {
    const trainer = this.#trainer;
    if (!trainer || this.#status !== 'running') return;
    this.#status = 'paused';
    await this.#attempt(trainer, () => trainer.pause());
    // The last steps have been told by now.
    this.#listener.onStatus();
    await this.save();
  }

  /** Steps per second, at most. */
  setRate(rate: number): void {
    this.#rate = rate;
    this.#worker?.postMessage({ kind: 'pace', rate } satisfies PaceMessage);
  }

  /** Keeps the run as it is now, after what is being kept already. */
  save(): Promise<void> {
    this.#saves = this.#saves.then(() => this.#save());
    return this.#saves;
  }

  async #save(): Promise<void> {
    const trainer = this.#trainer;
    if (!trainer) return;
    this.#saving = true;
    await this.#attempt(trainer, async () => {
      // While it waits, all episodes up to the checkpoint have been told, and none after it.
      await trainer.pause();
      const [checkpoint, policy] = await Promise.all([trainer.checkpoint(), trainer.policy()]);
      const run = { settings: this.#settings, step: this.#step, updates: this.#updates, points: [...this.#points] };
      if (this.#status === 'running') await trainer.resume();
      if (trainer !== this.#trainer) return;
      this.#listener.onPolicy(policy);
      await this.#keeper.save({ ...run, checkpoint, policy });
    });
    this.#saving = false;
  }

  #connect(): Trainer {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const trainer = trainInWorker<Settings>(worker, this.#settings, { resume: this.#resume });
    trainer.listen((event) => {
      if (trainer === this.#trainer) this.#hear(event);
    });
    // Other messages are the library's own.
    worker.addEventListener('message', ({ data }: MessageEvent<SceneMessage>) => {
      if (trainer === this.#trainer && data.kind === 'scene') this.#listener.onScene(data);
    });
    this.#worker = worker;
    this.setRate(this.#rate);
    return trainer;
  }

  #hear(event: TrainerEvent): void {
    if (event.kind === 'progress') {
      this.#step = event.step;
      this.#updates = event.updates;
      this.#stepsPerSecond = event.stepsPerSecond;
      this.#loss = event.update?.loss ?? this.#loss;
      for (const { step, return: value } of event.episodes) this.#points.push({ step, return: value });
      this.#listener.onProgress();
    }
    if (event.kind !== 'status') return;
    if (event.status === 'finished') void this.#finish();
    if (event.error) this.#fail(event.error);
  }

  async #finish(): Promise<void> {
    await this.save();
    this.#become('finished');
  }

  async #lookAtPolicy(): Promise<void> {
    const trainer = this.#trainer;
    if (!trainer || this.#asking || this.#status !== 'running' || this.#step === 0) return;
    this.#asking = true;
    await this.#attempt(trainer, async () => {
      const bytes = await trainer.policy();
      if (trainer === this.#trainer) this.#listener.onPolicy(bytes);
    });
    this.#asking = false;
  }

  /** Calls the worker; what fails is told, unless the run is over meanwhile. */
  async #attempt(trainer: Trainer, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (trainer === this.#trainer) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#listener.onProblem(error);
    this.#become('failed');
  }

  #become(status: SessionStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#listener.onStatus();
  }
}
