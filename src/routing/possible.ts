/** Lists the possible results of a detection's severity() and destinations(), from its metadata, text and tests. Pure. */

import type { DestinationsResult } from '../model/alerts/route.ts'
import type { PossibleRoute } from '../model/alerts/route-table.ts'
import { type DecidedSeverity, parseSeverity, SEVERITIES } from '../model/alerts/severity.ts'
import type { Detection } from '../model/project/detection.ts'

/** The values that a function can return according to its text. */
export interface Literals<T> {
  readonly values: readonly T[]
  /** True when it can return nothing else. */
  readonly closed: boolean
}

/** Facts that are known without running the body. A function that it does not have is null. */
export interface RoutingFacts {
  /** The names are as written, `DEFAULT` included. */
  readonly severity: Literals<string> | null
  /** Each value is a list of names, or null for None. */
  readonly destinations: Literals<readonly string[] | null> | null
}

/** The results of one test. */
export interface Observation {
  readonly test: string
  readonly severity: DecidedSeverity
  readonly destinations: DestinationsResult
}

export function possibleSeverities(
  detection: Detection,
  { severity: literals }: RoutingFacts,
  observations: readonly Observation[],
): PossibleRoute<DecidedSeverity>[] {
  const fromMetadata: DecidedSeverity = { value: detection.severity, source: 'static' }
  const testsOf = (value: DecidedSeverity) =>
    observations.filter(({ severity }) => isSameSeverity(severity, value)).map(({ test }) => test)
  if (!literals) return [{ value: fromMetadata, evidence: 'static', tests: testsOf(fromMetadata) }]
  const literal = literals.values.map((text): DecidedSeverity => {
    const value = parseSeverity(text)
    return value ? { value, source: 'generated' } : fromMetadata
  })
  const open = literals.closed ? [] : SEVERITIES.map((value) => ({ value, source: 'generated' as const }))
  const observed = literals.closed ? [] : observations.map(({ severity }) => severity)
  return [
    ...literal.map((value) => ({ value, evidence: 'literal' as const, tests: testsOf(value) })),
    ...observed.map((value) => ({ value, evidence: 'observed' as const, tests: testsOf(value) })),
    ...open.map((value) => ({ value, evidence: 'unknown' as const, tests: [] })),
  ].filter(isFirst(isSameSeverity))
}

/** The value null stands for a list that is known only at run time. */
export function possibleDestinations(
  { destinations: literals }: RoutingFacts,
  observations: readonly Observation[],
): PossibleRoute<DestinationsResult | null>[] {
  const testsOf = (value: DestinationsResult) =>
    observations.filter(({ destinations }) => isSameResult(destinations, value)).map(({ test }) => test)
  const absent: DestinationsResult = { kind: 'absent' }
  if (!literals) return [{ value: absent, evidence: 'static', tests: testsOf(absent) }]
  const literal = literals.values.map(
    (names): DestinationsResult => (names === null ? { kind: 'none' } : { kind: 'list', names }),
  )
  const known = [
    ...literal.map((value) => ({ value, evidence: 'literal' as const, tests: testsOf(value) })),
    ...(literals.closed ? [] : observations).map(({ destinations: value }) => ({
      value,
      evidence: 'observed' as const,
      tests: testsOf(value),
    })),
  ].filter(isFirst(isSameResult))
  return literals.closed ? known : [...known, { value: null, evidence: 'unknown', tests: [] }]
}

/** Keeps the first of equal values, which has the strongest evidence. */
function isFirst<T>(same: (a: T, b: T) => boolean) {
  return ({ value }: { value: T }, index: number, all: readonly { value: T }[]) =>
    all.findIndex((other) => same(other.value, value)) === index
}

function isSameSeverity(a: DecidedSeverity, b: DecidedSeverity): boolean {
  return a.value === b.value && a.source === b.source
}

function isSameResult(a: DestinationsResult, b: DestinationsResult): boolean {
  if (a.kind !== 'list' || b.kind !== 'list') return a.kind === b.kind
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i])
}
