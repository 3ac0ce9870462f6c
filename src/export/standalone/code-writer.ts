import { convolutionGeometry, type LayerPlan } from '../../networks/plan.ts';
import type { Activation, Conv2dSpec } from '../../networks/spec.ts';
import type { PolicyNetwork } from '../policy.ts';
import { cannotHold, type ValueReading } from '../value-reading.ts';
import { CALLS, RUNTIME, type RuntimeName } from './runtime.ts';
import type { WeightPack } from './weight-pack.ts';

const where = 'exportPolicy(policy)';

/** Writes the code of a network, and takes down which functions it calls. */
export class CodeWriter {
  readonly #weights: ReadonlyMap<string, Float32Array>;
  readonly #pack: WeightPack;
  readonly #reading: ValueReading;
  readonly #used = new Set<RuntimeName>();
  readonly #constants: string[] = [];
  #values = 0;

  constructor(weights: ReadonlyMap<string, Float32Array>, pack: WeightPack, reading: ValueReading) {
    this.#weights = weights;
    this.#pack = pack;
    this.#reading = reading;
  }

  /** The body of a function from `x`, an observation, to Q-values. */
  qValues(plans: readonly LayerPlan[], { spec, actions, heads, head }: PolicyNetwork): string[] {
    const lines: string[] = [];
    const { inputScale = 1 } = spec;
    const x = inputScale === 1 ? 'x' : this.#let(lines, this.#call('scale', 'x', String(inputScale)));
    const outputs = this.#stack(plans, x, lines);
    const reading = this.#reading;
    let q = outputs;
    if (reading.kind === 'expected' && reading.rescaled) q = this.#call('inverseRescale', outputs);
    if (reading.kind === 'quantile') {
      this.#use('mean');
      q = `Float64Array.from(${this.#call('groups', outputs, String(head.width))}, mean)`;
    }
    if (reading.kind === 'categorical') {
      const atoms = this.#constant(this.#pack.floats(reading.atoms));
      q = `Float64Array.from(${this.#call('groups', outputs, String(head.width))}, (logits) => ${this.#call('expectation', 'logits', atoms)})`;
    }
    if (heads > 1) q = this.#call('meanOver', this.#call('groups', q, String(actions)));
    lines.push(`return ${q};`);
    return lines;
  }

  /** The functions that are called. */
  get functions(): string[] {
    return (Object.keys(RUNTIME) as RuntimeName[]).filter((name) => this.#used.has(name)).map((name) => RUNTIME[name]);
  }

  /** The tensors. */
  get constants(): readonly string[] {
    return this.#constants;
  }

  #stack(plans: readonly LayerPlan[], x: string, lines: string[]): string {
    return plans.reduce((before, plan) => this.#layer(plan, before, lines), x);
  }

  #layer(plan: LayerPlan, x: string, lines: string[]): string {
    const { spec, stacks } = plan;
    switch (spec.kind) {
      case 'dense':
      case 'noisyDense':
        return this.#let(
          lines,
          this.#activate(spec.activation, this.#call('dense', x, this.#matrix(plan, 0), this.#vector(plan, 1))),
        );
      case 'layerNorm': {
        const epsilon = String(spec.epsilon ?? 1e-5);
        const y = this.#call('layerNorm', x, this.#vector(plan, 0), this.#vector(plan, 1), epsilon);
        return this.#let(lines, this.#activate(spec.activation, y));
      }
      case 'conv2d':
        return this.#let(lines, this.#activate(spec.activation, this.#convolve(plan as LayerPlan<Conv2dSpec>, x)));
      case 'flatten':
        return x;
      case 'residual':
        return this.#let(lines, this.#activate(spec.activation, this.#call('add', x, this.#stack(stacks[0], x, lines))));
      case 'randomPrior': {
        const [y, prior] = stacks.map((stack) => this.#stack(stack, x, lines));
        return this.#let(lines, this.#call('add', y, this.#call('scale', prior, String(spec.scale ?? 1))));
      }
      case 'parallel': {
        const branches = stacks.map((stack) => this.#stack(stack, x, lines));
        return branches.length === 1 ? branches[0] : this.#let(lines, this.#call('concatenate', ...branches));
      }
      case 'dueling': {
        const [value, advantage] = stacks.map((stack) => this.#stack(stack, x, lines));
        return this.#let(lines, this.#call(spec.aggregation === 'max' ? 'duelMax' : 'duelMean', value, advantage));
      }
      case 'implicitQuantiles': {
        const { fractions } = this.#reading as ValueReading & { readonly kind: 'implicitQuantile' };
        const activation = spec.activation ?? 'relu';
        const activate = activation === 'linear' ? '(x) => x' : this.#use(activation);
        const given = this.#constant(this.#pack.floats(fractions));
        const embedding = this.#constant(this.#call('embed', given, this.#matrix(plan, 0), this.#vector(plan, 1), activate));
        const within: string[] = [];
        const product = this.#let(within, this.#call('multiply', x, 'fraction'));
        const y = this.#stack(stacks[0], product, within);
        const each = `(fraction) => {\n${indented([...within, `return ${y};`])}\n}`;
        return this.#let(lines, this.#call('meanOver', `${embedding}.map(${each})`));
      }
      case 'gru':
      case 'proposedQuantiles':
      case 'layersModel':
        throw cannotHold(where, 'a standalone policy', spec.kind, 'Use toOnnx(), or distil() the policy into a plain one.');
    }
  }

  #convolve(plan: LayerPlan<Conv2dSpec>, x: string): string {
    const g = convolutionGeometry(plan.spec, plan.inputShape);
    const kernel = [
      g.kernelHeight,
      g.kernelWidth,
      g.strideY,
      g.strideX,
      g.outputHeight,
      g.outputWidth,
      g.paddingTop,
      g.paddingLeft,
    ];
    const sizes = [`[${plan.inputShape.join(', ')}]`, `[${kernel.join(', ')}]`];
    return this.#call('conv2d', x, this.#matrix(plan, 0), this.#vector(plan, 1), ...sizes);
  }

  #activate(activation: Activation = 'linear', x: string): string {
    return activation === 'linear' ? x : this.#call(activation, x);
  }

  #matrix({ parameters }: LayerPlan, i: number): string {
    const { name, shape } = parameters[i];
    return this.#constant(this.#pack.matrix(this.#weights.get(name) as Float32Array, shape[shape.length - 1]));
  }

  #vector({ parameters }: LayerPlan, i: number): string {
    return this.#constant(this.#pack.floats(this.#weights.get(parameters[i].name) as Float32Array));
  }

  /** The name of a constant of its own. */
  #constant(code: string): string {
    const name = `w${this.#constants.length}`;
    this.#constants.push(`const ${name} = ${code};`);
    return name;
  }

  /** The name of a value of its own. */
  #let(lines: string[], code: string): string {
    const name = `x${this.#values++}`;
    lines.push(`const ${name} = ${code};`);
    return name;
  }

  #call(name: RuntimeName, ...inputs: string[]): string {
    return `${this.#use(name)}(${inputs.join(', ')})`;
  }

  #use(name: RuntimeName): RuntimeName {
    this.#used.add(name);
    for (const called of CALLS[name] ?? []) this.#used.add(called);
    return name;
  }
}

/** Lines two spaces further in. */
export function indented(lines: readonly string[]): string {
  return lines.join('\n').replace(/^/gm, '  ');
}
