// An environment of one's own, with impossible actions masked:  npx tsx examples/own-environment.ts
import { box, createAgent, discrete, DqnError, evaluate, train, type Environment } from '@scope/dqn';

/** Nim with one heap: take one to three sticks from what is left; who takes the last one wins. The opponent takes one stick. */
class Nim implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: 0, high: 1, shape: [13] });
  readonly actionSpace = discrete(3, { start: 1 });
  #sticks = 0;

  reset() {
    this.#sticks = 12;
    return { observation: this.#observe(), actionMask: this.#possible(), info: {} };
  }

  step(taken: number) {
    if (taken > this.#sticks) {
      throw new DqnError({
        code: 'invalid-action',
        where: 'Nim.step(taken)',
        expected: `at most ${this.#sticks} sticks`,
        received: String(taken),
        remedy: 'Look at the action mask.',
      });
    }
    this.#sticks -= taken;
    const won = this.#sticks === 0;
    if (!won) this.#sticks -= 1;
    const lost = !won && this.#sticks === 0;
    const reward = won ? 1 : lost ? -1 : 0;
    const after = { terminated: won || lost, truncated: false, info: {} };
    return { observation: this.#observe(), actionMask: this.#possible(), reward, ...after };
  }

  #possible() {
    return Uint8Array.of(1, this.#sticks >= 2 ? 1 : 0, this.#sticks >= 3 ? 1 : 0);
  }

  #observe() {
    const heap = new Float32Array(13);
    heap[this.#sticks] = 1;
    return heap;
  }
}

const environment = new Nim();
const agent = await createAgent(environment, { learningStarts: 100, seed: 1 });
for await (const event of train(agent, environment, { steps: 4_000 })) {
  if (event.kind === 'episode' && event.episode % 200 === 0)
    console.log(`episode ${event.episode}: ${event.return > 0 ? 'won' : 'lost'}`);
}
console.log(`won ${(await evaluate(agent, new Nim(), { episodes: 1 })).mean === 1 ? 'every' : 'not every'} game`);
