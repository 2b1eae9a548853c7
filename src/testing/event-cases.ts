/**
 * Evaluates cases with several events: their times are the clock of a simulation, so that dedup, thresholds, limits and
 * silences decide as in `run`.
 */
import { functionLabel, matches } from '../alerts/build.ts'
import type { EvaluatedEvent, TestOutcome } from '../model/events/evaluation.ts'
import type { TestFailure, TestResult } from '../model/events/test-result.ts'
import { nullLog } from '../model/ports.ts'
import { registryOrEmpty } from '../model/project/destination.ts'
import {
  alertKindOf,
  type Detection,
  type ExpectedAlert,
  type TestCase,
  type TestEvent,
} from '../model/project/detection.ts'
import type { RoutedProject } from '../model/project/project.ts'
import { DEFAULT_SETTINGS } from '../model/project/settings.ts'
import { Simulation } from '../simulation/simulation.ts'
import { openSimulationStore } from '../simulation/simulation-store.ts'
import type { AlertRow } from '../store/store.ts'
import { evaluateCase, findingOf, type VerdictOptions } from './verdict.ts'

const MAX_ALERTS = 10_000
interface EventCase {
  readonly detection: Detection
  readonly test: TestCase
  readonly events: readonly TestEvent[]
  /** The outcome of each event. */
  readonly outcomes: readonly TestOutcome[]
}

/** The first event that matches decides what the result shows of functions and route. */
export async function evaluateEventCase(each: EventCase, options: VerdictOptions): Promise<TestResult> {
  const { detection, test, events, outcomes } = each
  const matching = outcomes.findIndex(({ functions }) => matches(detection.type, functions))
  const shown = Math.max(0, matching)
  const { ExpectedAlerts: expected, ...others } = test.expectations
  const { entry, at } = events[shown]!
  const expectations = { ...others, At: new Date(at).toISOString() }
  const result = evaluateCase(detection, { ...test, entry, expectations }, outcomes[shown]!, options)
  const errors = outcomes.flatMap((outcome, i) => (i === shown ? [] : errorsOf(detection, outcome, i)))
  const alerts = await alertsOf(each, options)
  const compared = expected === undefined ? null : compareAlerts(expected, alerts, events[0]!.at, options)
  const failures = [...result.failures, ...errors, ...(compared?.failures ?? [])]
  return {
    ...result,
    status: failures.length > 0 ? 'failed' : 'passed',
    failures,
    skippedExpectations: [...result.skippedExpectations, ...(compared?.skipped ?? [])],
    output: outcomes.map(({ output }) => output).join(''),
    durationMs: outcomes.reduce((sum, { durationMs }) => sum + durationMs, 0),
  }
}

function errorsOf({ type }: Detection, { functions }: TestOutcome, index: number): TestFailure[] {
  const error = functions.detection?.error
  if (!error) return []
  const message = `event ${index + 1}: ${functionLabel('detection', type)} raised ${error.repr}`
  return [{ what: 'ExpectedResult', expected: null, actual: error, message }]
}

/** The alerts of the detection in the order of their creation. */
async function alertsOf(
  { detection, events, outcomes }: EventCase,
  { registry, handling }: VerdictOptions,
): Promise<readonly AlertRow[]> {
  const project: RoutedProject = {
    root: '/',
    folders: [],
    detections: new Map([[detection.id, { ...detection, enabled: true }]]),
    helpers: [],
    dataModels: [],
    unitTests: [],
    others: [],
    invalidParts: [],
    // Without a registry expectations of routes are skipped.
    registry: registryOrEmpty(registry),
    handling,
    settings: DEFAULT_SETTINGS,
    configuration: [],
    problems: [],
  }
  const opened = await openSimulationStore('memory:')
  try {
    const evaluate = async () => []
    const simulation = await Simulation.open({
      project,
      opened,
      evaluate,
      onAdmitted: () => {},
      log: nullLog,
    })
    const evaluated = events.map((event, i) => evaluatedEvent(detection, event, outcomes[i]!, i))
    // Each event is committed by itself, so that its time is that of the decision.
    for (const event of evaluated) await simulation.admit([event])
    const alerts = await opened.store.alerts({ detection: detection.id, limit: MAX_ALERTS })
    const kind = alertKindOf(detection.type)
    return alerts.filter((alert) => alert.kind === kind).sort((a, b) => a.createdAt - b.createdAt)
  } finally {
    await opened.close()
  }
}

function evaluatedEvent(
  detection: Detection,
  { at, entry }: TestEvent,
  outcome: TestOutcome,
  index: number,
): EvaluatedEvent {
  const { event, ...finding } = findingOf(detection, { entry }, outcome)
  const { kind, type } = event
  const position = `event ${index + 1}`
  const isFinding =
    matches(detection.type, outcome.functions) || outcome.functions.detection?.error !== undefined
  const found = { ...finding, event: { ...event, at, happenedAt: at, seq: index, rowId: position } }
  return {
    envelope: { source: 'test', seq: index, kind, type, receivedAt: at, raw: entry, position },
    outcome: { status: 'evaluated', at, ownRowId: null, findings: isFinding ? [found] : [] },
  }
}

type Compared = Pick<TestResult, 'failures' | 'skippedExpectations'>

function compareAlerts(
  expected: readonly ExpectedAlert[],
  alerts: readonly AlertRow[],
  beginning: number,
  { registry }: VerdictOptions,
): { readonly failures: TestFailure[]; readonly skipped: Compared['skippedExpectations'] } {
  const lacksRegistry = typeof registry === 'string'
  const checked = lacksRegistry ? expected.map(({ route: _r, destinations: _d, ...rest }) => rest) : expected
  const isSkipped = lacksRegistry && expected.some(({ route, destinations }) => route ?? destinations)
  const reason = 'the routes of ExpectedAlerts require a registry'
  const skipped = isSkipped ? [{ what: 'ExpectedAlerts' as const, reason }] : []
  const actual = alerts.map(actualAlert)
  const differences =
    checked.length === actual.length
      ? checked.flatMap((alert, i) => differencesOf(alert, actual[i]!, i, beginning))
      : [`number of alerts: expected ${checked.length}, got ${actual.length}${listed(actual, beginning)}`]
  const failures = differences.map((text) => {
    return { what: 'ExpectedAlerts' as const, expected, actual, message: `ExpectedAlerts: ${text}` }
  })
  return { failures, skipped }
}

function actualAlert({
  createdAt: at,
  events,
  severity,
  route,
  title,
  dedup,
}: AlertRow): Required<ExpectedAlert> {
  return { at, events, severity, route: route.level, destinations: route.destinations, title, dedup }
}

function differencesOf(
  expected: ExpectedAlert,
  actual: Required<ExpectedAlert>,
  index: number,
  beginning: number,
): string[] {
  const keys = Object.keys(expected) as (keyof ExpectedAlert)[]
  return keys
    .filter((key) => comparable(key, expected[key]) !== comparable(key, actual[key]))
    .map((key) => {
      const [wanted, got] = [valueText(key, expected[key], beginning), valueText(key, actual[key], beginning)]
      return `alert ${index + 1}: ${key}: expected ${wanted}, got ${got}`
    })
}

function comparable(key: keyof ExpectedAlert, value: ExpectedAlert[keyof ExpectedAlert]): string {
  return JSON.stringify(key === 'destinations' ? [...(value as readonly string[])].sort() : value)
}

function valueText(
  key: keyof ExpectedAlert,
  value: ExpectedAlert[keyof ExpectedAlert],
  beginning: number,
): string {
  return key === 'at' ? timeText(value as number, beginning) : JSON.stringify(value)
}

function listed(alerts: readonly Required<ExpectedAlert>[], beginning: number): string {
  const texts = alerts.map(
    ({ at, severity, events }) => `${severity} at ${timeText(at, beginning)} with ${events} events`,
  )
  return texts.length === 0 ? '' : `: ${texts.join(', ')}`
}

/** Text such as `15m` or `1h 30s` after the first event. */
function timeText(at: number, beginning: number): string {
  const seconds = Math.round((at - beginning) / 1_000)
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const
  const text = parts.flatMap(([count, unit]) => (count > 0 ? [`${count}${unit}`] : [])).join(' ')
  return `${text || '0s'} after the first event`
}
