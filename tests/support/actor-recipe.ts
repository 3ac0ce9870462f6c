import { epsilonGreedy, epsilonLadder, linear, mlp, r2d2, rainbow, recurrent, sequences, uniform, wasm } from '../../src/index.ts';

/** What the actors of the tests are told. */
export interface ActorConfig {
  readonly hidden: number;
  /** Explores by an ε that falls until this step; left out, by a ladder. */
  readonly greedyFrom?: number;
  readonly preset?: 'rainbow' | 'r2d2';
  /** Where they are: in CartPole, in one with another action, in a corridor, or nowhere. */
  readonly world?: 'wider' | 'corridor' | 'none';
  /** What the second actor does at this step; left out, its thirtieth. */
  readonly at?: number;
  /** What it does then. */
  readonly flaw?: 'throws' | 'exits' | 'hangs';
  /** Whether its successors do so too. */
  readonly always?: boolean;
  /** Shared: whether there has been a flaw, and how many environments were closed. */
  readonly marks: Int32Array;
}

/** The parts of learner and actors. */
export function actorAgent(hidden: number, preset?: ActorConfig['preset'], greedyFrom?: number) {
  const numbers = { batchSize: 16, learningStarts: 100, learnPeriod: 4, seed: 3, engine: wasm({ simd: 'strict' }) };
  if (preset === 'rainbow') return { ...rainbow(), ...numbers, network: mlp({ hidden: [hidden], dueling: true, noisy: true }) };
  if (preset === 'r2d2') {
    return {
      ...r2d2(),
      ...numbers,
      network: recurrent({ units: 8 }),
      replay: sequences({ capacity: 2_000, length: 8, burnIn: 2 }),
      batchSize: 4,
    };
  }
  const explorer = greedyFrom === undefined ? epsilonLadder({ streams: 2, alpha: 2 }) : epsilonGreedy(linear(1, 0.04, greedyFrom));
  return { network: mlp({ hidden: [hidden, hidden] }), replay: uniform({ capacity: 10_000 }), explorer, nStep: 5, ...numbers };
}
