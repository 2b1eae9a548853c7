/** Trust groups: packs whose code runs in workers of their own, apart from all other code. Pure. */
import { matchesAll } from '../../core/glob.ts'

/** One entry of `trust` in signalbox.yaml. Several may name one group. */
export interface TrustRule {
  readonly group: string
  /** Globs. An absent or empty list asks nothing; all that ask must be met. */
  readonly match: {
    readonly ids?: readonly string[]
    readonly tags?: readonly string[]
    readonly paths?: readonly string[]
  }
}

/** Where everything runs that no rule names. Its helpers and data models are lent to the other groups. */
export const OWN_GROUP = 'default'

/** Of a detection, helper or data model. */
export interface TrustSubject {
  readonly id: string
  readonly place: { readonly file: string }
  readonly body: { readonly path: string } | null
  readonly tags?: readonly string[]
}

/** The first rule that fits decides. */
export function trustGroupOf(subject: TrustSubject, rules: readonly TrustRule[]): string {
  return rules.find((rule) => matchesTrustRule(rule, subject))?.group ?? OWN_GROUP
}

export function matchesTrustRule(
  { match }: TrustRule,
  { id, place, body, tags = [] }: TrustSubject,
): boolean {
  const { ids = [], tags: wanted = [], paths = [] } = match
  return matchesAll([
    [ids, [id]],
    [wanted, tags],
    // Whose spec it is and whose code it is: either makes it theirs.
    [paths, body ? [place.file, body.path] : [place.file]],
  ])
}
