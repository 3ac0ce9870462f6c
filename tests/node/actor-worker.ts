// Run as a worker thread.
import { CartPole } from '../../src/environments/index.ts';
import { discrete, type Environment } from '../../src/index.ts';
import { serveActor } from '../../src/node/index.ts';
import { actorAgent, type ActorConfig } from '../support/actor-recipe.ts';
import { Corridor } from '../support/corridor.ts';

/** A CartPole with a flaw, and which shows that it has been closed. */
class Flawed extends CartPole {
  #steps = 0;
  readonly #at: number;
  readonly #flaw: (() => void) | undefined;
  readonly #marks: Int32Array;

  constructor(at: number, flaw: (() => void) | undefined, marks: Int32Array) {
    super();
    this.#at = at;
    this.#flaw = flaw;
    this.#marks = marks;
  }

  override step(action: number) {
    if (++this.#steps === this.#at) this.#flaw?.();
    return super.step(action);
  }

  override close() {
    Atomics.add(this.#marks, 1, 1);
  }
}

const flaws: Record<NonNullable<ActorConfig['flaw']>, () => void> = {
  throws: () => {
    throw new TypeError('the world ends');
  },
  exits: () => process.exit(3),
  hangs: () => {
    for (;;);
  },
};

serveActor<ActorConfig, unknown>({
  create: (
    { world, at = 30, flaw, always, hidden, greedyFrom, preset, marks },
    { actor },
  ): { environment: Environment<unknown, number>; agent: object } => {
    if (world === 'none') throw new TypeError('nothing to make');
    if (world === 'corridor') return { environment: new Corridor(), agent: actorAgent(hidden, preset, greedyFrom) };
    // The first to come to it is flawed.
    const flawed = flaw !== undefined && actor === 1 && (always || Atomics.exchange(marks, 0, 1) === 0);
    const environment = new Flawed(at, flawed ? flaws[flaw] : undefined, marks);
    if (world === 'wider')
      return {
        environment: Object.assign(environment, { actionSpace: discrete(3) }),
        agent: actorAgent(hidden, preset, greedyFrom),
      };
    return { environment, agent: actorAgent(hidden, preset, greedyFrom) };
  },
});
