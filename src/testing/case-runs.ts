/** Runs and evaluates cases. A second run of the failed cases records the event fields read, because recording slows every case. */

import type { Engine, TestCall, TestOutcome } from '../model/events/evaluation.ts'
import type { TestResult } from '../model/events/test-result.ts'
import type { Detection, TestCase } from '../model/project/detection.ts'
import { evaluateEventCase } from './event-cases.ts'
import { evaluateCase, type VerdictOptions } from './verdict.ts'

interface Case {
  readonly detection: Detection
  readonly test: TestCase
}

export interface CaseRun extends Case {
  /** One outcome for each event of the case. */
  readonly outcomes: readonly TestOutcome[]
  readonly result: TestResult
}

interface CaseRunOptions {
  readonly followLines: boolean
  /** Reads are recorded for all cases, and not only for failed ones. */
  readonly recordAllReads: boolean
}

/** @returns the runs in the order of the cases. */
export async function runCases(
  cases: readonly Case[],
  engine: Pick<Engine, 'test'>,
  verdict: VerdictOptions,
  { followLines, recordAllReads }: CaseRunOptions,
): Promise<CaseRun[]> {
  const outcomes = await outcomesOf(cases, engine, { followLines, recordReads: recordAllReads })
  const runs = await Promise.all(
    cases.map(async (each, index): Promise<CaseRun> => {
      const own = outcomes[index]!
      return { ...each, outcomes: own, result: await resultOf(each, own, verdict) }
    }),
  )
  const reads = await readsOf(runs.filter(lacksReads), engine)
  return runs.map((run) => ({ ...run, result: { ...run.result, reads: reads.get(run) ?? run.result.reads } }))
}

async function resultOf(
  { detection, test }: Case,
  outcomes: readonly TestOutcome[],
  verdict: VerdictOptions,
): Promise<TestResult> {
  const { events } = test
  if (events === undefined) return evaluateCase(detection, test, outcomes[0]!, verdict)
  return evaluateEventCase({ detection, test, events, outcomes }, verdict)
}

type Recorded = Pick<TestCall, 'followLines' | 'recordReads'>

/** Runs all events of all cases in one batch. */
async function outcomesOf(
  cases: readonly Case[],
  engine: Pick<Engine, 'test'>,
  recorded: Recorded,
): Promise<readonly (readonly TestOutcome[])[]> {
  const calls = cases.map((each) => callsOf(each, recorded))
  const outcomes = await engine.test(calls.flat())
  let next = 0
  return calls.map(({ length }) => {
    next += length
    return outcomes.slice(next - length, next)
  })
}

function callsOf(
  { detection: { id }, test: { entry, events, mocks } }: Case,
  recorded: Recorded,
): TestCall[] {
  const entries = events?.map((event) => event.entry) ?? [entry]
  return entries.map((each) => ({ detection: id, entry: each, mocks, ...recorded }))
}

function lacksReads({ outcomes, result }: CaseRun): boolean {
  return result.status === 'failed' && outcomes.every(({ reads }) => reads === null)
}

/** The second run follows all cases, because a body may keep state from one call to the next. */
async function readsOf(
  runs: readonly CaseRun[],
  engine: Pick<Engine, 'test'>,
): Promise<ReadonlyMap<CaseRun, TestOutcome['reads']>> {
  if (runs.length === 0) return new Map()
  const outcomes = await outcomesOf(runs, engine, { recordReads: true })
  return new Map(runs.map((run, index) => [run, outcomes[index]!.flatMap(({ reads }) => reads ?? [])]))
}
