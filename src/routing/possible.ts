/** What a detection's severity() and destinations() can come to: from its metadata, its text and its tests. Pure. */

import type { DestinationsResult } from '../model/alerts/route.ts'
import type { PossibleRoute } from '../model/alerts/route-table.ts'
import { type DecidedSeverity, parseSeverity, SEVERITIES } from '../model/alerts/severity.ts'
import type { Detection } from '../model/project/detection.ts'

/** What the text of a function says it can return. */
export interface Literals<T> {
  readonly values: readonly T[]
  /** It can return nothing else. */
  readonly closed: boolean
}

/** What is known of a body without running it; null: it has no such function. */
export interface RoutingFacts {
  /** Names as written, `DEFAULT` included. */
  readonly severity: Literals<string> | null
  /** A list of names, or null for None. */
  readonly destinations: Literals<readonly string[] | null> | null
}

/** What one test came to. */
export interface Observation {
  readonly test: string
  readonly severity: DecidedSeverity
  readonly destinations: DestinationsResult
}

export function possibleSeverities(
  detection: Detection,
  { severity: said }: RoutingFacts,
  observations: readonly Observation[],
): PossibleRoute<DecidedSeverity>[] {
  const fromMetadata: DecidedSeverity = { value: detection.severity, source: 'static' }
  const testsOf = (value: DecidedSeverity) =>
    observations.filter(({ severity }) => isSameSeverity(severity, value)).map(({ test }) => test)
  if (!said) return [{ value: fromMetadata, evidence: 'static', tests: testsOf(fromMetadata) }]
  const literal = said.values.map((text): DecidedSeverity => {
    const value = parseSeverity(text)
    return value ? { value, source: 'generated' } : fromMetadata
  })
  const open = said.closed ? [] : SEVERITIES.map((value) => ({ value, source: 'generated' as const }))
  const observed = said.closed ? [] : observations.map(({ severity }) => severity)
  return [
    ...literal.map((value) => ({ value, evidence: 'literal' as const, tests: testsOf(value) })),
    ...observed.map((value) => ({ value, evidence: 'observed' as const, tests: testsOf(value) })),
    ...open.map((value) => ({ value, evidence: 'unknown' as const, tests: [] })),
  ].filter(isFirst(isSameSeverity))
}

/** A value of null: a list that nobody knows. */
export function possibleDestinations(
  { destinations: said }: RoutingFacts,
  observations: readonly Observation[],
): PossibleRoute<DestinationsResult | null>[] {
  const testsOf = (value: DestinationsResult) =>
    observations.filter(({ destinations }) => isSameResult(destinations, value)).map(({ test }) => test)
  const absent: DestinationsResult = { kind: 'absent' }
  if (!said) return [{ value: absent, evidence: 'static', tests: testsOf(absent) }]
  const literal = said.values.map(
    (names): DestinationsResult => (names === null ? { kind: 'none' } : { kind: 'list', names }),
  )
  const known = [
    ...literal.map((value) => ({ value, evidence: 'literal' as const, tests: testsOf(value) })),
    ...(said.closed ? [] : observations).map(({ destinations: value }) => ({
      value,
      evidence: 'observed' as const,
      tests: testsOf(value),
    })),
  ].filter(isFirst(isSameResult))
  return said.closed ? known : [...known, { value: null, evidence: 'unknown', tests: [] }]
}

/** The surest evidence comes first, and stands. */
function isFirst<T>(same: (a: T, b: T) => boolean) {
  return ({ value }: { value: T }, place: number, all: readonly { value: T }[]) =>
    all.findIndex((other) => same(other.value, value)) === place
}

function isSameSeverity(a: DecidedSeverity, b: DecidedSeverity): boolean {
  return a.value === b.value && a.source === b.source
}

function isSameResult(a: DestinationsResult, b: DestinationsResult): boolean {
  if (a.kind !== 'list' || b.kind !== 'list') return a.kind === b.kind
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i])
}
