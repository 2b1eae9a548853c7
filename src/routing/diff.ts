/** Compares the routes and test cases of two versions of a project. Pure. */
import { compareText } from '../core/compare-text.ts'
import type { RouteRow, RouteTable } from '../model/alerts/route-table.ts'
import { compareSeverity, type Severity } from '../model/alerts/severity.ts'
import type { DetectionResult, TestResult } from '../model/events/test-result.ts'
import { routeKey } from './route-tables.ts'

/** The routes of one detection at one severity; there are several where code or log type decides. */
interface RouteChange {
  readonly detection: string
  readonly severity: Severity
  /** The list is empty where there is no such alert. */
  readonly before: readonly RouteRow[]
  readonly after: readonly RouteRow[]
}

/** The part of a test case that is compared. */
export type CaseOutcome = Pick<TestResult, 'status' | 'alerts' | 'severity'> & {
  readonly route: Pick<NonNullable<TestResult['route']>, 'level' | 'destinations' | 'suppressed'> | null
}

interface CaseChange {
  readonly detection: string
  readonly test: string
  readonly before: CaseOutcome | null
  readonly after: CaseOutcome | null
}

export interface RoutesDiff {
  readonly routes: readonly RouteChange[]
  readonly cases: readonly CaseChange[]
}

export function diffTables(before: RouteTable, after: RouteTable): RouteChange[] {
  const old = bySeverity(before)
  const now = bySeverity(after)
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ before: old.get(key) ?? [], after: now.get(key) ?? [] }))
    .filter(({ before: a, after: b }) => signature(a) !== signature(b))
    .map((change) => {
      const { detection, severity } = (change.after[0] ?? change.before[0])!
      return { detection, severity, ...change }
    })
    .sort((a, b) => compareText(a.detection, b.detection) || compareSeverity(b.severity, a.severity))
}

function bySeverity({ rows }: RouteTable): Map<string, RouteRow[]> {
  return Map.groupBy(rows, ({ detection, severity }) => JSON.stringify([detection, severity]))
}

/** The evidence of a route is not part of its signature. */
function signature(rows: readonly RouteRow[]): string {
  return rows
    .flatMap((row) => [...row.logTypes, ''].map((logType) => `${logType} ${routeKey(row)}`))
    .sort()
    .join('\n')
}

export function diffCases(
  before: readonly DetectionResult[],
  after: readonly DetectionResult[],
): CaseChange[] {
  const old = casesOf(before)
  const now = casesOf(after)
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [a, b] = [old.get(key), now.get(key)]
    if (JSON.stringify(a?.outcome) === JSON.stringify(b?.outcome)) return []
    const { detection, test } = (b ?? a)!
    return { detection, test, before: a?.outcome ?? null, after: b?.outcome ?? null }
  })
}

interface Case {
  readonly detection: string
  readonly test: string
  readonly outcome: CaseOutcome
}

function casesOf(results: readonly DetectionResult[]): Map<string, Case> {
  const cases = results.flatMap(({ id, tests }) =>
    tests.map((test, index): [string, Case] => {
      const sameNameCount = tests.slice(0, index).filter(({ name }) => name === test.name).length
      return [
        JSON.stringify([id, test.name, sameNameCount]),
        { detection: id, test: test.name, outcome: outcomeOf(test) },
      ]
    }),
  )
  return new Map(cases)
}

function outcomeOf({ status, alerts, severity, route }: TestResult): CaseOutcome {
  const { level, destinations, suppressed } = route ?? {}
  return {
    status,
    alerts,
    severity: severity && { value: severity.value, source: severity.source },
    route: route && { level: level!, destinations: destinations!, suppressed: suppressed! },
  }
}
