import { DqnError, describe } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import { checkSame, damagedState, readCount, readFields, readInteger, type StateFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { checkReward } from '../environment/check-step.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import type { Explorer, RememberingExplorer } from '../exploration/explorer.ts';
import { greedy } from '../exploration/greedy.ts';
import type { QNetwork } from '../networks/q-network.ts';
import { traitsOf } from '../networks/traits.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import { checkMask, checkStream } from '../replay/check-transition.ts';
import type { ReplayBuffer, ReplayLayout } from '../replay/replay-buffer.ts';
import type { SequenceReplay } from '../replay/sequence-replay.ts';
import { ActingMemory } from './acting-memory.ts';
import { Actor, type Acting } from './actor.ts';
import type { ActBatchOptions, Agent, Experience, UpdateReport } from './agent.ts';
import { none } from './arrays.ts';
import { BellmanRows } from './bellman-rows.ts';
import { Draws } from './draws.ts';
import type { Learner, LearnerFactory } from './learner.ts';
import type { ResolvedAgentOptions } from './options.ts';
import { composition } from './composition.ts';
import type { ActOptions } from './policy.ts';

/** The version of the agent's checkpoint layout. */
const version = 2;

/** What {@link DqnAgent} is made of. */
export interface DqnAgentParts<Observation, M extends Timing> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly options: ResolvedAgentOptions;
  readonly online: QNetwork<M>;
  readonly target: QNetwork<M>;
  /** K: estimates of all action values side by side. */
  readonly heads: number;
  /** How it remembers and learns. */
  readonly learner: LearnerFactory;
}

/** The agent behind `createAgent`: composes the parts and owns act, observe and learn. */
export class DqnAgent<Observation, M extends Timing> implements Agent<Observation, M> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly options: ResolvedAgentOptions;
  readonly online: QNetwork<M>;
  readonly target: QNetwork<M>;
  readonly #actor: Actor<Observation, M>;
  readonly #layout: ReplayLayout;
  readonly #learner: Learner;
  readonly #rows: BellmanRows;
  readonly #learningRate: Schedule;
  readonly #explorer: Explorer;
  /** The explorer, where it remembers something. */
  readonly #remembering: RememberingExplorer | undefined;
  readonly #greedy = greedy();
  readonly #exploring: Random;
  readonly #sampling: Random;
  /** Of noise and fractions while acting. */
  readonly #actingNoise: Random;
  /** Of noise and fractions in updates. */
  readonly #learningNoise: Random;
  readonly #training: ActingMemory;
  /** Evaluation acts beside training and must not disturb it. */
  readonly #evaluating: ActingMemory;
  readonly #observation: Float32Array | Uint8Array;
  readonly #next: Float32Array | Uint8Array;
  /** Environments of a vector met so far. */
  #streams = 0;
  #step = 0;
  #updates = 0;
  #due = 0;

  constructor({ observationSpace, actionSpace, options, online, target, heads, learner }: DqnAgentParts<Observation, M>) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.options = options;
    this.online = online;
    this.target = target;
    const random = new Random(options.seed);
    this.#exploring = random.split('exploration');
    this.#sampling = random.split('replay');
    this.#actingNoise = random.split('acting noise');
    this.#learningNoise = random.split('learning noise');
    const { head, bootstrap, explorer } = options;
    this.#actor = new Actor({
      observationSpace,
      actionSpace,
      network: online,
      head,
      heads,
      random: this.#exploring,
      noise: this.#actingNoise,
    });
    this.#remembering = explorer.fresh?.();
    this.#explorer = this.#remembering ?? explorer;
    this.#training = new ActingMemory(online.stateSize);
    this.#evaluating = new ActingMemory(online.stateSize);
    const { codec } = this.#actor;
    const { size: observationSize, type: observationType, stacking } = codec;
    this.#layout = { observationSize, observationType, actions: actionSpace.n, ...(stacking && { stacking }) };
    const headProbability = explorer.headProbability ?? 1;
    const seed = random.split('heads').uint32();
    this.#rows = new BellmanRows({ head, bootstrap, actions: actionSpace.n, heads, headProbability, seed });
    const draws = new Draws(this.#learningNoise, traitsOf(online.spec).noisy, head.fractions);
    const parts = { options, online, target, rows: this.#rows, draws, actions: actionSpace.n };
    this.#learner = learner(parts, this.#layout);
    this.#learningRate = toSchedule(options.optimizer.learningRate);
    this.#observation = codec.allocate(1);
    this.#next = codec.allocate(1);
  }

  get replay(): ReplayBuffer | SequenceReplay {
    return this.#learner.replay;
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
    const stream = options?.stream ?? 0;
    const acting = this.#acting(options?.explore, stream);
    if (options?.first) acting.memory.begin(stream);
    return this.#actor.act(observation, acting, stream, options?.actionMask);
  }

  actBatch(observations: readonly Observation[], options?: ActBatchOptions): Answer<Int32Array, M> {
    return this.#actor.actBatch(observations, this.#acting(options?.explore, observations.length - 1), options?.actionMasks);
  }

  qValues(observation: Observation): Answer<Float32Array, M> {
    return this.#actor.qValues(observation);
  }

  /** @param stream - the last of the environments that are acted in. */
  #acting(explore = true, stream: number): Acting {
    checkStream('act(observation, { stream })', stream);
    const step = this.#step;
    if (explore && stream >= this.#streams) this.#streams = stream + 1;
    if (explore) return { explorer: this.#explorer, noisy: true, memory: this.#training, step };
    return { explorer: this.#greedy, noisy: false, memory: this.#evaluating, step };
  }

  observe(experience: Experience<Observation>): Answer<void, M> {
    const { action, reward, nextActionMask, stream = 0 } = experience;
    const { codec } = this.#actor;
    codec.encode(experience.observation, this.#observation, 0, 'observe({ observation })');
    codec.encode(experience.nextObservation, this.#next, 0, 'observe({ nextObservation })');
    const index = action - this.actionSpace.start;
    if (!Number.isInteger(index) || index < 0 || index >= this.actionSpace.n) this.#refuseAction(action);
    checkReward('observe({ reward })', reward);
    checkMask('observe({ nextActionMask })', this.#layout, nextActionMask);
    checkStream('observe({ stream })', stream);
    if (this.online.stateSize === 0) return this.#remember(experience, index, none) as Answer<void, M>;
    const before = this.#training.takeBefore(stream);
    if (before) return this.#remember(experience, index, before) as Answer<void, M>;
    // Somebody else has acted: the network still has to see what there was to see.
    const seeing = this.#actor.see(experience.observation, this.#acting(true, stream), stream);
    return chain(seeing, () => this.#remember(experience, index, this.#training.takeBefore(stream) ?? none)) as Answer<void, M>;
  }

  /** Keeps a step that has been checked and encoded, and moves the clock. */
  #remember(experience: Experience<Observation>, action: number, state: Float32Array): MaybePromise<void> {
    const { reward, terminated, truncated, nextActionMask, stream = 0 } = experience;
    const observation = this.#observation;
    const nextObservation = this.#next;
    if (stream >= this.#streams) this.#streams = stream + 1;
    this.#learner.remember({ stream, observation, action, reward, terminated, truncated, nextObservation, nextActionMask, state });
    if (terminated || truncated) this.#endEpisode(stream);
    const step = ++this.#step;
    const { learningStarts, learnPeriod, updatesPerRound, targetUpdater } = this.options;
    if (step >= learningStarts && step % learnPeriod === 0 && this.#learner.ready) this.#due += updatesPerRound;
    // An updater that answers at once gives undefined: nothing to wait for.
    return targetUpdater.afterStep?.(this.#clock());
  }

  elapse(): Answer<void, M> {
    this.#step++;
    return this.options.targetUpdater.afterStep?.(this.#clock()) as Answer<void, M>;
  }

  #endEpisode(stream: number): void {
    this.#training.begin(stream);
    this.#remembering?.endEpisode?.(stream);
  }

  cutEpisodes(stream?: number): void {
    if (stream === undefined) {
      for (let i = 0; i < this.#streams; i++) this.#cutEpisode(i);
      return;
    }
    checkStream('cutEpisodes(stream)', stream);
    if (stream < this.#streams) this.#cutEpisode(stream);
  }

  #cutEpisode(stream: number): void {
    this.#learner.cutEpisode(stream);
    this.#endEpisode(stream);
  }

  learn(): Answer<UpdateReport, M> {
    const learningRate = this.#learningRate.at(this.#step);
    const answer = chain(this.#learner.settle?.(), (failure) => {
      if (failure) {
        this.#updates--;
        throw failure;
      }
      const learning = this.#learner.learn(this.#sampling, learningRate, this.#step);
      return chain(learning, (numbers): MaybePromise<UpdateReport> => {
        this.#updates++;
        if (this.#due > 0) this.#due--;
        const report = { update: this.#updates, ...numbers, learningRate };
        return chain(this.options.targetUpdater.afterUpdate?.(this.#clock()), () => report);
      });
    });
    return answer as Answer<UpdateReport, M>;
  }

  #clock() {
    return { online: this.online, target: this.target, step: this.#step, updates: this.#updates };
  }

  async getState(): Promise<State> {
    return { ...(await this.#learned()), replay: this.replay.getState() };
  }

  /** The state without the replay buffer: small, and safe from what is restored later (weights and memories are copied, windows replaced). */
  async #learned() {
    const { late } = this.#learner;
    // An update under way is waited for: whether it counts decides what the optimiser's state is.
    await late?.arrive();
    return {
      composition: composition(this),
      step: this.#step,
      updates: this.#updates,
      updatesDue: this.#due,
      streams: this.#streams,
      exploring: [...this.#exploring.state()],
      sampling: [...this.#sampling.state()],
      actingNoise: [...this.#actingNoise.state()],
      learningNoise: [...this.#learningNoise.state()],
      acting: this.#training.getState(),
      explorer: this.#remembering?.getState() ?? null,
      online: tensorsToState(await this.online.weights()),
      target: tensorsToState(await this.target.weights()),
      optimizer: tensorsToState(await this.online.optimizerState()),
      windows: this.#learner.windows?.getState() ?? null,
      late: late?.getState() ?? null,
    };
  }

  async setState(state: State): Promise<void> {
    const where = 'Agent.setState(state)';
    const fields = readFields(where, state);
    checkSame(`${where}.composition`, readFields(`${where}.composition`, fields.composition), composition(this));
    const before = await this.#learned();
    // Those too that this agent has no part for.
    for (const key of Object.keys(before)) if (!(key in fields)) throw damagedState(`${where}.${key}`, 'a value', undefined);
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
    const due = readInteger(where, fields, 'updatesDue', 0, step * this.options.updatesPerRound);
    const streams = readInteger(where, fields, 'streams', 0, 2 ** 16);
    await this.online.setWeights(readTensors(where, fields, 'online'));
    await this.target.setWeights(readTensors(where, fields, 'target'));
    await this.online.setOptimizerState(readTensors(where, fields, 'optimizer'));
    this.#exploring.restore(fields.exploring);
    this.#sampling.restore(fields.sampling);
    this.#actingNoise.restore(fields.actingNoise);
    this.#learningNoise.restore(fields.learningNoise);
    this.#training.setState(fields.acting as State);
    this.#remembering?.setState(fields.explorer as State);
    this.#learner.windows?.setState(fields.windows as State);
    this.#learner.late?.setState(`${where}.late`, fields.late);
    this.#step = step;
    this.#updates = updates;
    this.#due = due;
    this.#streams = streams;
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
    const { encodePolicy } = await import('./policy-contents.ts');
    return encodePolicy({
      spec: this.online.spec,
      head: this.options.head,
      actions: this.actionSpace.n,
      heads: this.#actor.heads,
      weights: await this.online.weights(),
    });
  }

  dispose(): void {
    // What is still on its way is let in, and so freed; nobody is left to tell of a failure.
    void Promise.resolve(this.#learner.late?.arrive()).catch(() => undefined);
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
