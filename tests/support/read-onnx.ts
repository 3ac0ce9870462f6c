// An independent reader of ONNX models, from onnx.proto, and a check of them by the rules of the format and of the operators (onnx.ai/onnx/operators, opset 13).
import { readMessage, type Field } from './read-events.ts';

const FLOAT = 1;
const INT64 = 7;

/** A size: so many, or so many times the unknown size of the batch. */
interface Size {
  readonly count: number;
  readonly batch: boolean;
}

/** The type and shape of a value; for constants also what it holds. */
interface Value {
  readonly type: number;
  readonly sizes: readonly Size[];
  readonly integers?: readonly number[];
}

type Attribute = number | readonly number[];

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

const text = (field: Field | undefined) => new TextDecoder('utf-8', { fatal: true }).decode(field as Uint8Array);
const texts = (fields: readonly Field[] | undefined) => (fields ?? []).map(text);
const numbers = (fields: readonly Field[] | undefined) => (fields ?? []).map(Number);
const messages = (fields: readonly Field[] | undefined) => (fields ?? []).map((field) => readMessage(field as Uint8Array));
const fixed = (count: number): Size => ({ count, batch: false });
const show = ({ sizes }: Value) => `[${sizes.map(({ count, batch }) => (batch ? `${count} N` : count)).join(', ')}]`;
const same = (a: Size, b: Size) => a.count === b.count && a.batch === b.batch;

function expectThat(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}

function readAttribute(field: Field): [string, Attribute] {
  const message = readMessage(field as Uint8Array);
  const [type] = numbers(message.get(20));
  const values = { 1: message.get(2)?.map(Number)[0], 2: numbers(message.get(3))[0], 7: numbers(message.get(8)) }[type];
  expectThat(values !== undefined, `an attribute of type ${type}`);
  return [text(message.get(1)?.[0]), values];
}

function readInfo(field: Field): [string, Value] {
  const info = readMessage(field as Uint8Array);
  const [tensor] = messages(messages(info.get(2))[0].get(1));
  const sizes = messages(messages(tensor.get(2))[0].get(1)).map((dimension): Size => {
    if (dimension.has(1)) return fixed(numbers(dimension.get(1))[0]);
    expectThat(text(dimension.get(2)?.[0]) === 'N', 'a size with another name than N');
    return { count: 1, batch: true };
  });
  return [text(info.get(1)?.[0]), { type: numbers(tensor.get(1))[0], sizes }];
}

function readTensor(field: Field): [string, Value] {
  const tensor = readMessage(field as Uint8Array);
  const sizes = numbers(tensor.get(1));
  const [type] = numbers(tensor.get(2));
  const bytes = tensor.get(9)?.[0] as Uint8Array;
  const count = sizes.reduce((product, size) => product * size, 1);
  const name = text(tensor.get(8)?.[0]);
  expectThat(type === FLOAT || type === INT64, `${name} of type ${type}`);
  expectThat(bytes.length === count * (type === FLOAT ? 4 : 8), `${name}: ${bytes.length} bytes for ${count} numbers`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === FLOAT) return [name, { type, sizes: sizes.map(fixed) }];
  const integers = Array.from({ length: count }, (_, i) => Number(view.getBigInt64(8 * i, true)));
  return [name, { type, sizes: sizes.map(fixed), integers }];
}

/** What a model says. */
export function readOnnx(bytes: Uint8Array) {
  const model = readMessage(bytes);
  const [graph] = messages(model.get(7));
  return {
    irVersion: numbers(model.get(1))[0],
    producer: text(model.get(2)?.[0]),
    opsets: messages(model.get(8)).map((set) => [text(set.get(1)?.[0]), numbers(set.get(2))[0]] as const),
    name: text(graph.get(2)?.[0]),
    nodes: messages(graph.get(1)).map((node): OnnxNode => ({
      inputs: texts(node.get(1)),
      outputs: texts(node.get(2)),
      name: text(node.get(3)?.[0]),
      operator: text(node.get(4)?.[0]),
      attributes: Object.fromEntries((node.get(5) ?? []).map(readAttribute)),
    })),
    constants: (graph.get(5) ?? []).map(readTensor),
    inputs: (graph.get(11) ?? []).map(readInfo),
    outputs: (graph.get(12) ?? []).map(readInfo),
  };
}

const total = ({ sizes }: Value): Size => ({
  count: sizes.reduce((product, { count }) => product * count, 1),
  batch: sizes.filter(({ batch }) => batch).length === 1,
});

function broadcast([a, b]: readonly Value[]): Size[] {
  const rank = Math.max(a.sizes.length, b.sizes.length);
  const at = ({ sizes }: Value, i: number): Size => sizes[i - rank + sizes.length] ?? fixed(1);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)];
    if (same(x, fixed(1))) return y;
    expectThat(same(x, y) || same(y, fixed(1)), `shapes ${show(a)} and ${show(b)}`);
    return x;
  });
}

function reshape(x: Value, wanted: readonly number[]): Size[] {
  expectThat(
    wanted.filter((size) => size === -1).length === 1 && wanted.every((size) => size === -1 || size > 0),
    'sizes of a shape',
  );
  const all = total(x);
  const rest = wanted.reduce((product, size) => (size === -1 ? product : product * size), 1);
  expectThat(all.count % rest === 0, `${show(x)} as [${wanted.join(', ')}]`);
  return wanted.map((size) => (size === -1 ? { count: all.count / rest, batch: all.batch } : fixed(size)));
}

const reduce = ({ sizes }: Value, axes: readonly number[], keep: Attribute): Size[] =>
  sizes.flatMap((size, i) => (axes.includes(i) ? (keep === 1 ? [fixed(1)] : []) : [size]));

type Rule = (inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>) => readonly (readonly Size[])[];
const elementwise: Rule = ([x]) => [x.sizes];
const withBroadcast: Rule = (inputs) => [broadcast(inputs)];
const reduction: Rule = ([x], { axes, keepdims }) => [reduce(x, axes as number[], keepdims)];

/** For each operator: how many inputs, which attributes, which of its inputs are lists of integers, and the shapes of its results. */
const RULES: Readonly<Record<string, readonly [inputs: number, attributes: string, integers: readonly number[], rule: Rule]>> = {
  Identity: [1, '', [], elementwise],
  Abs: [1, '', [], elementwise],
  Sign: [1, '', [], elementwise],
  Sqrt: [1, '', [], elementwise],
  Cos: [1, '', [], elementwise],
  Relu: [1, '', [], elementwise],
  Tanh: [1, '', [], elementwise],
  Sigmoid: [1, '', [], elementwise],
  LeakyRelu: [1, 'alpha', [], elementwise],
  Elu: [1, 'alpha', [], elementwise],
  Softmax: [1, 'axis', [], ([x], { axis }) => (expectThat(axis === x.sizes.length - 1, 'the last axis'), [x.sizes])],
  CumSum: [
    2,
    'exclusive',
    [1],
    ([x, axis]) => (expectThat(axis.sizes.length === 0 && axis.integers![0] === 1, 'axis 1'), [x.sizes]),
  ],
  Add: [2, '', [], withBroadcast],
  Sub: [2, '', [], withBroadcast],
  Mul: [2, '', [], withBroadcast],
  Div: [2, '', [], withBroadcast],
  ReduceMean: [1, 'axes keepdims', [], reduction],
  ReduceMax: [1, 'axes keepdims', [], reduction],
  ReduceSum: [2, 'keepdims', [1], ([x, axes], { keepdims }) => [reduce(x, axes.integers!, keepdims)]],
  Reshape: [2, '', [1], ([x, shape]) => [reshape(x, shape.integers!)]],
  Transpose: [
    1,
    'perm',
    [],
    ([x], { perm }) => {
      expectThat([...(perm as number[])].sort().join() === x.sizes.map((_, i) => i).join(), 'a permutation');
      return [(perm as number[]).map((i) => x.sizes[i])];
    },
  ],
  Gemm: [
    3,
    '',
    [],
    ([a, b, c]) => {
      expectThat(a.sizes.length === 2 && b.sizes.length === 2 && same(a.sizes[1], b.sizes[0]), `${show(a)} times ${show(b)}`);
      expectThat(c.sizes.length === 1 && same(c.sizes[0], b.sizes[1]), `a bias ${show(c)}`);
      return [[a.sizes[0], b.sizes[1]]];
    },
  ],
  MatMul: [
    2,
    '',
    [],
    ([a, b]) => {
      expectThat(b.sizes.length === 2 && same(a.sizes.at(-1)!, b.sizes[0]), `${show(a)} times ${show(b)}`);
      return [[...a.sizes.slice(0, -1), b.sizes[1]]];
    },
  ],
  Concat: [
    -1,
    'axis',
    [],
    (inputs) => {
      expectThat(
        inputs.every(({ sizes }) => sizes.length === 2 && same(sizes[0], inputs[0].sizes[0]) && !sizes[1].batch),
        'rows',
      );
      return [[inputs[0].sizes[0], fixed(inputs.reduce((sum, { sizes }) => sum + sizes[1].count, 0))]];
    },
  ],
  Split: [
    2,
    'axis',
    [1],
    ([x, parts], { axis }) => {
      const counts = parts.integers!;
      expectThat(axis === 1 && counts.reduce((sum, each) => sum + each, 0) === x.sizes[1].count, 'parts of the whole');
      return counts.map((count) => [x.sizes[0], fixed(count)]);
    },
  ],
  Slice: [
    4,
    '',
    [1, 2, 3],
    ([x, start, end, axis]) => {
      const [from, to] = [start.integers![0], end.integers![0]];
      expectThat(axis.integers![0] === 1 && from >= 0 && from < to && to <= x.sizes[1].count, 'a slice of the columns');
      return [[x.sizes[0], fixed(to - from)]];
    },
  ],
  Conv: [
    3,
    'kernel_shape strides pads',
    [],
    ([x, weight, bias], { kernel_shape: kernel, strides, pads }) => {
      const [filters, channels, ...sides] = weight.sizes;
      expectThat(x.sizes.length === 4 && weight.sizes.length === 4 && same(x.sizes[1], channels), 'as many channels');
      expectThat(
        sides.every(({ count }, i) => count === (kernel as number[])[i]),
        'the shape of the kernel',
      );
      expectThat(bias.sizes.length === 1 && same(bias.sizes[0], filters), 'a bias for each filter');
      const [above, left, below, right] = pads as number[];
      const out = (i: number, padding: number) =>
        fixed(Math.floor((x.sizes[2 + i].count + padding - sides[i].count) / (strides as number[])[i]) + 1);
      return [[x.sizes[0], filters, out(0, above + below), out(1, left + right)]];
    },
  ],
};

/**
 * Checks a model: versions, names that are given once and before they are used, operators with their attributes, the shapes and types that follow from them, and that what is given
 * out has the type and shape that it is declared with.
 * @throws Error naming what is wrong.
 */
export function checkOnnx(bytes: Uint8Array): ReturnType<typeof readOnnx> {
  const model = readOnnx(bytes);
  expectThat(model.irVersion === 7, `format ${model.irVersion}`);
  expectThat(JSON.stringify(model.opsets) === '[["",13]]', `operators ${JSON.stringify(model.opsets)}`);
  expectThat(model.name !== '' && model.producer !== '', 'no name');
  const values = new Map<string, Value>();
  const used = new Set<string>();
  const define = (name: string, value: Value) => {
    expectThat(name !== '' && !values.has(name), `${name} is defined twice`);
    values.set(name, value);
  };
  for (const [name, value] of [...model.inputs, ...model.constants]) define(name, value);
  const nodeNames = new Set<string>();
  for (const { name, operator, inputs, outputs, attributes } of model.nodes) {
    const known = RULES[operator];
    expectThat(known !== undefined, `the operator ${operator}`);
    const [count, allowed, integers, rule] = known;
    expectThat(!nodeNames.has(name), `two nodes ${name}`);
    nodeNames.add(name);
    expectThat(count === inputs.length || (count === -1 && inputs.length > 0), `${name}: ${inputs.length} inputs`);
    expectThat(Object.keys(attributes).join(' ') === allowed, `${name}: attributes ${Object.keys(attributes).join(' ')}`);
    const given = inputs.map((input, i) => {
      const value = values.get(input);
      expectThat(value !== undefined, `${name}: ${input} is used before it is defined`);
      expectThat(value.type === (integers.includes(i) ? INT64 : FLOAT), `${name}: ${input} of type ${value.type}`);
      used.add(input);
      return value;
    });
    let shapes: ReturnType<Rule>;
    try {
      shapes = rule(given, attributes);
    } catch (error) {
      throw new Error(`${name}: expected ${(error as Error).message}`, { cause: error });
    }
    expectThat(shapes.length === outputs.length, `${name}: ${outputs.length} outputs`);
    outputs.forEach((output, i) => define(output, { type: FLOAT, sizes: shapes[i] }));
  }
  for (const [name, declared] of model.outputs) {
    const found = values.get(name);
    expectThat(found !== undefined && found.type === declared.type, `the output ${name}`);
    expectThat(show(found) === show(declared), `${name} of shape ${show(found)}, declared as ${show(declared)}`);
    used.add(name);
  }
  const idle = [...values.keys()].filter((name) => !used.has(name));
  expectThat(idle.length === 0, `nothing uses ${idle.join(', ')}`);
  return model;
}
