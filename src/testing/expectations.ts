/** Compares the expectations of a case with the alert that it would create. Pure. */

import type { AlertDraft } from '../model/alerts/alert.ts'
import type { Route } from '../model/alerts/route.ts'
import type { TestFailure } from '../model/events/test-result.ts'
import type { ExpectationName, Expectations } from '../model/project/detection.ts'

interface ExpectationResult {
  readonly failures: readonly TestFailure[]
  readonly skipped: readonly { what: ExpectationName; reason: string }[]
}

type Check = (expected: unknown, draft: AlertDraft) => unknown

/** The check of each expectation. It returns `undefined` if the value is as expected, and the actual value otherwise. */
const ACTUAL: Record<ExpectationName, Check> = {
  ExpectedSeverity: (expected, draft) => differing(expected, draft.severity.value),
  ExpectedDestinations: (expected, draft) =>
    differingSet(expected as readonly string[], draft.route.destinations),
  ExpectedRoute: (expected, draft) => differing(expected, draft.route.level),
  ExpectedTitle: (expected, draft) => differing(expected, draft.title),
  ExpectedDedup: (expected, draft) => differing(expected, draft.dedup),
  ExpectedDescription: (expected, draft) => differing(expected, draft.description),
  ExpectedReference: (expected, draft) => differing(expected, draft.reference),
  ExpectedRunbook: (expected, draft) => differing(expected, draft.runbook),
  ExpectedAlertContext: (expected, draft) => {
    const context: unknown = JSON.parse(draft.context)
    return isSubset(expected, context) ? undefined : context
  },
}

/** @param draft the alert that the case would create, or null if it creates none. */
export function checkExpectations(expectations: Expectations, draft: AlertDraft | null): ExpectationResult {
  const failures: TestFailure[] = []
  const skipped: { what: ExpectationName; reason: string }[] = []
  for (const [what, expected] of Object.entries(expectations) as [ExpectationName, unknown][]) {
    if (draft === null) {
      if (!(what === 'ExpectedDestinations' && isEmptyList(expected))) failures.push(noAlert(what, expected))
    } else if (needsRegistry(what, draft.route)) {
      skipped.push({
        what,
        reason: `routing by severity requires a registry: ${draft.route.trace.at(-1)?.reason}`,
      })
    } else {
      const actual = ACTUAL[what](expected, draft)
      if (actual !== undefined)
        failures.push({ what, expected, actual, message: messageFor(what, expected, actual) })
    }
  }
  return { failures, skipped }
}

function needsRegistry(what: ExpectationName, route: Route): boolean {
  return route.level === 'unresolved' && (what === 'ExpectedDestinations' || what === 'ExpectedRoute')
}

function noAlert(what: ExpectationName, expected: unknown): TestFailure {
  const message = `${what} expects ${show(expected)}, but the case creates no alert`
  return { what, expected, actual: null, message }
}

function messageFor(what: ExpectationName, expected: unknown, actual: unknown): string {
  return `${what}: expected ${show(expected)}, got ${show(actual)}`
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value)
}

function differing(expected: unknown, actual: unknown): unknown {
  return expected === actual ? undefined : actual
}

function differingSet(expected: readonly string[], actual: readonly string[]): unknown {
  const same = new Set(expected).size === actual.length && actual.every((name) => expected.includes(name))
  return same ? undefined : actual
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Compares mappings as recursive subsets, and all other values exactly. */
function isSubset(expected: unknown, actual: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      expected.length === actual.length &&
      expected.every((item, i) => isSubset(item, actual[i]))
    )
  }
  if (isMapping(expected)) {
    return (
      isMapping(actual) &&
      Object.entries(expected).every(([key, value]) => key in actual && isSubset(value, actual[key]))
    )
  }
  return Object.is(expected, actual)
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
