import { maskedArgmax } from '../bellman/greedy.ts';
import { DqnError } from '../common/errors.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';

/** See {@link greedy}. */
export class Greedy implements Explorer {
  readonly kind: string = 'greedy';

  select({ batch, actions, qValues, masks }: ExplorerInput, out: Int32Array): void {
    for (let n = 0; n < batch; n++) out[n] = greedyAction(qValues, n, actions, masks);
  }
}

/**
 * Always the possible action of the largest value, the lowest of equals: for evaluation, and for networks that explore by their own noise.
 */
export function greedy(): Greedy {
  return new Greedy();
}

/**
 * The greedy action in state n of a batch.
 * @throws DqnError `invalid-environment` if no action is possible there.
 */
export function greedyAction(qValues: Float32Array, n: number, actions: number, masks: Uint8Array | undefined): number {
  const action = maskedArgmax(qValues, n * actions, actions, masks);
  if (action < 0) throw noPossibleAction(n);
  return action;
}

/** The error for a state without a possible action. */
export function noPossibleAction(n: number): DqnError {
  return new DqnError({
    code: 'invalid-environment',
    where: `Explorer.select(masks), state ${n} of the batch`,
    expected: 'at least one possible action',
    received: 'a mask of zeros',
    remedy: 'An environment without a possible action must end the episode: terminate it in the step that led there.',
  });
}
