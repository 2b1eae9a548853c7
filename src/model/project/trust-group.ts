/** Trust groups: packs whose code runs in workers of their own, apart from all other code. Pure. */
import { matchesAll } from '../../core/glob.ts'

/** One entry of `trust` in signalbox.yaml. Several may name one group. */
export interface TrustRule {
  readonly group: string
  /** Globs. Every list that is not empty must match. */
  readonly match: {
    readonly ids?: readonly string[]
    readonly tags?: readonly string[]
    readonly paths?: readonly string[]
  }
}

/** The group of everything that no rule matches. Other groups can import its helpers and data models. */
export const OWN_GROUP = 'default'

/** The part of a detection, helper or data model that decides its trust group. */
export interface TrustSubject {
  readonly id: string
  readonly location: { readonly file: string }
  readonly body: { readonly path: string } | null
  readonly tags?: readonly string[]
}

/** The first rule that matches decides. */
export function trustGroupOf(subject: TrustSubject, rules: readonly TrustRule[]): string {
  return rules.find((rule) => matchesTrustRule(rule, subject))?.group ?? OWN_GROUP
}

export function matchesTrustRule(
  { match }: TrustRule,
  { id, location, body, tags = [] }: TrustSubject,
): boolean {
  const { ids = [], tags: wanted = [], paths = [] } = match
  return matchesAll([
    [ids, [id]],
    [wanted, tags],
    // Either the path of the spec or the path of the code can match.
    [paths, body ? [location.file, body.path] : [location.file]],
  ])
}
