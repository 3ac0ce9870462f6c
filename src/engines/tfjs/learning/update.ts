import { keep, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { DqnError } from '../../../common/errors.ts';
import { chain } from '../../../common/maybe-promise.ts';
import type {
  DeviceReport,
  DeviceUpdate,
  DeviceUpdateInput,
  DeviceUpdateParts,
  PendingUpdate,
} from '../../../networks/device-update.ts';
import { MAX_NORM } from '../../../networks/network-checks.ts';
import type { ForwardOptions } from '../../../networks/q-network.ts';
import type { Device } from '../device.ts';
import type { LossWatch } from '../loss-watch.ts';
import { abs, add, concat, max, multiply, reshape, scalar, total } from '../ops.ts';
import type { Recovery } from '../recovery.ts';
import { TfjsNetwork } from '../tfjs-network.ts';
import type { DeviceHead, DeviceLoss } from './device-head.ts';
import type { DeviceRule } from './device-rule.ts';
import { headOnDevice } from './heads.ts';
import { ruleOnDevice } from './rules.ts';

type AnyNetwork = TfjsNetwork<'sync' | 'async'>;

/** Numbers before the TD errors in what an update gives. */
const NUMBERS = 6;

/** Updates on a device; undefined where the head or the rule is not built in. */
export function updateOnDevice(
  device: Device,
  recovery: Recovery,
  { online, head, bootstrap, actions, heads }: DeviceUpdateParts,
): DeviceUpdate | undefined {
  const deviceHead = headOnDevice(head, actions);
  const rule = ruleOnDevice(bootstrap);
  if (!deviceHead || !rule || !(online instanceof TfjsNetwork) || online.stateSize > 0) return undefined;
  return new TfjsUpdate({ device, recovery, online: online as AnyNetwork, head: deviceHead, rule, actions, heads });
}

/** What {@link TfjsUpdate} works with. */
interface UpdateMachinery {
  readonly device: Device;
  readonly recovery: Recovery;
  readonly online: AnyNetwork;
  readonly head: DeviceHead;
  readonly rule: DeviceRule;
  readonly actions: number;
  readonly heads: number;
}

/** An update that has been handed to a device. */
interface Begun {
  /** Over that device. */
  readonly watch: LossWatch | undefined;
  readonly result: Tensor;
  /** Its numbers, where they are on their way. */
  readonly sent: Promise<Float32Array> | undefined;
}

class TfjsUpdate implements DeviceUpdate {
  readonly #device: Device;
  readonly #recovery: Recovery;
  readonly #online: AnyNetwork;
  readonly #head: DeviceHead;
  readonly #rule: DeviceRule;
  readonly #actions: number;
  readonly #heads: number;

  constructor({ device, recovery, online, head, rule, actions, heads }: UpdateMachinery) {
    this.#device = device;
    this.#recovery = recovery;
    this.#online = online;
    this.#head = head;
    this.#rule = rule;
    this.#actions = actions;
    this.#heads = heads;
  }

  run(given: DeviceUpdateInput): PendingUpdate {
    const rows = given.size * this.#heads;
    const input = this.#copy(given, rows);
    let begun = this.#tryToBegin(input);
    return {
      // An update whose device is lost is done again: on the networks as they were restored.
      read: () =>
        this.#recovery.attempt(() => {
          if (begun && begun.watch !== this.#device.watch) {
            begun.result.dispose();
            begun = undefined;
          }
          begun ??= this.#begin(input);
          const { result, sent } = begun;
          return chain(sent ?? this.#device.read(result), (numbers) => {
            const report = readReport(numbers.slice(), rows);
            result.dispose();
            this.#online.settleUpdate(report.applied);
            return report;
          });
        }),
    };
  }

  #begin(input: DeviceUpdateInput): Begun {
    const { watch, traits } = this.#device;
    const result = this.#device.run(() => keep(this.#learn(input)));
    // A device that computes beside us begins to send the numbers at once; one that does not is asked when they are needed.
    const sent = traits.sync ? undefined : (this.#device.read(result) as Promise<Float32Array>);
    // Whoever never asks, because the agent is gone, is told of no failure.
    sent?.catch(() => undefined);
    return { watch, result, sent };
  }

  /** Begins, unless the device turns out to be lost: then whoever reads has to. */
  #tryToBegin(input: DeviceUpdateInput): Begun | undefined {
    try {
      return this.#begin(input);
    } catch (error) {
      if (!this.#device.watch || error instanceof DqnError) throw error;
      return undefined;
    }
  }

  /** Copied: the arrays are used again, and some backends read numbers only when they are first needed, or twice. */
  #copy(input: DeviceUpdateInput, rows: number): DeviceUpdateInput {
    const seen = input.size * this.#online.inputSize;
    return {
      ...input,
      observations: input.observations.slice(0, seen),
      nextObservations: input.nextObservations.slice(0, seen),
      taken: input.taken.slice(0, rows),
      rewards: input.rewards.slice(0, rows),
      discounts: input.discounts.slice(0, rows),
      weights: input.weights.slice(0, rows),
      masks: input.masks?.slice(0, rows * this.#actions),
    };
  }

  /** The update, and its numbers in one vector. */
  #learn(input: DeviceUpdateInput): Tensor {
    const { size, passes, learningRate, maxGradientNorm } = input;
    const rows = size * this.#heads;
    const { rewards, discounts, possible, taken, scales, weights, observations, nextObservations } = this.#upload(input, rows);
    const head = this.#head;
    const rule = this.#rule;
    const byRow = (outputs: Tensor): Tensor => reshape(outputs, [rows, outputs.size / rows]);
    const target = (x: Tensor, options: ForwardOptions): Tensor => byRow(this.#meanOutputs(input.targets, x, size, options));
    const onlineQ = rule.usesOnline
      ? head.qValues(byRow(this.#online.outputsOnDevice(nextObservations, size, passes.online)))
      : undefined;
    const currentQ = rule.usesCurrent ? head.qValues(target(observations, passes.current)) : undefined;
    const asked = target(nextObservations, passes.next);
    const { target: nextOutputs, act } = head.split?.(asked) ?? { target: asked, act: asked };
    const backup = rule.apply({ targetQ: head.qValues(act), onlineQ, currentQ, taken, possible, step: input.step });
    const { policy, bonus, rewardBonus, choose } = backup;
    let given = rewardBonus ? add(rewards, rewardBonus) : rewards;
    if (bonus) given = add(given, multiply(discounts, bonus));
    const targets = head.targets({
      rewards: given,
      discounts,
      nextOutputs: choose ? choose(nextOutputs) : nextOutputs,
      nextPolicy: policy,
    });
    const drawn = passes.learn.fractions;
    const fractions = drawn && tensor(drawn.slice(), [rows, drawn.length / rows]);
    let loss: DeviceLoss | undefined;
    let weighted: Tensor | undefined;
    const gradient = (outputs: Tensor): Tensor => {
      loss = head.loss({ outputs: byRow(outputs), taken, targets, scales, fractions });
      weighted = total(multiply(weights, loss.losses));
      // Minima and maxima lose a NaN on some backends; so that no gradient is taken for sound whose loss is not finite, the loss goes into it times 0.
      return reshape(add(loss.gradient, multiply(weighted, scalar(0))), outputs.shape);
    };
    const { norm, clippedNorm } = this.#online.updateOnDevice(observations, size, gradient, {
      ...passes.learn,
      learningRate,
      maxGradientNorm: maxGradientNorm === Infinity ? undefined : maxGradientNorm,
    });
    const { tdErrors, estimates } = loss as unknown as DeviceLoss;
    const largest = max(reshape(estimates, [rows]), 0);
    const numbers = [weighted as unknown as Tensor, total(estimates), largest, total(abs(tdErrors)), norm, clippedNorm];
    return concat([...numbers.map((each) => reshape(each, [1])), reshape(tdErrors, [rows])], 0);
  }

  #meanOutputs(targets: DeviceUpdateInput['targets'], x: Tensor, size: number, options: ForwardOptions): Tensor {
    const outputs = targets.map((network) => (network as unknown as AnyNetwork).outputsOnDevice(x, size, options));
    const all = outputs.reduce(add);
    return outputs.length === 1 ? all : multiply(all, scalar(1 / outputs.length));
  }

  #upload(input: DeviceUpdateInput, rows: number) {
    const { size, masks, observations, nextObservations } = input;
    const actions = this.#actions;
    const taken = new Float32Array(rows * actions);
    for (let b = 0; b < rows; b++) taken[b * actions + input.taken[b]] = 1;
    const column = (values: Float32Array): Tensor => tensor(values, [rows, 1]);
    const seen = (values: Float32Array): Tensor => tensor(values, [size, this.#online.inputSize]);
    const weights = column(input.weights);
    return {
      observations: seen(observations),
      nextObservations: seen(nextObservations),
      rewards: column(input.rewards),
      discounts: column(input.discounts),
      taken: tensor(taken, [rows, actions]),
      possible: masks && tensor(masks, [rows, actions], 'bool'),
      weights,
      scales: multiply(weights, scalar(1 / rows)),
    };
  }
}

function readReport(numbers: Float32Array, rows: number): DeviceReport {
  const [loss, q, maxQ, tdError, gradientNorm, clippedNorm] = numbers;
  return {
    loss: loss / rows,
    meanQ: q / rows,
    maxQ,
    meanTdError: tdError / rows,
    gradientNorm,
    applied: clippedNorm <= Math.fround(MAX_NORM),
    tdErrors: numbers.subarray(NUMBERS),
  };
}
