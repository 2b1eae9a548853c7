/**
 * WORKER THREAD. Checks the responses of the Python driver. A detection may have forged one, and later decisions are based
 * on it, so a response without the agreed form ends the worker.
 */

import { FUNCTIONS, type FunctionName, type FunctionResults } from '../../model/alerts/finding.ts'
import type { TestOutcome, UnitTestOutcome } from '../../model/events/evaluation.ts'
import type { BrokenBody } from './messages.ts'
import type { PythonAnalysis } from './module-analysis.ts'

interface EvaluationResponse {
  readonly findings: readonly [item: number, body: number, functions: FunctionResults][]
  readonly output: readonly [body: number, text: string][]
}

export class MalformedResponse extends Error {
  override name = 'MalformedResponse'
  constructor() {
    super('the response of Python is malformed: a detection may have forged it')
  }
}

/** Returns null if Python could not read the request. */
export function readEvaluation(text: string): EvaluationResponse | null {
  return read(text, (response) => response === null || isEvaluation(response))
}

export function readOutcomes(text: string, calls: number): readonly TestOutcome[] {
  return read(text, (response) => isOutcomes(response) && (response as unknown[]).length === calls)
}

/** Checks and returns the analyses of these bodies. */
export function readAnalyses(text: string, bodies: number): readonly PythonAnalysis[] {
  return read(text, (response) => isAnalyses(response) && (response as unknown[]).length === bodies)
}

export function readUnitTests(text: string, calls: number): readonly (UnitTestOutcome | readonly string[])[] {
  return read(text, (response) => isUnitTests(response) && (response as unknown[]).length === calls)
}

export function readBroken(text: string, bodies: number): readonly BrokenBody[] {
  return read(text, listOf(isBrokenBody(bodies)))
}

/** The result of loading the bodies. */
export interface LoadResponse {
  readonly problems: readonly BrokenBody[]
  /** The bodies that read the wall clock or random numbers while they were loaded. */
  readonly startDependent: readonly number[]
}

export function readLoad(text: string, bodies: number): LoadResponse {
  return read(
    text,
    record({ problems: listOf(isBrokenBody(bodies)), startDependent: listOf(isBodyNumber(bodies)) }),
  )
}

function isBrokenBody(bodies: number): Check {
  return record({ body: isBodyNumber(bodies), error: isError })
}

function isBodyNumber(bodies: number): Check {
  return (value) => isInteger(value) && (value as number) < bodies
}

function read<T>(text: string, isOfTheForm: Check): T {
  let response: unknown
  try {
    response = JSON.parse(text)
  } catch {
    throw new MalformedResponse()
  }
  if (!isOfTheForm(response)) throw new MalformedResponse()
  return response as T
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isBoolean: Check = (value) => typeof value === 'boolean'
const isNumber: Check = (value) => typeof value === 'number'
const isInteger: Check = (value) => Number.isInteger(value) && (value as number) >= 0
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const tuple =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, at) => check(value[at]))

function record(fields: Record<string, Check>): Check {
  const names = Object.keys(fields)
  return (value) => {
    if (!isObject(value)) return false
    const object = value as Record<string, unknown>
    return (
      names.every((name) => fields[name]!(object[name])) &&
      Object.keys(object).every((name) => Object.hasOwn(fields, name))
    )
  }
}

/** The text of a JSON object, which goes into the notification unchanged. */
const isObjectText: Check = (value) => {
  try {
    return isObject(JSON.parse(value as string))
  } catch {
    return false
  }
}

const isError = record({
  type: isText,
  message: isText,
  repr: isText,
  frames: listOf(
    record({ file: isText, line: isInteger, function: isText, source: isText, column: optional(isInteger) }),
  ),
  limit: optional(isText),
})

const OUTPUTS: Record<FunctionName, Check> = {
  detection: isBoolean,
  title: isText,
  description: isText,
  reference: isText,
  severity: isText,
  runbook: isText,
  destinations: orNull(listOf(isText)),
  dedup: isText,
  alert_context: isObjectText,
  unique: orNull(isText),
}
const isFunctions = record(Object.fromEntries(Object.entries(OUTPUTS).map(result)))

function result([name, isOutput]: [string, Check]): [string, Check] {
  const isGood = record({ output: isOutput })
  const isBad = record({ error: isError })
  return [name, optional((value) => isGood(value) || isBad(value))]
}

const isEvaluation = record({
  findings: listOf(tuple(isInteger, isInteger, isFunctions)),
  output: listOf(tuple(isInteger, isText)),
})
/** More lines than any source file has. The limit bounds what a forged response can list. */
const MAX_LINES = 100_000
const isLines: Check = (value) =>
  Array.isArray(value) &&
  value.length <= MAX_LINES &&
  value.every((line, at) => isInteger(line) && line > (value[at - 1] ?? 0))
const isOutcomes = listOf(
  record({
    functions: isFunctions,
    output: isText,
    missingMocks: listOf(isText),
    reads: orNull(listOf(record({ field: isText, value: orNull(isText) }))),
    durationMs: isNumber,
    lines: optional(record({ executable: isLines, run: isLines })),
    functionMs: optional(record(Object.fromEntries(FUNCTIONS.map((name) => [name, optional(isNumber)])))),
  }),
)

const isLocation = record({ file: isText, line: isInteger, column: isInteger })
const isLiteral = record({ value: isText, location: isLocation })
const OUTCOMES: Record<string, Check> = {
  text: record({ kind: isText, value: isText, location: isLocation }),
  list: record({
    kind: isText,
    items: listOf(isLiteral),
    exact: isBoolean,
    closed: isBoolean,
    location: isLocation,
  }),
  none: record({ kind: isText, location: isLocation }),
  other: record({ kind: isText, type: isText, location: isLocation }),
  unknown: record({ kind: isText, event: isBoolean, location: isLocation }),
}
const isOutcome: Check = (value) => {
  const kind = isObject(value) && (value as { kind: unknown }).kind
  return typeof kind === 'string' && Object.hasOwn(OUTCOMES, kind) && OUTCOMES[kind]!(value)
}
const isReturns = optional(record({ location: isLocation, outcomes: listOf(isOutcome) }))
const isFacts = orNull(
  record({
    functions: listOf(record({ name: isText, line: isInteger })),
    imports: listOf(record({ module: isText, name: orNull(isText), line: isInteger })),
    returns: optional(
      record({ title: isReturns, dedup: isReturns, severity: isReturns, destinations: isReturns }),
    ),
    followed: optional(listOf(isText)),
    isStandard: optional(isBoolean),
  }),
)
const isAnalyses = listOf(record({ facts: isFacts, code: orNull(isText), guard: orNull(isText) }))

const isUnitTest = record({
  status: (value) => value === 'passed' || value === 'failed' || value === 'skipped',
  errors: listOf(isError),
  reason: isText,
  output: isText,
  durationMs: isNumber,
})
const isUnitTests = listOf((value) => listOf(isText)(value) || isUnitTest(value))
