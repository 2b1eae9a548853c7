/** Finds the specs of which a selection of detections needs more than their own YAML: their bases and members. Pure. */
import { memberNames } from './correlation-members.ts'
import { derivedValue } from './detections.ts'
import type { Spec } from './spec.ts'

/** Selects a detection by its spec, in which the keys of its base are included. */
export type SelectDetection = (detection: { readonly spec: Spec['value'] }) => boolean

/** A larger part is not faster than the whole project, which has a snapshot. */
const MAX_SELECTED_DETECTIONS = 100

/** The ids of specs. */
export interface NeededSpecs {
  /** The selected detections and, for correlation rules, their members. */
  readonly detections: ReadonlySet<string>
  /** The detections and the bases from which they derive. */
  readonly all: ReadonlySet<string>
}

/** @param specs those of all detections. null: the whole project is needed. */
export function neededSpecs(specs: readonly Spec[], select: SelectDetection): NeededSpecs | null {
  const byId = new Map(specs.map((spec) => [spec.id, spec]))
  const selected = specs.filter((spec) => select({ spec: mergedValue(chainOf(spec, byId)) }))
  if (selected.length === 0 || selected.length > MAX_SELECTED_DETECTIONS) return null
  const detections = withMembers(selected, byId)
  const chains = [...detections].flatMap((id) => {
    const spec = byId.get(id)
    return spec ? chainOf(spec, byId) : []
  })
  return { detections, all: new Set([...detections, ...chains.map(({ id }) => id)]) }
}

/** Returns the spec and the bases from which it derives. A ring of bases comes to an end. */
function chainOf(spec: Spec, byId: ReadonlyMap<string, Spec>): Spec[] {
  const chain = [spec]
  for (;;) {
    const { BaseDetection: id } = chain.at(-1)!.value
    const base = typeof id === 'string' ? byId.get(id) : undefined
    if (!base || chain.includes(base)) return chain
    chain.push(base)
  }
}

/** Returns the keys of the detection that is built from the specs. */
function mergedValue(chain: readonly Spec[]): Spec['value'] {
  const values = chain.map(({ value }) => value).toReversed()
  const { Tests: _, ...merged } = values.reduce(derivedValue)
  return merged
}

/** Adds the members of correlation rules, which may be correlation rules, too. */
function withMembers(selected: readonly Spec[], byId: ReadonlyMap<string, Spec>): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...selected]
  for (let spec = open.pop(); spec; spec = open.pop()) {
    if (found.has(spec.id)) continue
    found.add(spec.id)
    if (spec.type !== 'correlation_rule') continue
    open.push(...memberNames(spec).flatMap(({ text }) => byId.get(text) ?? []))
  }
  return found
}
