// Random policies, and what the library itself makes of them.
import * as fc from 'fast-check';
import { categorical, expected, fullyParameterisedQuantile, implicitQuantile, quantile, wasm } from '../../src/index.ts';
import type { LayerSpec, NetworkSpec, ValueHead } from '../../src/index.ts';
import { cvar } from '../../src/heads/risk.ts';
import { Random } from '../../src/common/random.ts';
import { parametersOf, planNetwork, sizeOf } from '../../src/networks/plan.ts';
import type { PolicyNetwork } from '../../src/export/index.ts';
import { LAYER_KINDS, drawNumbers, networkSpecOf } from './network-arbitraries.ts';

/** A network with weights of about the size that training gives them, for a head and its actions. */
export function policyWith(spec: NetworkSpec, head: ValueHead, actions: number, heads = 1, seed = 1): PolicyNetwork {
  const random = new Random(seed);
  const weights = parametersOf(planNetwork(spec)).map(({ name, shape }) => {
    const fanIn = shape.length > 1 ? sizeOf(shape.slice(0, -1)) : 1;
    const scale = shape.length > 1 ? 1 / Math.sqrt(fanIn) : 0.3;
    const values = drawNumbers(random, sizeOf(shape)).map((value) => scale * value);
    return { name, shape, values: name.endsWith('gain') ? values.map((value) => 1 + value) : values };
  });
  return { spec, head, actions, actionStart: 0, heads, weights };
}

/** What the library gives for observations `[batch, inputSize]`: Q-values, and the recurrent state after the step where there is one. */
export function ownValues(policy: PolicyNetwork, observations: Float32Array, batch: number, state?: Float32Array) {
  const { spec, head, actions, heads, weights } = policy;
  const engine = wasm();
  const network = engine.createNetwork(spec, { random: new Random(0) });
  network.setWeights(weights);
  const source = head.fractions;
  const fractions = source && new Float32Array(batch * source.counts.act);
  if (fractions) source.draw('act', fractions);
  const next = state?.slice();
  const outputs = network.forward(observations, batch, { fractions, state: next });
  const each = new Float32Array(batch * heads * actions);
  head.qValues(outputs.slice(), batch * heads, actions, each);
  engine.dispose();
  const q = new Float32Array(batch * actions);
  for (let i = 0; i < batch * heads * actions; i++)
    q[Math.floor(i / (heads * actions)) * actions + (i % actions)] += each[i] / heads;
  return { q, state: next };
}

/** Ways to read so many outputs: a head, actions and estimates. */
function readings(outputs: number): fc.Arbitrary<Pick<PolicyNetwork, 'head' | 'actions' | 'heads'>> {
  const divisors = (n: number) => Array.from({ length: n }, (_, i) => i + 1).filter((each) => n % each === 0);
  return fc.constantFrom(...divisors(outputs)).chain((heads) =>
    fc.constantFrom(...divisors(outputs / heads)).chain((width) => {
      const actions = outputs / heads / width;
      const scalar = [expected(), expected({ rescale: true })];
      const spread = [quantile({ quantiles: width }), ...(width > 1 ? [categorical({ atoms: width, vMin: -1, vMax: 2 })] : [])];
      return fc.constantFrom(...(width === 1 ? scalar : spread)).map((head) => ({ head, actions, heads }));
    }),
  );
}

/** Policies of random networks of the given kinds of layers, with every head that fits. */
export function policyArb(kinds: readonly LayerSpec['kind'][] = LAYER_KINDS): fc.Arbitrary<PolicyNetwork> {
  return fc.tuple(networkSpecOf(kinds), fc.nat()).chain(([spec, seed]) => {
    const { outputShape, spec: last } = planNetwork(spec).at(-1)!;
    const outputs = sizeOf(outputShape);
    if (last.kind === 'implicitQuantiles') {
      const head = implicitQuantile({ cosines: last.cosines, act: 5, risk: cvar({ eta: 0.5 }) });
      return fc.constant(policyWith(spec, head, outputs, 1, seed));
    }
    if (last.kind === 'proposedQuantiles') {
      const { fractions, cosines } = last;
      const head = fullyParameterisedQuantile({ fractions, cosines });
      return fc.constant(policyWith(spec, head, (outputs - fractions) / (2 * fractions - 1), 1, seed));
    }
    return readings(outputs).map(({ head, actions, heads }) => policyWith(spec, head, actions, heads, seed));
  });
}
