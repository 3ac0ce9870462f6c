import { type LayerPlan, sizeOf } from '../../networks/plan.ts';
import type { DenseSpec, NoisyDenseSpec } from '../../networks/spec.ts';
import { endsInRelu } from './activation-codes.ts';
import type { LayerSite } from './layer-builder.ts';
import type { ParameterPlace, WasmLayer } from './layer.ts';
import { PanelColumns, Panels } from './panels.ts';
import type { Stack } from './stack.ts';

/** The first layers of stacks on the same inputs as one wide layer: one product, which fills its panels better, in place of several. */
export interface JointEntry {
  readonly layer: WasmLayer;
  /** Of each stack the parameters of its part. */
  readonly parameters: readonly (readonly ParameterPlace[])[];
  /** Where in a row of outputs each stack's begin. */
  readonly columns: readonly number[];
}

/** Joins the first layers of stacks if they can be: dense, or of factorised noise, of one activation, with parts that begin at multiples of 16 bytes. */
function joinEntries({ plan: { stacks }, joined }: LayerSite<unknown>, last: boolean): JointEntry | undefined {
  const entries = stacks.map(([first]) => first).filter(isDense);
  const [one] = entries;
  if (entries.length < 2 || entries.length < stacks.length || !entries.every((each) => isLike(one, each))) return undefined;
  let units = 0;
  let room = 0;
  const columns = entries.map(({ spec }) => {
    const first = units;
    units += spec.units;
    // What the layers behind write of a gradient is padded.
    room = Math.max(room, first + new Panels(1, spec.units).width);
    return first;
  });
  const parameters = one.parameters.map(({ name, shape }) => ({ name, shape: [...shape.slice(0, -1), units] }));
  const streams = entries.map((each) => ({ name: each.parameters[0].name, units: each.spec.units }));
  const layer = joined({ ...one, spec: { ...one.spec, units }, parameters }, last, { room, streams });
  return {
    layer,
    columns,
    parameters: entries.map((entry, i) =>
      layer.parameters.map(({ panels, offset }, j) => ({
        ...entry.parameters[j],
        panels: new PanelColumns(panels as Panels, columns[i], entry.spec.units),
        offset,
      })),
    ),
  };
}

/** The stacks within a layer, behind what their first layers make as one where these can be joined. */
export function buildStacks(site: LayerSite<unknown>, last: boolean): { stacks: Stack[]; entry: JointEntry | undefined } {
  const { first, sparseInput } = site;
  const entry = joinEntries(site, last);
  const stacks = site.plan.stacks.map((stack) => {
    if (!entry) return site.within(stack, { first, sparseInput, last });
    const [{ spec, outputShape }, ...rest] = stack;
    return site.within(rest, { first: false, sparseInput: endsInRelu(spec), last }, sizeOf(outputShape));
  });
  return { stacks, entry };
}

type DensePlan = LayerPlan<DenseSpec | NoisyDenseSpec>;

function isDense(plan: LayerPlan | undefined): plan is DensePlan {
  return plan !== undefined && (plan.spec.kind === 'dense' || plan.spec.kind === 'noisyDense');
}

function isLike({ spec: a }: DensePlan, { spec: b }: DensePlan): boolean {
  return (
    b.units % 4 === 0 &&
    (a.activation ?? 'linear') === (b.activation ?? 'linear') &&
    a.kind === b.kind &&
    !isIndependent(a) &&
    !isIndependent(b)
  );
}

/** Independent noise is drawn in the order of the numbers in memory, so that it would not be that of each layer alone. */
function isIndependent(spec: DenseSpec | NoisyDenseSpec): boolean {
  return spec.kind === 'noisyDense' && spec.noise === 'independent';
}
