/** Runs cases and judges them. What a failing one read of its event is asked for in a second run: noting it slows them all. */

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
  /** Of cases that pass as well. */
  readonly recordAllReads: boolean
}

/** In their order. */
export async function runCases(
  cases: readonly Case[],
  engine: Pick<Engine, 'test'>,
  verdict: VerdictOptions,
  { followLines, recordAllReads }: CaseRunOptions,
): Promise<CaseRun[]> {
  const outcomes = await engine.test(
    cases.map((each) => callOf(each, { followLines, recordReads: recordAllReads })),
  )
  const runs = cases.map(({ detection, test }, place): CaseRun => {
    const outcome = outcomes[place]!
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

/** After all cases of their detections: a body may keep something from one call to the next. */
async function readsOf(
  runs: readonly CaseRun[],
  engine: Pick<Engine, 'test'>,
): Promise<ReadonlyMap<CaseRun, TestOutcome['reads']>> {
  if (runs.length === 0) return new Map()
  const outcomes = await engine.test(runs.map((run) => callOf(run, { recordReads: true })))
  return new Map(runs.map((run, place) => [run, outcomes[place]!.reads]))
}
