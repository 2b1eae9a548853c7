/** Evaluates one test case from the results of the functions: the verdict that Panther's tool gives, then the expectations. Pure. */
import { buildMatch, functionLabel, matches } from '../alerts/build.ts'
import { handle } from '../handling/handle.ts'
import { type HandlingState, NO_HANDLING_STATE } from '../handling/stage.ts'
import { statedInhibitors } from '../handling/stated-inhibitors.ts'
import type { AlertDraft } from '../model/alerts/alert.ts'
import { FUNCTIONS, type FunctionError, type MatchFinding } from '../model/alerts/finding.ts'
import type { Handling } from '../model/alerts/handling.ts'
import type { RouteProblem } from '../model/alerts/route.ts'
import type { TestOutcome } from '../model/events/evaluation.ts'
import { guardJson, locationText, reasonOf } from '../model/events/guard-words.ts'
import type { TestFailure, TestResult } from '../model/events/test-result.ts'
import type { NoRegistry, Registry } from '../model/project/destination.ts'
import { alertsOn, type Detection, type TestCase } from '../model/project/detection.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { checkExpectations } from './expectations.ts'

export interface VerdictOptions {
  readonly registry: Registry | NoRegistry
  readonly handling: HandlingRules
  /** Epoch ms, in place of the case's own time. */
  readonly at?: number
  /** Unknown names resolve as in production, with a warning. */
  readonly allowUnknownDestinations: boolean
  /** Warnings about routing fail the case. */
  readonly failOnProblems: boolean
}

export function evaluateCase(
  detection: Detection,
  test: TestCase,
  outcome: TestOutcome,
  options: VerdictOptions,
): TestResult {
  const { functions } = outcome
  const matched = functions.detection?.output ?? null
  const draft = draftOf(detection, test, outcome, options.registry)
  const alerts = draft !== null && detection.createAlert
  const at = options.at ?? timeOf(test)
  const handling = alerts
    ? handle(draft, draft.route, stateOf(test, options, at), options.handling, at)
    : null
  const expectations = checkExpectations(test.expectations, alerts && handling ? { draft, handling } : null)
  const routing = judgeRoute(alerts ? draft : null, options)
  const failures = [
    ...mockFailures(outcome),
    ...matcherFailures(detection, test, outcome),
    ...functionFailures(detection, test, outcome),
    ...guardFailures(detection, outcome),
    ...routing.failures,
    ...expectations.failures,
  ]
  return {
    name: test.name,
    status: failures.length > 0 ? 'failed' : 'passed',
    file: test.location.file,
    line: test.location.line,
    expectedResult: test.expectedResult,
    matched,
    alerts,
    severity: draft?.severity ?? null,
    route: alerts ? draft.route : null,
    handling,
    functions,
    failures,
    notices: silenceNotices(test, handling),
    warnings: [...routing.warnings, ...logTypeWarnings(detection, test)],
    skippedExpectations: expectations.skipped,
    reads: outcome.reads ?? [],
    output: outcome.output,
    durationMs: outcome.durationMs,
  }
}

/** What a case states of the store. */
function stateOf({ expectations }: TestCase, { handling }: VerdictOptions, at: number | null): HandlingState {
  const { Open: open = [] } = expectations
  return { ...NO_HANDLING_STATE, inhibitors: statedInhibitors(handling.inhibitions, open, at) }
}

function draftOf(
  detection: Detection,
  test: TestCase,
  outcome: TestOutcome,
  registry: Registry | NoRegistry,
): AlertDraft | null {
  if (!matches(detection.type, outcome.functions)) return null
  const candidate = buildMatch(detection, findingOf(detection, test, outcome))
  return { ...candidate.draft, route: resolveRoute(candidate.routeRequest, registry) }
}

/** The time of the case; null: it has none. */
export function timeOf({ expectations: { At: at } }: Pick<TestCase, 'expectations'>): number | null {
  return at === undefined ? null : Date.parse(at)
}

/** A silence changes no route, so a case that does not ask for it would not show that its alert is not sent. */
function silenceNotices({ expectations }: TestCase, handling: Handling | null): string[] {
  if (handling === null || expectations.ExpectedSilenced !== undefined) return []
  const hiding = handling.steps.filter(({ stage, did }) => stage === 'silence' && did === 'hid')
  const ids = [...new Set(hiding.map(({ by }) => by))]
  return ids.map((id) => `the silence ${id} hides this alert; state it with ExpectedSilenced: ${id}`)
}

/** In production, a rule never gets an event of a log type that it does not list. */
function logTypeWarnings(detection: Detection, { entry }: TestCase): string[] {
  if (detection.type !== 'rule') return []
  const type = (JSON.parse(entry) as Record<string, unknown> | null)?.p_log_type
  if (typeof type !== 'string' || type === '' || detection.logTypes.includes(type)) return []
  return [`p_log_type ${type} is not in LogTypes: in production, this rule never gets such an event`]
}

/** The finding of a case. As in production, the type of its event is the record's own `p_log_type`. */
export function findingOf(
  detection: Detection,
  test: Pick<TestCase, 'entry'>,
  outcome: TestOutcome,
): MatchFinding {
  const entry = JSON.parse(test.entry) as Record<string, unknown> | null
  const textAt = (key: string) => (typeof entry?.[key] === 'string' ? (entry[key] as string) : null)
  return {
    from: 'detection',
    detection: detection.id,
    functions: outcome.functions,
    event: {
      source: 'test',
      seq: 0,
      kind: detection.type === 'policy' ? 'resource' : 'log',
      type: detection.type === 'policy' ? textAt('resourceType') : textAt('p_log_type'),
      rowId: textAt('p_row_id') ?? '',
      resourceId: textAt('resourceId'),
      happenedAt: null,
      at: 0,
    },
  }
}

function mockFailures({ missingMocks }: TestOutcome): TestFailure[] {
  return missingMocks.map((name) => ({
    what: 'mock',
    expected: name,
    actual: null,
    message: `mock "${name}" has no effect: the module defines no such name`,
  }))
}

/** A wrong guard would lose alerts in production, so it fails the case, whatever the case expects. */
function guardFailures(detection: Detection, { functions, contradictedBy }: TestOutcome): TestFailure[] {
  if (!contradictedBy) return []
  const label = functionLabel('detection', detection.type)
  const { error, output } = functions.detection ?? {}
  const did = error ? `raised ${error.repr}` : `returned ${output === true ? 'True' : 'False'}`
  const { message, part } = reasonOf(contradictedBy)
  const lines = [
    `internal error of Signalbox: the guard decides that ${label} stays silent, but it ${did}`,
    `the guard decides so because ${message}${part ? ` (${locationText(part.location)})` : ''}`,
    `index conditions: ${contradictedBy.conditions.join(', ') || 'none'}`,
    'report this with the text of the detection; run with --no-guards until it is corrected',
  ]
  return [
    {
      what: 'guard',
      expected: guardJson(contradictedBy),
      actual: error ? null : (output ?? null),
      message: lines.join('\n'),
    },
  ]
}

function matcherFailures(detection: Detection, test: TestCase, { functions }: TestOutcome): TestFailure[] {
  const label = functionLabel('detection', detection.type)
  const result = functions.detection
  if (result?.error) {
    const { error } = result
    return [
      {
        what: 'ExpectedResult',
        expected: test.expectedResult,
        actual: error,
        message: errorText(label, error),
      },
    ]
  }
  if (result?.output === test.expectedResult) return []
  const actual = result?.output ?? null
  const message = `${label} returned ${String(actual)}, expected ${test.expectedResult}`
  return [{ what: 'ExpectedResult', expected: test.expectedResult, actual, message }]
}

const RETURNED = /returned \[(.*?)\], expected \[(.*)\]$/
const EXPECTED: Readonly<Record<string, string>> = { bool: 'True or False', str: 'a str' }

/** A wrong return type is not reported as an exception, because the function returned. */
function errorText(label: string, { type, message, repr }: FunctionError): string {
  const [, returned, expected] = (type === 'FunctionReturnTypeError' && RETURNED.exec(message)) || []
  if (returned === undefined || expected === undefined) return `${label} raised ${repr}`
  const value = returned === 'NoneType' ? 'None' : `${/^[aeiou]/i.test(returned) ? 'an' : 'a'} ${returned}`
  return `${label} returned ${value}, it must return ${EXPECTED[expected] ?? expected}`
}

/** Errors of the other functions count if the case expects an alert. */
function functionFailures(detection: Detection, test: TestCase, { functions }: TestOutcome): TestFailure[] {
  if (test.expectedResult !== alertsOn(detection.type)) return []
  return FUNCTIONS.slice(1).flatMap((name) => {
    const error = functions[name]?.error
    if (!error) return []
    const message = errorText(functionLabel(name, detection.type), error)
    return [{ what: 'function' as const, expected: null, actual: error, message }]
  })
}

const WARNED: ReadonlySet<RouteProblem['code']> = new Set([
  'nobody',
  'skip-mixed',
  'too-many',
  'disabled-destination',
  'strict-filter',
])

function judgeRoute(
  draft: AlertDraft | null,
  options: VerdictOptions,
): { failures: TestFailure[]; warnings: string[] } {
  const failures: TestFailure[] = []
  const warnings: string[] = []
  for (const problem of draft?.route.problems ?? []) {
    const unknown = problem.code === 'unknown-destination'
    const fails = unknown
      ? !options.allowUnknownDestinations
      : options.failOnProblems && WARNED.has(problem.code)
    if (fails) {
      failures.push({
        what: 'route',
        expected: null,
        actual: problem.destination ?? null,
        message: problem.message,
      })
    } else if (unknown || WARNED.has(problem.code)) warnings.push(problem.message)
  }
  return { failures, warnings }
}
