import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '../../networks/plan.ts';
import type { GruSpec } from '../../networks/spec.ts';
import { type Pass, type TfjsLayer, weightsOf } from './layer.ts';
import { add, affine, concat, fill, lengthOf, multiply, scalar, sigmoid, slice, square, subtract, tanh } from './ops.ts';
import type { Products } from './products.ts';

/** What one step keeps for the pass backward: the state before it, r, z, n, and `h U_n + c_n`. */
interface Kept {
  readonly h: Tensor;
  readonly r: Tensor;
  readonly z: Tensor;
  readonly n: Tensor;
  readonly m: Tensor;
}

/**
 * A gated recurrent unit. Rows are T steps of S sequences, step after step: the inputs of all of them are multiplied at once, the state step by step.
 * @param start - numbers before its state in the state of one sequence.
 */
export function gruLayer(products: Products, { spec, parameters }: LayerPlan<GruSpec>, start: number): TfjsLayer {
  const { units } = spec;
  const columns = (x: Tensor, from: number, width: number): Tensor => slice(x, [0, from], [x.shape[0], width]);

  /** One step: the state after it, and what the pass backward needs. */
  const advance = (fromInput: Tensor, h: Tensor, [weight, bias]: readonly Tensor[], pass: Pass): { next: Tensor; kept: Kept } => {
    const fromState = affine(h, weight, bias, 'linear');
    const gates = sigmoid(add(columns(fromInput, 0, 2 * units), columns(fromState, 0, 2 * units)));
    const r = pass.keep(columns(gates, 0, units));
    const z = pass.keep(columns(gates, units, units));
    const m = pass.keep(columns(fromState, 2 * units, units));
    const n = pass.keep(tanh(add(columns(fromInput, 2 * units, units), multiply(r, m))));
    return { next: pass.keep(add(n, multiply(z, subtract(h, n)))), kept: { h, r, z, n, m } };
  };

  /** One step backwards: the gradients of the arguments of r, z and n as the inputs and as the state see them, and of the state before but for the gates. */
  const retreat = ({ h, r, z, n, m }: Kept, d: Tensor): { ofInput: Tensor; ofState: Tensor; carry: Tensor } => {
    const one = scalar(1);
    const carry = multiply(d, z);
    const rest = subtract(d, carry);
    const dn = multiply(rest, subtract(one, square(n)));
    const dm = multiply(dn, r);
    const dr = multiply(multiply(dm, subtract(one, r)), m);
    const dz = multiply(multiply(rest, z), subtract(h, n));
    return { ofInput: concat([dr, dz, dn], 1), ofState: concat([dr, dz, dm], 1), carry };
  };

  return {
    parameters,
    forward(weights, x, pass) {
      const [weight, bias, ...recurrent] = weightsOf(weights, parameters);
      const { steps, states } = pass;
      const sequences = x.shape[0] / steps;
      const row = (all: Tensor, t: number): Tensor => slice(all, [t * sequences, 0], [sequences, lengthOf(all, 1)]);
      const fromInput = affine(x, weight, bias, 'linear');
      let h = pass.keep(states ? columns(states, start, units) : fill([sequences, units], 0));
      const outputs: Tensor[] = [];
      const kept: Kept[] = [];
      for (let t = 0; t < steps; t++) {
        const step = advance(row(fromInput, t), h, recurrent, pass);
        h = step.next;
        outputs.push(h);
        kept.push(step.kept);
      }
      pass.finalStates.push(h);
      pass.keep(x);
      return {
        outputs: concat(outputs, 0),
        backward(d, wantsInput) {
          const ofInput: Tensor[] = [];
          const ofState: Tensor[] = [];
          let carry: Tensor | undefined;
          for (let t = steps - 1; t >= 0; t--) {
            const own = row(d, t);
            const step = retreat(kept[t], carry ? add(own, carry) : own);
            ofInput.unshift(step.ofInput);
            ofState.unshift(step.ofState);
            // No gradient flows into the initial state.
            if (t > 0) carry = add(step.carry, products.ofInput(step.ofState, recurrent[0]));
          }
          const dInput = concat(ofInput, 0);
          const before = concat(
            kept.map((each) => each.h),
            0,
          );
          return {
            parameters: [...products.ofWeight(x, dInput), ...products.ofWeight(before, concat(ofState, 0))],
            input: wantsInput ? products.ofInput(dInput, weight) : undefined,
          };
        },
      };
    },
  };
}
