import { MessageWriter } from '../../common/message-writer.ts';

/** The operators' version: understood by every runtime since ONNX 1.8 (2020). */
const OPSET = 13;
/** The file format's version that goes with it. */
const IR_VERSION = 7;
// Numbers of enumerations of onnx.proto.
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/** An attribute of a node: a whole number, several, or `{ float }`. */
type Attribute = number | readonly number[] | { readonly float: number };

/** Sizes of an input or output; a text is the name of a size that is not known beforehand. */
export type Sizes = readonly (number | string)[];

/** An ONNX graph as it grows, node by node (onnx.proto of github.com/onnx/onnx). Values are known by their names. */
export class OnnxGraph {
  readonly #graph = new MessageWriter();
  readonly #constants = new Set<string>();
  #values = 0;

  /** A constant tensor; one of a name that is there already is that one. Gives the name. */
  constant(name: string, shape: readonly number[], values: Float32Array): string {
    return this.#initializer(name, shape, FLOAT, values);
  }

  /** A constant number. */
  number(value: number): string {
    return this.constant(`number ${value}`, [], Float32Array.of(value));
  }

  /** A constant list of whole numbers. */
  integers(...values: number[]): string {
    return this.#initializer(`integers ${values.join(' ')}`, [values.length], INT64, BigInt64Array.from(values, BigInt));
  }

  /** A constant whole number. */
  integer(value: number): string {
    return this.#initializer(`integer ${value}`, [], INT64, BigInt64Array.of(BigInt(value)));
  }

  /** The result of an operator. */
  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = `value ${this.#values++}`;
    this.#node(operator, inputs, [name], attributes);
    return name;
  }

  /** Several results of an operator. */
  nodes(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const names = Array.from({ length: count }, () => `value ${this.#values++}`);
    this.#node(operator, inputs, names, attributes);
    return names;
  }

  /** Takes in an input of the model. */
  input(name: string, sizes: Sizes): string {
    this.#graph.message(11, valueInfo(name, sizes));
    return name;
  }

  /** Gives a value out under a name. */
  output(name: string, sizes: Sizes, value: string): void {
    this.#node('Identity', [value], [name], {});
    this.#graph.message(12, valueInfo(name, sizes));
  }

  /** The bytes of the model. */
  model(name: string): Uint8Array<ArrayBuffer> {
    this.#graph.text(2, name);
    return new MessageWriter()
      .integer(1, IR_VERSION)
      .text(2, '@scope/dqn')
      .message(7, this.#graph)
      .message(8, new MessageWriter().text(1, '').integer(2, OPSET))
      .bytes();
  }

  #initializer(name: string, shape: readonly number[], type: number, values: Float32Array | BigInt64Array): string {
    if (this.#constants.has(name)) return name;
    this.#constants.add(name);
    const tensor = new MessageWriter();
    for (const size of shape) tensor.integer(1, size);
    this.#graph.message(5, tensor.integer(2, type).text(8, name).numbers(9, values));
    return name;
  }

  #node(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    const node = new MessageWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, `${operator} of ${outputs[0]}`).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    this.#graph.message(1, node);
  }
}

function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, ATTRIBUTE_INT);
  if ('float' in value) return message.float(2, value.float).integer(20, ATTRIBUTE_FLOAT);
  for (const each of value) message.integer(8, each);
  return message.integer(20, ATTRIBUTE_INTS);
}

function valueInfo(name: string, sizes: Sizes): MessageWriter {
  const shape = new MessageWriter();
  for (const size of sizes) {
    const dimension = new MessageWriter();
    shape.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
  }
  const tensor = new MessageWriter().integer(1, FLOAT).message(2, shape);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}
