import { DqnError, describe } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import { checkSame, readCount, readFields, type StateFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import { greedy } from '../exploration/greedy.ts';
import type { QNetwork } from '../networks/q-network.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import { checkMask, checkReward } from '../replay/check-transition.ts';
import { NStepAccumulator } from '../replay/n-step.ts';
import type { ReplayBuffer, Transition } from '../replay/replay-buffer.ts';
import { Actor } from './actor.ts';
import type { ActBatchOptions, Agent, Experience, UpdateReport } from './agent.ts';
import { BellmanUpdate } from './bellman-update.ts';
import type { ResolvedAgentOptions } from './options.ts';
import { composition } from './composition.ts';
import type { ActOptions } from './policy.ts';

/** The version of the agent's checkpoint layout. */
const version = 1;

/** What {@link DqnAgent} is made of. */
export interface DqnAgentParts<Observation, M extends Timing> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly options: ResolvedAgentOptions;
  readonly online: QNetwork<M>;
  readonly target: QNetwork<M>;
}

/** The agent behind `createAgent`: composes the parts and owns act, observe and learn. */
export class DqnAgent<Observation, M extends Timing> implements Agent<Observation, M> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly options: ResolvedAgentOptions;
  readonly online: QNetwork<M>;
  readonly target: QNetwork<M>;
  readonly replay: ReplayBuffer;
  readonly #actor: Actor<Observation, M>;
  readonly #windows: NStepAccumulator;
  readonly #bellman: BellmanUpdate;
  readonly #learningRate: Schedule;
  readonly #greedy = greedy();
  readonly #exploring: Random;
  readonly #sampling: Random;
  readonly #remember: (transition: Transition) => void;
  readonly #observation: Float32Array | Uint8Array;
  readonly #next: Float32Array | Uint8Array;
  #step = 0;
  #updates = 0;
  #due = 0;

  constructor({ observationSpace, actionSpace, options, online, target }: DqnAgentParts<Observation, M>) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.options = options;
    this.online = online;
    this.target = target;
    const random = new Random(options.seed);
    this.#exploring = random.split('exploration');
    this.#sampling = random.split('replay');
    this.#actor = new Actor({ observationSpace, actionSpace, network: online, head: options.head, random: this.#exploring });
    const { codec } = this.#actor;
    const layout = { observationSize: codec.size, observationType: codec.type, actions: actionSpace.n };
    this.replay = options.replay.create(layout);
    this.#windows = new NStepAccumulator({ n: options.nStep, discount: options.discount, layout });
    this.#bellman = new BellmanUpdate(options, actionSpace.n, online, target);
    this.#learningRate = toSchedule(options.optimizer.learningRate);
    this.#remember = (transition) => this.replay.add(transition);
    this.#observation = codec.allocate(1);
    this.#next = codec.allocate(1);
  }

  get step(): number {
    return this.#step;
  }

  get updates(): number {
    return this.#updates;
  }

  get updatesDue(): number {
    return this.#due;
  }

  act(observation: Observation, options?: ActOptions): Answer<number, M> {
    return this.#actor.act(observation, this.#explorer(options?.explore), this.#step, options?.actionMask);
  }

  actBatch(observations: readonly Observation[], options?: ActBatchOptions): Answer<Int32Array, M> {
    return this.#actor.actBatch(observations, this.#explorer(options?.explore), this.#step, options?.actionMasks);
  }

  qValues(observation: Observation): Answer<Float32Array, M> {
    return this.#actor.qValues(observation);
  }

  #explorer(explore = true) {
    return explore ? this.options.explorer : this.#greedy;
  }

  observe(experience: Experience<Observation>): Answer<void, M> {
    const { action, reward, terminated, truncated, nextActionMask, stream = 0 } = experience;
    const { codec } = this.#actor;
    codec.encode(experience.observation, this.#observation, 0, 'observe({ observation })');
    codec.encode(experience.nextObservation, this.#next, 0, 'observe({ nextObservation })');
    const index = action - this.actionSpace.start;
    if (!Number.isInteger(index) || index < 0 || index >= this.actionSpace.n) this.#refuseAction(action);
    checkReward('observe({ reward })', reward);
    checkMask('observe({ nextActionMask })', this.#windows.layout, nextActionMask);
    this.#windows.push(
      {
        stream,
        observation: this.#observation,
        action: index,
        reward,
        terminated,
        truncated,
        nextObservation: this.#next,
        nextActionMask,
      },
      this.#remember,
    );
    const step = ++this.#step;
    const { learningStarts, learnPeriod, updatesPerRound, targetUpdater } = this.options;
    if (step >= learningStarts && step % learnPeriod === 0 && this.replay.size > 0) this.#due += updatesPerRound;
    // An updater that answers at once gives undefined: nothing to wait for.
    return targetUpdater.afterStep?.(this.#clock()) as Answer<void, M>;
  }

  cutEpisodes(): void {
    for (let stream = 0; stream < this.#windows.streams; stream++) this.#windows.end(stream, this.#remember);
  }

  learn(): Answer<UpdateReport, M> {
    const { options, replay } = this;
    const batch = replay.sample(options.batchSize, this.#sampling);
    const learningRate = this.#learningRate.at(this.#step);
    const answer = chain(this.#bellman.run(batch, learningRate), (gradientNorm): MaybePromise<UpdateReport> => {
      this.#updates++;
      if (this.#due > 0) this.#due--;
      replay.updatePriorities?.(batch.ids, this.#bellman.tdErrors);
      const report = this.#bellman.report(batch, this.#updates, gradientNorm, learningRate);
      return chain(options.targetUpdater.afterUpdate?.(this.#clock()), () => report);
    });
    return answer as Answer<UpdateReport, M>;
  }

  #clock() {
    return { online: this.online, target: this.target, step: this.#step, updates: this.#updates };
  }

  async getState(): Promise<State> {
    return { ...(await this.#learned()), replay: this.replay.getState() };
  }

  /** The state without the replay buffer: small, and safe from what is restored later (weights are copied, windows replaced). */
  async #learned() {
    return {
      composition: composition(this),
      step: this.#step,
      updates: this.#updates,
      updatesDue: this.#due,
      exploring: [...this.#exploring.state()],
      sampling: [...this.#sampling.state()],
      online: tensorsToState(await this.online.weights()),
      target: tensorsToState(await this.target.weights()),
      optimizer: tensorsToState(await this.online.optimizerState()),
      windows: this.#windows.getState(),
    };
  }

  async setState(state: State): Promise<void> {
    const where = 'Agent.setState(state)';
    const fields = readFields(where, state);
    checkSame(`${where}.composition`, readFields(`${where}.composition`, fields.composition), composition(this));
    const before = await this.#learned();
    try {
      await this.#restore(where, fields);
      // Last, because it is the only part too large to be put back.
      this.replay.setState(fields.replay as State);
    } catch (error) {
      await this.#restore(where, before);
      throw error;
    }
  }

  async #restore(where: string, fields: StateFields): Promise<void> {
    const step = readCount(where, fields, 'step');
    const updates = readCount(where, fields, 'updates');
    const due = readCount(where, fields, 'updatesDue');
    await this.online.setWeights(readTensors(where, fields, 'online'));
    await this.target.setWeights(readTensors(where, fields, 'target'));
    await this.online.setOptimizerState(readTensors(where, fields, 'optimizer'));
    this.#exploring.restore(fields.exploring);
    this.#sampling.restore(fields.sampling);
    this.#windows.setState(fields.windows as State);
    this.#step = step;
    this.#updates = updates;
    this.#due = due;
  }

  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const { encodeArchive } = await import('../common/archive.ts');
    return encodeArchive({ kind: 'agent', version, state: await this.getState() });
  }

  async load(bytes: Uint8Array): Promise<void> {
    const { decodeArchive } = await import('../common/archive.ts');
    await this.setState(decodeArchive(bytes, { kind: 'agent', version }));
  }

  async savePolicy(): Promise<Uint8Array<ArrayBuffer>> {
    const { encodePolicy } = await import('./policy-file.ts');
    return encodePolicy({
      spec: this.online.spec,
      head: this.options.head,
      actions: this.actionSpace.n,
      weights: await this.online.weights(),
    });
  }

  dispose(): void {
    this.online.dispose();
    this.target.dispose();
  }

  #refuseAction(action: unknown): never {
    const { start, n } = this.actionSpace;
    throw new DqnError({
      code: 'invalid-action',
      where: 'observe({ action })',
      expected: `a whole number in [${start}, ${start + n - 1}]`,
      received: describe(action),
      remedy: 'Pass the action that the environment was given.',
    });
  }
}
