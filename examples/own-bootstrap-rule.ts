// A bootstrap rule of one's own, proven before it is used:  npx tsx examples/own-bootstrap-rule.ts
import { createAgent, epsilonGreedy, mlp, train, type BootstrapRule } from '@scope/dqn';
import { Chain } from '@scope/dqn/environments';
import { assertBootstrapRule } from '@scope/dqn/testing';

/**
 * Maxmin Q-learning (Lan, Pan, Fyshe and White 2020): N networks, the smallest of whose values counts,
 * `y = r + γ max_a min_i Q⁻_i(s', a)`. The more networks, the less overestimation. (The paper moves one network an update, this moves all.)
 */
function maxminQ(networks: number): BootstrapRule {
  return {
    kind: 'maxminQ',
    networks, // the agent trains so many side by side; rows first … first + N − 1 are their estimates of one transition
    apply({ batch, actions, heads, targetQ, masks }, { policy, sources }) {
      policy.fill(0, 0, batch * actions);
      for (let first = 0; first < batch; first += heads) {
        let best = -1; // the action of the largest minimum, and the row that has it
        let source = first;
        for (let a = 0; a < actions; a++) {
          if (masks !== undefined && masks[first * actions + a] === 0) continue;
          let smallest = first;
          for (let row = first + 1; row < first + heads; row++) {
            if (targetQ[row * actions + a] < targetQ[smallest * actions + a]) smallest = row;
          }
          if (best >= 0 && targetQ[smallest * actions + a] <= targetQ[source * actions + best]) continue;
          best = a;
          source = smallest;
        }
        // All estimates move towards the same target: the source's value of that action. Where no action is possible π stays zero.
        for (let row = first; row < first + heads; row++) {
          sources[row] = source;
          if (best >= 0) policy[row * actions + best] = 1;
        }
      }
    },
  };
}

assertBootstrapRule(maxminQ(3)); // masks, ties, rows that must not mix: throws with the smallest input that breaks the contract

const environment = new Chain(); // a small stochastic world whose Q* is known
const agent = await createAgent(environment, {
  network: mlp({ hidden: [32] }),
  bootstrap: maxminQ(2),
  explorer: epsilonGreedy(0.5),
  discount: 0.9,
  batchSize: 32,
  learningStarts: 100,
  seed: 1,
});
for await (const event of train(agent, environment, { steps: 3_000 })) {
  if (event.kind === 'update' && event.update % 500 === 0) console.log(`update ${event.update}: loss ${event.loss.toFixed(4)}`);
}
const exact = environment.optimalQ(0.9);
let right = 0;
for (let state = 1; state <= 5; state++) {
  const [back, on] = agent.qValues(state); // the mean of both networks
  console.log(
    `state ${state}: ${back.toFixed(2)} ${on.toFixed(2)}, exactly ${exact[2 * state].toFixed(2)} ${exact[2 * state + 1].toFixed(2)}`,
  );
  if (on > back === exact[2 * state + 1] > exact[2 * state]) right++;
}
console.log(`the best action in ${right} of 5 states`);
