import type { State, StateArray } from '../../index.ts';
import type { SavedFile } from '../../workbench/index.ts';

/** Numbers in a file. */
export interface DescribedTensor {
  /** Where it is in the state, and its name there: `/agent/online/0.weights`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `Float32`, … */
  readonly type: string;
  /** How many numbers. */
  readonly size: number;
}

/** What is in a file that the library saved. */
export interface SavedDescription {
  readonly kind: string;
  /** The version of the layout of that kind. */
  readonly version: number;
  readonly bytes: number;
  /** Single values: actions, step and the like. */
  readonly facts: Readonly<Record<string, State>>;
  /** What an agent is made of, as far as its state depends on it. */
  readonly parts?: Fields;
  /** The network, as data. */
  readonly network?: State;
  /** Numbers that are learned: of an agent those of the online network. */
  readonly parameters?: number;
  readonly tensors: readonly DescribedTensor[];
}

/** Describes any file; what is known of its kind goes into words of its own. Nothing in it is believed: what is not as expected is left out. */
export async function describeSaved(bytes: Uint8Array, { kind, version, state }: SavedFile): Promise<SavedDescription> {
  const common = { kind, version, bytes: bytes.length };
  const tensors = tensorsIn(state, '');
  const fields = fieldsOf(state);
  const sum = (prefix: string): number =>
    tensors.filter(({ name }) => name.startsWith(prefix)).reduce((total, { size }) => total + size, 0);
  if (kind === 'policy') {
    return { ...common, facts: plainFacts(fields, ['network']), network: network(fields), parameters: sum('/weights/'), tensors };
  }
  if (kind === 'agent' || kind === 'training') {
    const agent = kind === 'agent' ? fields : fieldsOf(fields.agent);
    const { network: _network, ...parts } = fieldsOf(agent.composition);
    const { episodes } = fieldsOf(fields.rollout);
    const { step, updates } = agent;
    const facts = plainFacts({ step, updates, episodes }, []);
    const prefix = kind === 'agent' ? '/online/' : '/agent/online/';
    return { ...common, facts, parts, network: network(fieldsOf(agent.composition)), parameters: sum(prefix), tensors };
  }
  if (kind === 'dataset' && version === 1) {
    const { decodeDataset } = await import('../../offline/index.ts');
    const { actions, episodeEnds, rewards, observationSize, actionCount } = decodeDataset(bytes);
    const meanReturn = rewards.reduce((total, reward) => total + reward, 0) / episodeEnds.length;
    return {
      ...common,
      facts: { steps: actions.length, episodes: episodeEnds.length, meanReturn, observationSize, actionCount },
      tensors,
    };
  }
  return { ...common, facts: plainFacts(fields, []), tensors };
}

type Fields = Readonly<Partial<Record<string, State>>>;

function fieldsOf(state: State | undefined): Fields {
  return typeof state === 'object' && state !== null && !Array.isArray(state) && !ArrayBuffer.isView(state)
    ? (state as Fields)
    : {};
}

/** Its values that are neither lists nor objects. */
function plainFacts(fields: Fields, except: readonly string[]): Record<string, State> {
  const isPlain = (value: unknown) => value !== undefined && typeof value !== 'object';
  const plain = Object.entries(fields).filter(([name, value]) => isPlain(value) && !except.includes(name));
  return Object.fromEntries(plain) as Record<string, State>;
}

function network(fields: Fields): State | undefined {
  try {
    return typeof fields.network === 'string' ? (JSON.parse(fields.network) as State) : undefined;
  } catch {
    return undefined;
  }
}

/** All arrays of numbers at any depth; an object of a name, a shape and values that fit it is one of that name and shape. */
function tensorsIn(state: State | undefined, path: string): DescribedTensor[] {
  if (typeof state !== 'object' || state === null) return [];
  if (ArrayBuffer.isView(state)) return [tensor(path, [state.length], state)];
  const named = namedTensor(state, path.replace(/\/\d+$/, ''));
  if (named) return [named];
  return Object.entries(state).flatMap(([key, value]: [string, State]) => tensorsIn(value, `${path}/${key}`));
}

function namedTensor(state: State, path: string): DescribedTensor | undefined {
  const { name, shape, values } = fieldsOf(state);
  if (typeof name !== 'string' || !Array.isArray(shape) || !ArrayBuffer.isView(values)) return undefined;
  const size = (shape as readonly State[]).reduce<number>((product, each) => product * Number(each), 1);
  return size === values.length ? tensor(`${path}/${name}`, shape as readonly number[], values) : undefined;
}

function tensor(name: string, shape: readonly number[], values: StateArray): DescribedTensor {
  return { name, shape, type: values[Symbol.toStringTag].replace('Array', ''), size: values.length };
}
