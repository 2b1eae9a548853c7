/** Compares the expectations of a case with the alert that it would create. Pure. */

import type { AlertDraft } from '../model/alerts/alert.ts'
import type { Handling, HandlingStage } from '../model/alerts/handling.ts'
import type { Route } from '../model/alerts/route.ts'
import type { TestFailure } from '../model/events/test-result.ts'
import type { ExpectationName, Expectations, ExpectedEscalationStep } from '../model/project/detection.ts'
import { differingDelivery, differingEscalation } from './handling-expectations.ts'

interface ExpectationResult {
  readonly failures: readonly TestFailure[]
  readonly skipped: readonly { what: ExpectationName; reason: string }[]
}

type Check = (expected: unknown, draft: AlertDraft, handling: Handling) => unknown
/** `At` and `Open` expect nothing, and `ExpectedAlerts` is for cases with several events. */
type CheckedName = Exclude<ExpectationName, 'At' | 'Open' | 'ExpectedAlerts'>

/** The check of each expectation. It returns `undefined` if the value is as expected, and the actual value otherwise. */
const ACTUAL: Record<CheckedName, Check> = {
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
  ExpectedSilenced: (expected, _, handling) => differingHider(expected, 'silence', handling),
  ExpectedInhibited: (expected, _, handling) => differingHider(expected, 'inhibition', handling),
  ExpectedDelivery: (expected, _, handling) =>
    differingDelivery(expected as Readonly<Record<string, string>>, handling),
  ExpectedEscalation: (expected, _, handling) =>
    differingEscalation(expected as readonly ExpectedEscalationStep[], handling),
}

/** @param alert the alert that the case would create with its handling, or null if it creates none. */
export function checkExpectations(
  expectations: Expectations,
  alert: { readonly draft: AlertDraft; readonly handling: Handling } | null,
): ExpectationResult {
  const failures: TestFailure[] = []
  const skipped: { what: ExpectationName; reason: string }[] = []
  const { At: _, Open: __, ExpectedAlerts: alerts, ...checked } = expectations
  if (alerts !== undefined) {
    const message = 'ExpectedAlerts requires a case with Events'
    failures.push({ what: 'ExpectedAlerts', expected: alerts, actual: null, message })
  }
  for (const [what, expected] of Object.entries(checked) as [CheckedName, unknown][]) {
    if (alert === null) {
      if (!expectsNoAlert(what, expected)) failures.push(noAlert(what, expected))
      continue
    }
    const { draft, handling } = alert
    if (needsRegistry(what, draft.route)) {
      skipped.push({
        what,
        reason: `routing by severity requires a registry: ${draft.route.trace.at(-1)?.reason}`,
      })
    } else {
      const actual = ACTUAL[what](expected, draft, handling)
      if (actual !== undefined)
        failures.push({ what, expected, actual, message: messageFor(what, expected, actual) })
    }
  }
  return { failures, skipped }
}

const NEEDING_REGISTRY: readonly string[] = [
  'ExpectedDestinations',
  'ExpectedRoute',
  'ExpectedSilenced',
  'ExpectedInhibited',
  'ExpectedDelivery',
  'ExpectedEscalation',
]

function needsRegistry(what: ExpectationName, route: Route): boolean {
  return route.level === 'unresolved' && NEEDING_REGISTRY.includes(what)
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

/** Returns the ids of the rules of a stage that hide the alert, or false, if they are not as expected. */
function differingHider(expected: unknown, hider: HandlingStage, { steps }: Handling): unknown {
  const ids = steps.flatMap(({ stage, did, by }) => (stage === hider && did === 'hid' ? by : []))
  const isAsExpected = typeof expected === 'string' ? ids.includes(expected) : expected === ids.length > 0
  if (isAsExpected) return undefined
  return ids.length === 0 ? false : [...new Set(ids)].join(', ')
}

function differing(expected: unknown, actual: unknown): unknown {
  return expected === actual ? undefined : actual
}

function differingSet(expected: readonly string[], actual: readonly string[]): unknown {
  const same = new Set(expected).size === actual.length && actual.every((name) => expected.includes(name))
  return same ? undefined : actual
}

function expectsNoAlert(what: ExpectationName, value: unknown): boolean {
  if (what === 'ExpectedSilenced' || what === 'ExpectedInhibited') return value === false
  return what === 'ExpectedDestinations' && Array.isArray(value) && value.length === 0
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
