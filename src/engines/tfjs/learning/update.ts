import { keep, type Tensor, tensor } from '@tensorflow/tfjs-core';
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
import { abs, add, concat, multiply, reshape, scalar, total } from '../ops.ts';
import { TfjsNetwork } from '../tfjs-network.ts';
import type { DeviceHead, DeviceLoss } from './device-head.ts';
import type { DeviceRule } from './device-rule.ts';
import { headOnDevice } from './heads.ts';
import { ruleOnDevice } from './rules.ts';

type AnyNetwork = TfjsNetwork<'sync' | 'async'>;

/** Numbers before the TD errors in what an update gives. */
const NUMBERS = 5;

/** Updates on a device; undefined where the head or the rule is not built in. */
export function updateOnDevice(
  device: Device,
  { online, head, bootstrap, actions, heads }: DeviceUpdateParts,
): DeviceUpdate | undefined {
  const deviceHead = headOnDevice(head, actions);
  const rule = ruleOnDevice(bootstrap);
  if (!deviceHead || !rule || !(online instanceof TfjsNetwork) || online.stateSize > 0) return undefined;
  return new TfjsUpdate(device, online as AnyNetwork, deviceHead, rule, actions, heads);
}

class TfjsUpdate implements DeviceUpdate {
  readonly #device: Device;
  readonly #online: AnyNetwork;
  readonly #head: DeviceHead;
  readonly #rule: DeviceRule;
  readonly #actions: number;
  readonly #heads: number;

  constructor(device: Device, online: AnyNetwork, head: DeviceHead, rule: DeviceRule, actions: number, heads: number) {
    this.#device = device;
    this.#online = online;
    this.#head = head;
    this.#rule = rule;
    this.#actions = actions;
    this.#heads = heads;
  }

  run(input: DeviceUpdateInput): PendingUpdate {
    const result = this.#device.run(() => keep(this.#learn(input)));
    const rows = input.size * this.#heads;
    // A device that computes beside us begins to send the numbers at once; one that does not is asked when they are needed.
    const sent = this.#device.traits.sync ? undefined : (this.#device.read(result) as Promise<Float32Array>);
    // Whoever never asks, because the agent is gone, is told of no failure.
    sent?.catch(() => undefined);
    return {
      read: () =>
        chain(sent ?? this.#device.read(result), (numbers) => {
          const report = readReport(numbers.slice(), rows);
          result.dispose();
          if (!report.applied) this.#online.takeBackUpdate();
          return report;
        }),
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
    const numbers = [weighted as unknown as Tensor, total(estimates), total(abs(tdErrors)), norm, clippedNorm];
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
    // Copied: some backends read the numbers only when they are first needed.
    const column = (values: Float32Array): Tensor => tensor(values.slice(0, rows), [rows, 1]);
    const seen = (values: Float32Array): Tensor => {
      const { inputSize } = this.#online;
      return tensor(values.slice(0, size * inputSize), [size, inputSize]);
    };
    const weights = column(input.weights);
    return {
      observations: seen(observations),
      nextObservations: seen(nextObservations),
      rewards: column(input.rewards),
      discounts: column(input.discounts),
      taken: tensor(taken, [rows, actions]),
      possible: masks && tensor(masks.slice(0, rows * actions), [rows, actions], 'bool'),
      weights,
      scales: multiply(weights, scalar(1 / rows)),
    };
  }
}

function readReport(numbers: Float32Array, rows: number): DeviceReport {
  const [loss, q, tdError, gradientNorm, clippedNorm] = numbers;
  return {
    loss: loss / rows,
    meanQ: q / rows,
    meanTdError: tdError / rows,
    gradientNorm,
    applied: clippedNorm <= Math.fround(MAX_NORM),
    tdErrors: numbers.subarray(NUMBERS),
  };
}
