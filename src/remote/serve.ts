import type { Agent } from '../agent/agent.ts';
import { openArchive } from '../common/archive.ts';
import { checkNames } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { MaybePromise, Timing } from '../common/maybe-promise.ts';
import { readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { Environment } from '../environment/environment.ts';
import type { VectorEnvironment } from '../environment/vector-environment.ts';
import { checkpointSeries, type CheckpointSeries, type CheckpointSeriesOptions } from '../training/checkpoint-series.ts';
import type { TrainEvent } from '../training/events.ts';
import { train, type TrainingRun, type TrainOptions } from '../training/train.ts';
import { Digest } from './digest.ts';
import type { Port } from './port.ts';
import {
  eventToWire,
  open,
  PROTOCOL,
  seal,
  type AnyAnswer,
  type Command,
  type FinalState,
  type FromWorker,
  type ToWorker,
} from './protocol.ts';
import type { TrainerEvent, TrainerStatus } from './trainer-events.ts';
import { toWire } from './wire-error.ts';

/** What is trained in a worker, and how. */
export interface TrainingSetup<Observation, M extends Timing> {
  readonly agent: Agent<Observation, M>;
  readonly environment: Environment<Observation, number> | VectorEnvironment<Observation, number>;
  /** As for `train`. */
  readonly options: Omit<TrainOptions<Observation>, 'resume' | 'signal'>;
  /**
   * Where to keep the checkpoints of every `options.checkpointPeriod` steps and of the end; a run goes on from the latest that is there. Left out: checkpoints go to the
   * page as events.
   */
  readonly checkpoints?: CheckpointSeriesOptions;
}

/** How a worker makes what it trains. */
export interface TrainingRecipe<Config, Observation, M extends Timing> {
  /** Makes agent and environment, in the worker, from what the page sent. */
  create(config: Config): MaybePromise<TrainingSetup<Observation, M>>;
}

type Numbered = Extract<ToWorker, { kind: 'command' }>;

/** The worker's half of training in a worker: one coroutine asks for the next event or answers a call, never both at once, so that a state is whole whenever it is read. */
class Server<Config, Observation, M extends Timing> {
  readonly #port: Port;
  readonly #recipe: TrainingRecipe<Config, Observation, M>;
  readonly #commands: Numbered[] = [];
  #arrived: (() => void) | undefined;
  #status: TrainerStatus = 'preparing';
  #failure: DqnError | undefined;
  #setup: TrainingSetup<Observation, M> | undefined;
  #run: TrainingRun | undefined;
  /** What the run goes on from; it takes that up with its first step. */
  #resume: Uint8Array | undefined;
  #series: CheckpointSeries | undefined;
  #digest = new Digest(0);
  #progressPeriod = 0;
  /** The step of the latest checkpoint in the store. */
  #savedAt = -1;

  constructor(port: Port, recipe: TrainingRecipe<Config, Observation, M>) {
    this.#port = port;
    this.#recipe = recipe;
    port.receive((envelope) => {
      const message = open<ToWorker>(envelope);
      if (message?.kind === 'knock') this.#greet();
      if (message?.kind !== 'command') return;
      this.#commands.push(message);
      this.#arrived?.();
    });
    this.#greet();
  }

  /** Works until it is stopped. */
  async work(): Promise<void> {
    while (this.#status !== 'stopped') {
      const next = this.#commands.shift();
      if (next) await this.#answer(next);
      else if (this.#status === 'running') await this.#advance().catch((error: unknown) => this.#fail(error));
      else await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }

  #greet(): void {
    this.#send({ kind: 'here', protocol: PROTOCOL });
  }

  async #answer({ id, command }: Numbered): Promise<void> {
    try {
      const value = await this.#perform(command);
      this.#send({ kind: 'answer', id, value }, buffersOf(value));
    } catch (error) {
      this.#send({ kind: 'refusal', id, error: toWire(error) });
    }
  }

  async #perform(command: Command): Promise<AnyAnswer> {
    switch (command.kind) {
      case 'create':
        return this.#create(command);
      case 'go':
        return this.#go();
      case 'pause':
        return this.#pause();
      case 'policy':
        await this.#takeUp();
        return this.#parts().setup.agent.savePolicy();
      case 'checkpoint':
        return this.#checkpoint();
      case 'stop':
        return this.#stop();
    }
  }

  async #create({ config, resume, progressPeriod }: Extract<Command, { kind: 'create' }>): Promise<undefined> {
    this.#progressPeriod = progressPeriod;
    try {
      const setup = await this.#recipe.create(config as Config);
      checkSetup(setup);
      const { agent, environment, options, checkpoints } = setup;
      this.#series = checkpoints && checkpointSeries(checkpoints);
      const latest = resume ? undefined : await this.#series?.latest();
      this.#resume = resume ?? latest?.bytes;
      this.#run = train(agent, environment, { ...options, resume: this.#resume });
      this.#setup = setup;
      for (const error of latest?.damaged ?? []) this.#tell({ kind: 'problem', step: 0, error });
    } catch (error) {
      throw this.#fail(error);
    }
    this.#become('ready');
    return undefined;
  }

  /** Starts, or goes on. The first event shows whether a checkpoint fits. */
  async #go(): Promise<undefined> {
    const { setup } = this.#parts();
    if (this.#failure) throw this.#failure;
    const first = this.#status === 'ready';
    if (!first && this.#status !== 'paused') return undefined;
    this.#become('running');
    this.#digest.restart(setup.agent.step);
    if (!first) return undefined;
    try {
      await this.#advance();
    } catch (error) {
      throw this.#fail(error);
    }
    return undefined;
  }

  #pause(): undefined {
    if (this.#status !== 'running') return undefined;
    this.#tellProgress();
    this.#become('paused');
    return undefined;
  }

  /** Takes the next event, and those of the same step, so that none is lost where a run is stopped and resumed. */
  async #advance(): Promise<void> {
    const { run } = this.#parts();
    do {
      const next = await run.next();
      if (next.done) {
        await this.#keep();
        this.#tellProgress();
        this.#become('finished');
        return;
      }
      await this.#take(next.value);
    } while (run.pending > 0);
    if (this.#digest.age >= this.#progressPeriod) this.#tellProgress();
  }

  async #take(event: TrainEvent): Promise<void> {
    switch (event.kind) {
      case 'step':
        break;
      case 'episode':
        this.#digest.episode(event);
        break;
      case 'update':
        this.#digest.update(event);
        break;
      case 'evaluation':
      case 'problem':
        this.#tell(event);
        break;
      case 'checkpoint':
        if (this.#series) await this.#keep(event.bytes);
        else this.#send({ kind: 'event', event }, [event.bytes.buffer]);
    }
  }

  /** Lets the agent know what the run is to go on from, where it is asked before the start: else it would tell of one that has learned nothing. */
  async #takeUp(): Promise<void> {
    const { setup } = this.#parts();
    if (this.#status !== 'ready' || !this.#resume) return;
    try {
      await setup.agent.setState(readFields('train({ resume })', openArchive(this.#resume).state).agent as State);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** The whole run as it is now. */
  async #checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#takeUp();
    return this.#parts().run.checkpoint();
  }

  /** Keeps a checkpoint, where there is a store; that this fails is told, and does not stop the run. */
  async #keep(bytes?: Uint8Array): Promise<void> {
    if (!this.#series) return;
    const { run, setup } = this.#parts();
    const { step } = setup.agent;
    try {
      if (step === this.#savedAt) return;
      const name = await this.#series.save(step, bytes ?? (await run.checkpoint()));
      this.#savedAt = step;
      this.#tell({ kind: 'saved', step, name });
    } catch (error) {
      this.#tell({ kind: 'problem', step, error: asDqnError(error) });
    }
  }

  async #stop(): Promise<FinalState> {
    const { setup, run } = this.#parts();
    const { agent, environment } = setup;
    const checkpoint = await this.#checkpoint();
    const { step, updates } = agent;
    const policy = await agent.savePolicy();
    if (this.#status === 'running' || this.#status === 'paused') await this.#keep(checkpoint);
    this.#tellProgress();
    await run.return();
    await environment.close?.();
    agent.dispose();
    this.#become('stopped');
    return { step, updates, policy, checkpoint };
  }

  #parts(): { readonly setup: TrainingSetup<Observation, M>; readonly run: TrainingRun } {
    if (this.#setup && this.#run) return { setup: this.#setup, run: this.#run };
    throw this.#failure ?? notMade();
  }

  #fail(error: unknown): DqnError {
    const failure = asDqnError(error);
    this.#failure = failure;
    if (this.#setup) this.#tellProgress();
    this.#become('failed');
    return failure;
  }

  #become(status: TrainerStatus): void {
    this.#status = status;
    this.#tell({ kind: 'status', status, step: this.#setup?.agent.step ?? 0, error: this.#failure });
  }

  #tellProgress(): void {
    const { agent } = this.#parts().setup;
    this.#tell(this.#digest.take(agent.step, agent.updates));
  }

  #tell(event: TrainerEvent): void {
    this.#send({ kind: 'event', event: eventToWire(event) });
  }

  #send(message: FromWorker, moved: readonly ArrayBuffer[] = []): void {
    this.#port.send(seal(message), moved);
  }
}

/** The buffers of an answer: they move to the page, for nothing here needs them any more. */
function buffersOf(value: AnyAnswer): ArrayBuffer[] {
  if (value === undefined) return [];
  return value instanceof Uint8Array ? [value.buffer] : [value.policy.buffer, value.checkpoint.buffer];
}

const SETUP: Readonly<Record<keyof TrainingSetup<unknown, Timing>, true>> = {
  agent: true,
  environment: true,
  options: true,
  checkpoints: true,
};

function checkSetup(setup: unknown): void {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const names = ['agent', 'environment', 'options'] as const;
  const parts = setup as Readonly<Record<(typeof names)[number], unknown>>;
  const wrong = isObject(setup)
    ? names.flatMap((name) => (isObject(parts[name]) ? [] : `${describe(parts[name])} as the ${name}`)).join(', ')
    : describe(setup);
  if (wrong === '') return checkNames('serveTraining({ create })', parts, SETUP);
  throw new DqnError({
    code: 'invalid-option',
    where: 'serveTraining({ create })',
    expected: 'create() to give { agent, environment, options }',
    received: wrong,
    remedy: 'Return all three from create().',
  });
}

/** What was thrown, as a DqnError: what is none comes from the code in the worker. */
function asDqnError(error: unknown): DqnError {
  if (error instanceof DqnError) return error;
  return new DqnError({
    code: 'worker-failed',
    where: 'serveTraining(recipe)',
    expected: 'the code in the worker to run',
    received: `an error it threw: ${error instanceof Error ? `${error.name}: ${error.message}` : describe(error)}`,
    remedy: 'Mend that code. The original error is the cause.',
    cause: error,
  });
}

function notMade(): DqnError {
  return new DqnError({
    code: 'worker-failed',
    where: 'serveTraining(recipe)',
    expected: 'a call after the agent was made',
    received: 'one before',
    remedy: 'Use trainInWorker() of the same release as serveTraining().',
  });
}

/** Serves training through a port, until it is stopped. */
export function serve<Config, Observation, M extends Timing>(port: Port, recipe: TrainingRecipe<Config, Observation, M>): void {
  void new Server(port, recipe).work();
}
