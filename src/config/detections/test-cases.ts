/** The cases that a spec carries, with the expectations given inline. */

import { parseSeverity } from '../../model/alerts/severity.ts'
import { parseEventTime } from '../../model/events/event-time.ts'
import type {
  DetectionType,
  Expectations,
  ExpectedAlert,
  TestCase,
  TestEvent,
} from '../../model/project/detection.ts'
import { parseDuration } from '../files/durations.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { EXPECTATION_PROPERTIES } from '../schemas/expectations-schema.ts'
import type { ReportPolicy } from '../yaml/schema-check.ts'
import { child, toJson, toValue } from '../yaml/yaml.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'

const ENTRY_KEY: Readonly<Record<DetectionType, string>> = {
  rule: 'Log',
  scheduled_rule: 'Log',
  policy: 'Resource',
  correlation_rule: 'RuleOutputs',
}

export const EXPECTATION_NAMES = Object.keys(EXPECTATION_PROPERTIES)

/** Collects the invalid test cases. They are left out, and the detection stays. */
export class InvalidTests {
  readonly #cases = new Set<number>()
  #isList = true

  readonly policy: ReportPolicy = ({ instancePath }) => {
    const [, index] = /^\/Tests(?:\/(\d+)|$)/.exec(instancePath) ?? [undefined, null]
    if (index === null) return 'report'
    if (index === undefined) this.#isList = false
    else this.#cases.add(Number(index))
    return 'report-and-keep-file'
  }

  has(index: number): boolean {
    return !this.#isList || this.#cases.has(index)
  }
}

interface TestedSpec {
  readonly source: SourceText
  readonly node: MappingNode
  readonly invalidTests: InvalidTests
}

/** The valid test cases of a valid spec. */
export function testCases(
  { source, node, invalidTests }: TestedSpec,
  type: DetectionType,
  problems: ProblemList,
): TestCase[] {
  const tests = child(node, 'Tests')
  if (tests?.kind !== 'sequence') return []
  const names = new Map<string, number>()
  return tests.items.flatMap((test, index) => {
    if (test.kind !== 'mapping' || invalidTests.has(index)) return []
    const name = child(test, 'Name')!
    const text = String(toValue(name))
    const first = names.get(text)
    if (first !== undefined) {
      problems.error(source, name.offset, {
        code: 'duplicate-test',
        message: `duplicate test case "${text}": already used in line ${first}`,
        hint: 'give each case a unique name',
        keepsFile: true,
      })
    } else names.set(text, source.locationAt(name.offset).line)
    const events = eventsOf(test, ENTRY_KEY[type])
    const entry = child(test, ENTRY_KEY[type])
    const mocks = child(test, 'Mocks')
    return {
      name: text,
      location: source.locationAt(test.offset),
      expectedResult: toValue(child(test, 'ExpectedResult')!) === true,
      entry: entry ? toJson(entry) : (events?.[0]?.entry ?? '[]'),
      ...(events !== null && { events }),
      mocks: mocks ? toJson(mocks) : '[]',
      expectations: expectationsOf(test),
    }
  })
}

/** Durations of a case are added to this time. */
const BEGINNING_MS = Date.UTC(2000, 0, 1)

/** The form was checked. */
function caseTime(text: unknown): number {
  const duration = parseDuration(String(text))
  return duration === undefined ? (parseEventTime(text) ?? BEGINNING_MS) : BEGINNING_MS + duration
}

/** Returns the events of a case that has several; null: it has one. */
function eventsOf(test: MappingNode, entryKey: string): TestEvent[] | null {
  const events = child(test, 'Events')
  if (events?.kind !== 'sequence') return null
  return events.items.flatMap((event) =>
    event.kind === 'mapping'
      ? [{ at: caseTime(toValue(child(event, 'At')!)), entry: toJson(child(event, entryKey)!) }]
      : [],
  )
}

/** The keys of a checked mapping that are expectations: severity in its one spelling, durations as numbers. */
export function expectationsOf(node: MappingNode): Expectations {
  const expectations: Record<string, unknown> = {}
  for (const name of EXPECTATION_NAMES) {
    const value = child(node, name)
    if (value) expectations[name] = toValue(value)
  }
  const severity = expectations.ExpectedSeverity
  if (typeof severity === 'string') expectations.ExpectedSeverity = parseSeverity(severity)
  const { ExpectedAlerts: alerts, ExpectedEscalation: steps, Open: open } = expectations
  if (Array.isArray(alerts)) expectations.ExpectedAlerts = alerts.map(expectedAlert)
  if (Array.isArray(steps)) expectations.ExpectedEscalation = steps.map(expectedStep)
  if (Array.isArray(open)) expectations.Open = open.map(openAlert)
  return expectations
}

function expectedStep({ after, ...step }: { readonly after: string }): object {
  return { afterMs: parseDuration(after) ?? Number.NaN, ...step }
}

function openAlert({ severity, context, ...rest }: Record<string, unknown>): object {
  return {
    ...rest,
    ...(typeof severity === 'string' && { severity: parseSeverity(severity)! }),
    ...(context !== undefined && { context: JSON.stringify(context) }),
  }
}

function expectedAlert({ at, severity, ...rest }: Record<string, unknown>): ExpectedAlert {
  return {
    ...rest,
    ...(at !== undefined && { at: caseTime(at) }),
    ...(typeof severity === 'string' && { severity: parseSeverity(severity)! }),
  }
}
