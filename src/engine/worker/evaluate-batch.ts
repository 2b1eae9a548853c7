/** WORKER THREAD. Runs one job: builds one request to Python from its items and outcomes from the response. */

import { signalFieldsJson } from '../../match/signal-fields.ts'
import type { FunctionError, FunctionResults, MatchFinding } from '../../model/alerts/finding.ts'
import type { TestOutcome } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import { failedOutcome } from '../../model/events/outcome.ts'
import {
  type EventEntry,
  evaluationRequest,
  testRequest,
  unitTestRequest,
} from '../protocol/driver-request.ts'
import {
  MalformedResponse,
  readEvaluation,
  readOutcomes,
  readUnitTests,
} from '../protocol/driver-response.ts'
import type {
  Body,
  BodyCall,
  BodyGuardCall,
  DriverResponse,
  ItemOutcome,
  Job,
  Offender,
  PackedResponse,
  Printed,
  Skip,
  UnitTestCall,
} from '../protocol/messages.ts'
import { packOutcomes } from '../protocol/quiet-events.ts'
import { failedUnitTest, QUARANTINED } from '../protocol/terminated-call.ts'
import type { LockedPython, Python } from '../runtime/locked-python.ts'
import type { CacheClient } from './cache-client.ts'
import type { GuardReporter } from './guard-report/report-guards.ts'
import { assertIntegrity, withIntegrityCheck } from './integrity-check.ts'
import type { ParseRules } from './parse-event.ts'
import { cacheEvent } from './parsed-event.ts'
import type { Prefilter } from './prefilter.ts'
import { type KeptEvent, takeEvent } from './take-events.ts'

export interface LoadedBodies {
  readonly python: Python & Pick<LockedPython, 'heapBytes'>
  readonly cacheClient: Pick<CacheClient, 'serve'>
  readonly rules: ParseRules
  readonly prefilter: Prefilter
  /** Reports of the guards that hold in this interpreter. */
  readonly ownGuards: GuardReporter
  /** Reports of the guards that hold in `run`. */
  readonly runGuards: GuardReporter
  readonly bodies: readonly Body[]
  readonly broken: ReadonlyMap<number, FunctionError>
}

/** The results of one body's functions for one item. */
interface BodyResult {
  readonly item: number
  readonly body: number
  readonly functions: FunctionResults
}

export function evaluateEvents(loaded: LoadedBodies, job: Job): PackedResponse {
  const { python, cacheClient, rules, prefilter, bodies } = loaded
  const envelopes = job.work.items as readonly Envelope[]
  const { skips } = job
  // An error for which a body was stopped is reported for an event on which nothing else is found.
  const taking = { ...rules, prefilterEvent: prefilter.forJob(job), keepsQuiet: skips.length > 0 }
  const taken = envelopes.map((envelope) => takeEvent(envelope, taking))
  cacheClient.serve((item) => {
    const event = taken[item]
    return event?.status === 'accepted' ? cacheEvent(envelopes[item]!, event.ownRowId) : null
  })
  const quarantined = new Set(job.quarantined)
  const dropQuarantined = withoutQuarantined(quarantined)
  const matched: BodyResult[] = []
  const entries = taken.flatMap((event, item): EventEntry[] => {
    if (event?.status !== 'accepted') return []
    for (const each of event.matched) matched.push({ item, ...each })
    const candidates = dropQuarantined(event.python)
    return candidates.length === 0
      ? []
      : [{ item, raw: envelopes[item]!.raw, fields: event.fields, candidates }]
  })
  const { reported, unreadable, printed, changedValues } = runChecked(python, entries, job)
  const allResults = [...matched, ...reported, ...resultsOfQuarantined(skips, quarantined)].sort(
    (a, b) => a.body - b.body,
  )
  const byItem = Map.groupBy(allResults, ({ item }) => item)

  const outcomes = taken.map((event, item): ItemOutcome | null => {
    if (event?.status !== 'accepted') return event
    if (unreadable.has(item)) return { status: 'rejected', reason: 'not JSON that Python can read' }
    const findings = (byItem.get(item) ?? []).map(
      ({ body, functions }): MatchFinding => ({
        from: 'detection',
        detection: bodies[body]!.id,
        event: event.event,
        functions,
        ...(functions.detection?.output &&
          signalFieldsOf(bodies[body]!, envelopes[item]!.raw, event, functions)),
      }),
    )
    const { at, ownRowId, notices } = event
    return { status: 'evaluated', at, ownRowId, findings, ...(notices.length > 0 && { notices }) }
  })
  const accepted = taken.filter((event) => event === null || event.status === 'accepted')
  const eventsWithoutPython = accepted.length - entries.length
  return { outcomes: packOutcomes(outcomes), printed, changedValues, eventsWithoutPython }
}

/** Returns the fields that correlation rules need of a match. */
function signalFieldsOf(
  body: Body,
  raw: string,
  { fields }: Pick<KeptEvent, 'fields'>,
  { alert_context: context }: FunctionResults,
): Pick<MatchFinding, 'signalFields'> {
  if (!('signalFields' in body) || body.signalFields.length === 0) return {}
  return { signalFields: signalFieldsJson(body.signalFields, raw, fields, context?.output ?? '{}') }
}

interface PythonReport {
  readonly reported: readonly BodyResult[]
  readonly unreadable: ReadonlySet<number>
  readonly printed: readonly Printed[]
}

const NOTHING_RUN: PythonReport = { reported: [], unreadable: new Set(), printed: [] }

/** Runs the bodies and checks the state that they share. Where nothing runs, nothing has changed. */
function runChecked(
  python: Python,
  entries: readonly EventEntry[],
  job: Job,
): PythonReport & Pick<DriverResponse, 'changedValues'> {
  if (entries.length === 0) return { ...NOTHING_RUN, changedValues: [] }
  const suspects = { bodies: bodiesIn(entries), offender: null }
  const report = job.checkIntegrity
    ? runEachBody(python, entries, job)
    : withIntegrityCheck(python, suspects, () => runBodies(python, entries, job))
  return { ...report, changedValues: assertIntegrity(python, suspects) }
}

/** Calls Python once for all events, and event by event if Python cannot read the whole request. */
function runBodies(python: Python, entries: readonly EventEntry[], job: Job): PythonReport {
  const answer = readEvaluation(python.evaluate(evaluationRequest(entries, job)))
  if (answer !== null) {
    const candidatesOf = new Map(entries.map(({ item, candidates }) => [item, candidates]))
    if (!answer.findings.every(([item, body]) => candidatesOf.get(item)?.includes(body)))
      throw new MalformedResponse()
    return {
      reported: answer.findings.map(([item, body, functions]) => ({ item, body, functions })),
      unreadable: new Set(),
      printed: answer.output.map(([body, text]) => ({ body, text })),
    }
  }
  if (entries.length === 1) return { reported: [], unreadable: new Set([entries[0]!.item]), printed: [] }
  return joinReports(entries.map((entry) => runBodies(python, [entry], job)))
}

/** Calls Python once for each body, to find the one that changed shared state. */
function runEachBody(python: Python, entries: readonly EventEntry[], job: Job): PythonReport {
  const bodies = bodiesIn(entries)
  return joinReports(
    bodies.map((body) => {
      const seeing = entries.filter(({ candidates }) => candidates.includes(body))
      const alone = seeing.map((entry) => ({ ...entry, candidates: [body] }))
      const suspects = { bodies, offender: { body, item: seeing[0]!.item } }
      const report = withIntegrityCheck(python, suspects, () => runBodies(python, alone, job))
      assertIntegrity(python, suspects)
      return report
    }),
  )
}

/** Returns the numbers of all candidates, ascending. Most events share one list of candidates. */
function bodiesIn(entries: readonly EventEntry[]): number[] {
  const lists = new Set(entries.map(({ candidates }) => candidates))
  return [...new Set([...lists].flat())].sort((a, b) => a - b)
}

function joinReports(parts: readonly PythonReport[]): PythonReport {
  return {
    reported: parts.flatMap((part) => part.reported),
    unreadable: new Set(parts.flatMap((part) => [...part.unreadable])),
    printed: parts.flatMap((part) => part.printed),
  }
}

/** Keeps equal lists one object, because events are grouped by it. */
function withoutQuarantined(quarantined: ReadonlySet<number>) {
  const known = new Map<readonly number[], readonly number[]>()
  return (candidates: readonly number[]): readonly number[] => {
    if (quarantined.size === 0) return candidates
    const running = known.get(candidates) ?? candidates.filter((body) => !quarantined.has(body))
    known.set(candidates, running)
    return running
  }
}

/** A quarantined body no longer runs, but the errors for which it was stopped are reported once per event. */
function resultsOfQuarantined(skips: readonly Skip[], quarantined: ReadonlySet<number>): BodyResult[] {
  const reported = skips.filter(
    (skip, index) =>
      quarantined.has(skip.body) &&
      index === skips.findIndex(({ body, item }) => body === skip.body && item === skip.item),
  )
  return reported.map(({ item, body, error }) => ({ item, body, functions: { detection: { error } } }))
}

export function testCalls(
  { python, prefilter, bodies: loaded, broken, ownGuards }: LoadedBodies,
  job: Job,
): DriverResponse {
  const calls = job.work.items as readonly BodyCall[]
  const quarantined = new Set(job.quarantined)
  const refusal = (body: number, item: number): FunctionError | undefined => {
    if (!quarantined.has(body)) return broken.get(body)
    return job.skips.find((skip) => skip.body === body && skip.item === item)?.error ?? QUARANTINED
  }
  /** null: Python has to run the call. */
  const decided = calls.map(({ body, entry }, item): TestOutcome | null => {
    const error = refusal(body, item)
    return error ? failedOutcome(error) : prefilter.test(body, entry)
  })
  const items = calls.flatMap((_, item) => (decided[item] ? [] : [item]))
  const run = (some: readonly number[]) => {
    const numberedCalls = some.map((item) => ({ item, ...calls[item]! }))
    return readOutcomes(python.test(testRequest(numberedCalls, loaded, job.skips)), some.length)
  }
  const bodies = [...new Set(items.map((item) => calls[item]!.body))]
  const runWatching = (item: number) => {
    const suspects = { bodies, offender: { body: calls[item]!.body, item } }
    const outcome = withIntegrityCheck(python, suspects, () => run([item]))
    assertIntegrity(python, suspects)
    return outcome
  }
  const suspects = { bodies, offender: null }
  const outcomes = job.checkIntegrity
    ? items.flatMap(runWatching)
    : withIntegrityCheck(python, suspects, () => run(items))
  const changedValues = assertIntegrity(python, suspects)
  const results = outcomes.values()
  return {
    outcomes: decided.map(
      (outcome, item) => outcome ?? withContradiction(ownGuards, calls[item]!, results.next().value!),
    ),
    printed: [],
    changedValues,
    eventsWithoutPython: 0,
  }
}

/** A guard that calls a matcher silent which is not is a fault of the engine. */
function withContradiction(guards: GuardReporter, call: BodyCall, outcome: TestOutcome): TestOutcome {
  const contradictedBy = guards.contradiction(call, outcome.functions.detection)
  return contradictedBy ? { ...outcome, contradictedBy } : outcome
}

export function guardReports({ runGuards, broken }: LoadedBodies, job: Job): DriverResponse {
  const calls = job.work.items as readonly BodyGuardCall[]
  const outcomes = calls.map(({ body, entry, isMeasured }) =>
    runGuards.report(body, entry, { isBroken: broken.has(body), isMeasured }),
  )
  return { outcomes, printed: [], changedValues: [], eventsWithoutPython: 0 }
}

export function unitTestCalls({ python, broken }: LoadedBodies, job: Job): DriverResponse {
  const calls = job.work.items as readonly UnitTestCall[]
  const quarantined = new Set(job.quarantined)
  const refusals = calls.map(({ body }) => (quarantined.has(body) ? QUARANTINED : broken.get(body)))
  const items = calls.flatMap((_, item) => (refusals[item] ? [] : [item]))
  const run = (some: readonly number[], offender: Offender | null) =>
    withIntegrityCheck(python, { bodies: [], offender }, () => {
      const numberedCalls = some.map((item) => ({ item, ...calls[item]! }))
      return readUnitTests(python.unitTests(unitTestRequest(numberedCalls, job.skips)), some.length)
    })
  // A unit test may change shared state, so the check runs only if there is no usable response.
  const outcomes = job.checkIntegrity
    ? items.flatMap((item) => run([item], { body: calls[item]!.body, item }))
    : run(items, null)
  const results = outcomes.values()
  return {
    outcomes: refusals.map((error) => (error ? failedUnitTest(error) : results.next().value!)),
    printed: [],
    changedValues: [],
    eventsWithoutPython: 0,
  }
}
