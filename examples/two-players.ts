// Two players who move at once, one winning what the other loses:  npx tsx examples/two-players.ts
import { adam, createAgent, discrete, equilibrium, minimaxQ, mlp, solveMatrixGame, train, type Environment } from '@scope/dqn';

// Two rounds. In the first both players show a side: where they differ the first player wins this much and the game is over, where they agree a second
// round follows, matching pennies with unequal stakes.
const FIRST = [
  [NaN, 1],
  [0.5, NaN],
];
const SECOND = [
  [2, -1],
  [-1, 1],
];
const discount = 0.9;

class Pennies implements Environment<number, number> {
  readonly observationSpace = discrete(2); // the round
  readonly actionSpace = discrete(4); // joint: a = 2 · a1 + a2
  #round = Infinity;

  reset() {
    this.#round = 0;
    return { observation: 0, info: {} };
  }

  step(action: number) {
    if (this.#round > 1) throw new Error('reset first');
    const [first, second] = [action >> 1, action & 1];
    const goesOn = this.#round === 0 && first === second;
    const reward = goesOn ? 0 : (this.#round === 0 ? FIRST : SECOND)[first][second];
    this.#round = goesOn ? 1 : Infinity;
    return { observation: 1, reward, terminated: !goesOn, truncated: false, info: {} };
  }
}

const actions = [2, 2] as const;
const environment = new Pennies();
const agent = await createAgent(environment, {
  network: mlp({ hidden: [32] }),
  bootstrap: minimaxQ({ actions }), // the next state is worth the value of its matrix game
  explorer: equilibrium({ actions, epsilon: 0.5 }),
  optimizer: adam({ learningRate: 2e-3 }),
  discount,
  batchSize: 32,
  learningStarts: 100,
  seed: 1,
});
for await (const event of train(agent, environment, { steps: 3_000 })) {
  if (event.kind === 'update' && event.update % 500 === 0) console.log(`update ${event.update}: loss ${event.loss.toFixed(5)}`);
}

// Beside what is known: the second game by itself, and the first with γ times its value where the sides agree.
const second = solveMatrixGame(SECOND.flat(), 2, 2);
const first = solveMatrixGame(
  FIRST.flat().map((win) => (Number.isNaN(win) ? discount * second.value : win)),
  2,
  2,
);
for (const [round, exact] of [first, second].entries()) {
  const { value, row, column } = solveMatrixGame(agent.qValues(round), 2, 2);
  const show = (p: ArrayLike<number>) => `${p[0].toFixed(2)} : ${p[1].toFixed(2)}`;
  console.log(
    `round ${round + 1} exactly: value ${exact.value.toFixed(2)}, first player ${show(exact.row)}, second ${show(exact.column)}`,
  );
  console.log(`round ${round + 1} learned: value ${value.toFixed(2)}, first player ${show(row)}, second ${show(column)}`);
}
