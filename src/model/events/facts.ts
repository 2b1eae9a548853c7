/**
 * What the analysis knows of a Python body without running it. Lint, `routes`, completion and `watch` read it:
 * it is good for advice and no protection. A body that changes itself while it runs can do what its text does not say.
 */
import type { SourceLocation } from '../project/detection.ts'

export interface BodyFacts {
  /** Functions that the module defines, nested ones left out. */
  readonly functions: readonly { readonly name: string; readonly line: number }[]
  /** `import a.b` has no name; `from a import b` has one, `*` included. Imports inside functions too. */
  readonly imports: readonly {
    readonly module: string
    readonly name: string | null
    readonly line: number
  }[]
}

/** The functions whose results decide where an alert goes and what it merges into. */
export type DecidingFunction = 'title' | 'dedup' | 'severity' | 'destinations'

export interface HelperFacts extends BodyFacts {
  /** The standard library has a module of its name, which is imported instead. */
  readonly isStandard: boolean
}

export interface DetectionFacts extends BodyFacts {
  /** A function that the module lacks is absent; one that it imports is there. */
  readonly returns: Readonly<Partial<Record<DecidingFunction, ReturnFacts>>>
  /** Other files of the project that had a part in `returns`. */
  readonly followed: readonly string[]
}

export interface ReturnFacts {
  /** The source location at which the module binds the name. */
  readonly location: SourceLocation
  /** Every possible result that the text shows. The list may have outcomes that never occur, but lacks none. */
  readonly outcomes: readonly Outcome[]
}

export interface Literal {
  readonly value: string
  readonly location: SourceLocation
}

export type Outcome =
  | ({ readonly kind: 'text' } & Literal)
  | {
      readonly kind: 'list'
      readonly items: readonly Literal[]
      /** True: exactly these, in order; false: any of them, or none. */
      readonly exact: boolean
      /** True: the list can contain nothing else. */
      readonly closed: boolean
      readonly location: SourceLocation
    }
  | { readonly kind: 'none'; readonly location: SourceLocation }
  /** Something that no deciding function may return: a number, a tuple, a dict. */
  | { readonly kind: 'other'; readonly type: string; readonly location: SourceLocation }
  /** The result is known only at run time. `event`: it depends on the event. */
  | { readonly kind: 'unknown'; readonly event: boolean; readonly location: SourceLocation }

/** The facts by id. A body whose text is not Python has none. */
export interface ProjectFacts {
  readonly detections: ReadonlyMap<string, DetectionFacts>
  readonly helpers: ReadonlyMap<string, HelperFacts>
  readonly dataModels: ReadonlyMap<string, BodyFacts>
  /** Top-level names that packages bring. */
  readonly packages: ReadonlySet<string>
}

export const NO_FACTS: ProjectFacts = {
  detections: new Map(),
  helpers: new Map(),
  dataModels: new Map(),
  packages: new Set(),
}

/** Every text that it can return, or that can stand in a list it returns. */
export function literalsOf({ outcomes }: ReturnFacts): Literal[] {
  return outcomes.flatMap((outcome) => {
    if (outcome.kind === 'text') return [{ value: outcome.value, location: outcome.location }]
    return outcome.kind === 'list' ? outcome.items : []
  })
}

/** The locations whose results are known only at run time. Empty: `literalsOf` is complete. */
export function undecidedLocations({ outcomes }: ReturnFacts): SourceLocation[] {
  return outcomes.flatMap((outcome) =>
    outcome.kind === 'unknown' || (outcome.kind === 'list' && !outcome.closed) ? [outcome.location] : [],
  )
}

/** True if it certainly returns the same for every event. */
export function isConstant(returns: ReturnFacts): boolean {
  const [first, ...others] = returns.outcomes
  if (first === undefined || others.length > 0 || undecidedLocations(returns).length > 0) return false
  return first.kind !== 'list' || first.exact
}

/** True if it can return a list without elements, which suppresses all destinations. */
export function canBeEmpty({ outcomes }: ReturnFacts): boolean {
  return outcomes.some((outcome) => outcome.kind === 'list' && !(outcome.exact && outcome.items.length > 0))
}

/** Ids of the helpers that a body depends on, directly or through other helpers. */
export function helpersOf(body: BodyFacts, { helpers }: ProjectFacts): ReadonlySet<string> {
  const found = new Set<string>()
  const open: BodyFacts[] = [body]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { module } of next.imports) {
      const id = helpers.has(module) ? module : module.split('.', 1)[0]!
      const facts = helpers.get(id)
      if (!facts || found.has(id)) continue
      found.add(id)
      open.push(facts)
    }
  }
  return found
}
