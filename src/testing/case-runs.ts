/** Runs and evaluates cases. A second run of the failed cases records the event fields read, because recording slows every case. */

import type { Engine, TestCall, TestOutcome } from '../model/events/evaluation.ts'
import type { TestResult } from '../model/events/test-result.ts'
import type { Detection, TestCase } from '../model/project/detection.ts'
import { evaluateCase, type VerdictOptions } from './verdict.ts'

interface Case {
  readonly detection: Detection
  readonly test: TestCase
}

export interface CaseRun extends Case {
  readonly outcome: TestOutcome
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
  const outcomes = await engine.test(
    cases.map((each) => callOf(each, { followLines, recordReads: recordAllReads })),
  )
  const runs = cases.map(({ detection, test }, index): CaseRun => {
    const outcome = outcomes[index]!
    return { detection, test, outcome, result: evaluateCase(detection, test, outcome, verdict) }
  })
  const reads = await readsOf(runs.filter(lacksReads), engine)
  return runs.map((run) => ({ ...run, result: { ...run.result, reads: reads.get(run) ?? run.result.reads } }))
}

function callOf(
  { detection: { id }, test: { entry, mocks } }: Case,
  asked: Pick<TestCall, 'followLines' | 'recordReads'>,
): TestCall {
  return { detection: id, entry, mocks, ...asked }
}

function lacksReads({ outcome, result }: CaseRun): boolean {
  return result.status === 'failed' && outcome.reads === null
}

/** The second run follows all cases, because a body may keep state from one call to the next. */
async function readsOf(
  runs: readonly CaseRun[],
  engine: Pick<Engine, 'test'>,
): Promise<ReadonlyMap<CaseRun, TestOutcome['reads']>> {
  if (runs.length === 0) return new Map()
  const outcomes = await engine.test(runs.map((run) => callOf(run, { recordReads: true })))
  return new Map(runs.map((run, index) => [run, outcomes[index]!.reads]))
}
