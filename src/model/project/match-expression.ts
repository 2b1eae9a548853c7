/** Match expressions, checked: what a simple detection, an inline filter or a dynamic severity asks of an event. */
import type { Severity } from '../alerts/severity.ts'

/** A name (any case), an index of a list (negative: from its end), or null: every element of a list. */
export type KeyStep = string | number | null
export type Key = readonly KeyStep[]

/** An integer that a double would spoil is a bigint. */
export type Scalar = string | number | bigint | boolean | null

export type Combinator = 'All' | 'Any' | 'OnlyOne' | 'None'
export type Quantifier = 'AllElements' | 'AnyElement' | 'OnlyOneElement' | 'NoElement'

export type MatchExpression =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'group'; readonly of: Combinator; readonly members: readonly MatchExpression[] }
  /** All members must hold for some number of list elements. The keys of the members start at the element. */
  | {
      readonly kind: 'elements'
      readonly key: Key
      readonly of: Quantifier
      readonly members: readonly MatchExpression[]
    }
  | { readonly kind: 'compare'; readonly key: Key; readonly condition: string; readonly with: Operand }

export type Operand =
  | { readonly kind: 'values'; readonly values: readonly Scalar[] }
  | { readonly kind: 'key'; readonly key: Key }

/** Text and keys of a template in turn: text first and last. */
export interface Template {
  readonly texts: readonly string[]
  readonly keys: readonly Key[]
}

/** A detection without Python: what stands in for each function of a body. A key the spec lacks is null. */
export interface SimpleDetection {
  readonly matcher: MatchExpression
  readonly title: Template | null
  readonly context: readonly { readonly name: string; readonly key: Key }[] | null
  /** The first whose conditions hold. */
  readonly severities: readonly { readonly to: Severity; readonly when: MatchExpression }[]
  /** Forms the dedup string; empty: the title does. */
  readonly groupBy: readonly Key[]
}
