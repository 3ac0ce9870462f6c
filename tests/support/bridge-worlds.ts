// Environments that Python asks for: one with all spaces, and one that misbehaves.
import type { StepResult } from '../../src/environment/environment.ts';
import { box, dict, discrete, multiBinary, multiDiscrete, tuple } from '../../src/environment/spaces.ts';

export { CartPole, Taxi } from '../../src/environments/index.ts';

const everything = dict({
  floats: box({ low: [-1, -Infinity], high: [1, Infinity] }),
  bytes: box({ low: 0, high: 255, shape: [2, 2], dtype: 'uint8' }),
  number: discrete(3, { start: -1 }),
  choices: multiDiscrete([3, 4]),
  switches: multiBinary(3),
  pair: tuple([discrete(2), box({ low: 0, high: 1, shape: [1] })]),
});

/** Gives back what it was given. */
export class Mirror {
  readonly observationSpace = everything;
  readonly actionSpace = dict({
    floats: everything.spaces.floats,
    bytes: everything.spaces.bytes,
    number: everything.spaces.number,
    choices: everything.spaces.choices,
    switches: everything.spaces.switches,
  });

  reset() {
    return {
      observation: {
        floats: Float32Array.of(0.5, 1e30),
        bytes: Uint8Array.of(0, 1, 254, 255),
        number: -1,
        choices: Int32Array.of(2, 3),
        switches: Uint8Array.of(1, 0, 1),
        pair: [1, Float32Array.of(0.25)] as [number, Float32Array],
      },
      info: { note: 'begun', nested: [1, { two: 2 }] },
    };
  }

  step(action: ReturnType<Mirror['reset']>['observation']): StepResult<unknown> {
    return { observation: { ...this.reset().observation, ...action }, reward: 0.1, terminated: false, truncated: true, info: {} };
  }
}

/** Does what it was made to. */
export function misbehaving({ how }: { readonly how?: string }) {
  const observationSpace = box({ low: 0, high: 1, shape: [1] });
  const first = () => ({ observation: Float32Array.of(0), info: {} });
  return {
    observationSpace,
    actionSpace: discrete(2),
    reset: first,
    step() {
      if (how === 'print') {
        console.log('DQNB, a line for the user');
        process.stdout.write('DQNB');
      }
      if (how === 'throw') throw new RangeError('the world is flat');
      if (how === 'exit') process.exit(5);
      if (how === 'hang') for (;;);
      if (how === 'never') return new Promise<never>(() => {});
      return { ...first(), reward: 1, terminated: false, truncated: false };
    },
  };
}

export const number = 7;
