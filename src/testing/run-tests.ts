/** Runs the test cases of detections and returns one result per detection, in load order. */

import type { BodyProblem, Engine } from '../model/events/evaluation.ts'
import type { DetectionResult, TestResult, TestSummary } from '../model/events/test-result.ts'
import type { ProblemCode } from '../model/problem-code.ts'
import type { Detection, TestCase } from '../model/project/detection.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { type CaseRun, runCases } from './case-runs.ts'
import type { Coverage } from './coverage-recorder.ts'
import type { VerdictOptions } from './verdict.ts'

export interface TestSelection {
  readonly detections: (detection: Detection) => boolean
  readonly tests: (name: string) => boolean
  /** A detection with fewer cases fails. Above 1, one case must match and one must not. */
  readonly minimumTests: number
}

type Tester = Pick<Engine, 'problems' | 'test'>

interface TestRunOptions extends Omit<VerdictOptions, 'registry' | 'handling'> {
  readonly selection: TestSelection
  /** This function is called for each result, in load order. */
  readonly onResult?: (result: DetectionResult) => void
  /** It records the lines that ran. */
  readonly coverage?: Coverage | undefined
  /** Results of passed cases list the event fields read as well. */
  readonly recordAllReads?: boolean
}

/** The detections of one batch share a crossing into Python, which costs as much as a case. A larger batch would only delay results. */
const MAX_DETECTIONS_PER_BATCH = 120

/** @returns every result; detections that were not selected are left out. */
export async function runTests(
  project: Project,
  engine: Tester,
  options: TestRunOptions,
): Promise<DetectionResult[]> {
  const invalid = new Map(engine.problems.filter(({ kind }) => kind === 'detection').map((p) => [p.id, p]))
  const selected = [...project.detections.values()].filter(options.selection.detections).map((detection) => {
    const tests = detection.tests.filter((test) => options.selection.tests(test.name))
    return { detection, tests, problem: invalid.get(detection.id) }
  })
  // The engine gets all batches at once, so that every worker is busy. Results are reported in load order.
  const pending: Promise<DetectionResult[]>[] = []
  for (let at = 0; at < selected.length; at += MAX_DETECTIONS_PER_BATCH) {
    pending.push(runTogether(selected.slice(at, at + MAX_DETECTIONS_PER_BATCH), project, engine, options))
  }
  for (const part of pending) part.catch(() => {})
  const results: DetectionResult[] = []
  for (const part of pending) {
    for (const result of await part) {
      results.push(result)
      options.onResult?.(result)
    }
  }
  return results
}

interface Selected {
  readonly detection: Detection
  readonly tests: readonly TestCase[]
  /** The reason why the detection cannot run. */
  readonly problem: BodyProblem | undefined
}

async function runTogether(
  selected: readonly Selected[],
  project: Project,
  engine: Tester,
  options: TestRunOptions,
): Promise<DetectionResult[]> {
  const { coverage, recordAllReads = false } = options
  const cases = selected.flatMap(({ detection, tests, problem }) =>
    problem ? [] : tests.map((test) => ({ detection, test })),
  )
  const verdict: VerdictOptions = { ...options, registry: project.registry, handling: project.handling }
  const runs = await runCases(cases, engine, verdict, {
    followLines: coverage !== undefined,
    recordAllReads,
  })
  const runsOf = Map.groupBy(runs, ({ detection }) => detection)
  return selected.map((each) => resultOf(each, runsOf.get(each.detection) ?? [], options))
}

function resultOf(
  { detection, problem }: Selected,
  runs: readonly CaseRun[],
  { coverage, selection }: TestRunOptions,
): DetectionResult {
  if (problem) return invalidResult(detection, problem)
  const outcomes = runs.flatMap((run) => run.outcomes)
  coverage?.add(detection, outcomes)
  const tests = runs.map(({ result }) => result)
  const problems = minimumProblems(detection, selection.minimumTests)
  return { ...about(detection), status: statusOf(detection, tests, problems), problems, tests }
}

function statusOf(
  detection: Detection,
  tests: readonly TestResult[],
  problems: readonly Problem[],
): DetectionResult['status'] {
  if (problems.length > 0 || tests.some((test) => test.status === 'failed')) return 'failed'
  if (tests.some((test) => test.status === 'passed')) return 'passed'
  return detection.tests.length === 0 ? 'untested' : 'skipped'
}

function minimumProblems(detection: Detection, minimum: number): Problem[] {
  const { tests, location } = detection
  const expected = new Set(tests.map((test) => test.expectedResult))
  const tooFew = tests.length < minimum
  if (!tooFew && (minimum <= 1 || expected.size === 2)) return []
  const message = tooFew
    ? `${tests.length} of at least ${minimum} tests`
    : 'requires a case that matches and one that does not'
  return [problemAt(location, 'minimum-tests', message)]
}

function invalidResult(detection: Detection, problem: Pick<BodyProblem, 'error' | 'hint'>): DetectionResult {
  return { ...about(detection), status: 'invalid', problems: [bodyProblem(problem, detection)], tests: [] }
}

/** Describes a body that could not be loaded as a problem with its source location. */
export function bodyProblem(
  { error, hint }: Pick<BodyProblem, 'error' | 'hint'>,
  owner: Pick<Detection, 'location'>,
): Problem {
  const frame = error.frames.at(-1)
  const location = frame ? { file: frame.file, line: frame.line, column: frame.column ?? 1 } : owner.location
  const message = `${error.type}: ${error.message}`
  const problem = { ...problemAt(location, 'python-error', message), hint: hint ?? null }
  return frame ? { ...problem, source: frame.source } : problem
}

function problemAt(
  location: { file: string; line: number; column: number },
  code: ProblemCode,
  message: string,
): Problem {
  return { severity: 'error', code, message, ...location, hint: null }
}

function about(detection: Detection) {
  return { id: detection.id, type: detection.type, file: detection.location.file }
}

/** Counts the results. A case that did not run never counts as passed. */
export function summarise(results: readonly DetectionResult[], durationMs: number): TestSummary {
  const detections = { total: 0, passed: 0, failed: 0, untested: 0, invalid: 0, skipped: 0 }
  const tests = { total: 0, passed: 0, failed: 0, skipped: 0 }
  const unitTests = { total: 0, passed: 0, failed: 0, skipped: 0, invalid: 0 }
  for (const { type, status, tests: own } of results) {
    if (type !== 'unit_tests') {
      detections.total++
      detections[status]++
    } else if (status === 'invalid') unitTests.invalid++
    const counts = type === 'unit_tests' ? unitTests : tests
    for (const test of own) {
      counts.total++
      counts[test.status]++
    }
  }
  return { detections, tests, unitTests, durationMs }
}
