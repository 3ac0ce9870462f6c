import type { TrainEvent, TrainingRun } from '../../src/index.ts';

/** A run that tells the given events, a list for each step, and counts what is pending as `train` does. What is no list is thrown. */
export function fakeRun(steps: readonly (readonly TrainEvent[] | Error)[]): TrainingRun & { readonly log: string[] } {
  const pending: TrainEvent[] = [];
  const log: string[] = [];
  async function* events(): AsyncGenerator<TrainEvent, void, void> {
    try {
      for (const step of steps) {
        if (step instanceof Error) throw step;
        pending.push(...step);
        for (let event = pending.shift(); event; event = pending.shift()) yield event;
      }
    } finally {
      log.push('closed');
    }
  }
  const checkpoint = async () => {
    log.push(`checkpoint with ${pending.length} pending`);
    return new Uint8Array();
  };
  const checkpointParts = async () => [await checkpoint()];
  const run = Object.assign(events(), { checkpoint, checkpointParts, pending: 0, log });
  return Object.defineProperty(run, 'pending', { get: () => pending.length });
}

const step = (at: number): TrainEvent => ({
  kind: 'step',
  step: at,
  environment: 0,
  action: at % 2,
  reward: 1,
  terminated: false,
  truncated: false,
});

/** A step, with what else it tells. */
export function stepOf(at: number, ...more: readonly TrainEvent[]): TrainEvent[] {
  return [step(at), ...more];
}

/** An evaluation with a mean return. */
export function evaluation(at: number, mean: number): TrainEvent {
  const numbers = { episodes: 1, mean, std: 0, min: mean, max: mean, meanLength: 1, returns: [mean], lengths: [1] };
  return { kind: 'evaluation', step: at, ...numbers };
}

/** An episode with a return. */
export function episode(at: number, value: number): TrainEvent {
  const ended = { environment: 0, length: 10, terminated: true, truncated: false };
  return { kind: 'episode', step: at, episode: 1, return: value, ...ended };
}
