/** Runs the unit tests of helpers and data models, and returns results in the form of detections' results. */

import type { FunctionError } from '../model/alerts/finding.ts'
import type { Engine, UnitTestFile } from '../model/events/evaluation.ts'
import type { DetectionResult, TestFailure, TestResult } from '../model/events/test-result.ts'
import type { Project } from '../model/project/project.ts'
import { bodyProblem } from './run-tests.ts'

/** @returns one result per file. A file without a test case is untested, because it may be for another runner. */
export async function runUnitTests(
  project: Project,
  engine: Pick<Engine, 'unitTests'>,
  isSelected: (name: string) => boolean,
): Promise<DetectionResult[]> {
  if (project.unitTests.length === 0) return []
  const sources = new Map(project.unitTests.map(({ path, source }) => [path, source]))
  return (await engine.unitTests(isSelected)).map((file) => resultOf(file, sources.get(file.path) ?? ''))
}

function resultOf({ path, error, total, tests }: UnitTestFile, source: string): DetectionResult {
  const about = { id: path, type: 'unit_tests', file: path } as const
  if (error) {
    const location = { file: path, line: 1, column: 1 }
    const problem = { ...bodyProblem({ error }, { location }), code: 'unit-tests-error' as const }
    return { ...about, status: 'invalid', problems: [problem], tests: [] }
  }
  const results = tests.map((test) => testResult(path, lineOf(test.name, source), test))
  const statuses = results.map(({ status }) => status)
  const status = statuses.includes('failed') ? 'failed' : statuses.includes('passed') ? 'passed' : 'skipped'
  return { ...about, status: total === 0 ? 'untested' : status, problems: [], tests: results }
}

function testResult(
  file: string,
  line: number,
  { name, outcome }: UnitTestFile['tests'][number],
): TestResult {
  const { status, errors, reason, output, durationMs } = outcome
  const failures = errors.map(failureOf)
  const unexpected: TestFailure[] =
    status === 'failed' && failures.length === 0
      ? [{ what: 'unit-test', expected: null, actual: null, message: reason }]
      : []
  return {
    name,
    status,
    file,
    line,
    expectedResult: null,
    matched: null,
    alerts: false,
    severity: null,
    route: null,
    handling: null,
    functions: {},
    failures: [...failures, ...unexpected],
    notices: [],
    warnings: status === 'skipped' ? [reason] : [],
    skippedExpectations: [],
    reads: [],
    output,
    durationMs,
  }
}

function failureOf(error: FunctionError): TestFailure {
  return { what: 'unit-test', expected: null, actual: error, message: `${error.type}: ${error.message}` }
}

/** @returns the line of the test method in the source, or 1 for a method that is created at run time. */
function lineOf(name: string, source: string): number {
  const [className = '', method = ''] = name.split('.').slice(-2)
  const lines = source.split('\n')
  const classAt = lines.findIndex((line) => new RegExp(`^\\s*class ${className}\\b`).test(line))
  const at = lines.findIndex(
    (line, i) => i > classAt && new RegExp(`^\\s+(?:async )?def ${method}\\(`).test(line),
  )
  return classAt < 0 || at < 0 ? 1 : at + 1
}
