/** One JSON document per run, in the stable shape of docs/cli.md: fields are only ever added. */
import type { FunctionName, FunctionResult, FunctionResults } from '../model/finding.ts'
import type { DetectionResult, TestResult } from '../model/test-result.ts'
import type { CreateReporter } from './_reporter.ts'

const createJson: CreateReporter = ({ failuresOnly }) => ({
  result: () => '',
  end: ({ summary, results, problems }) => {
    const shown = failuresOnly ? results.filter(hasFailed) : results
    const { detections = [], unitTests = [] } = Object.groupBy(shown, ({ type }) =>
      type === 'unit_tests' ? 'unitTests' : 'detections',
    )
    const document = {
      version: 1,
      summary,
      detections: detections.map(detectionJson),
      problems,
      unitTests: unitTests.map(unitTestsJson),
    }
    return `${JSON.stringify(document, null, 2)}\n`
  },
})

export default createJson

function hasFailed({ status }: DetectionResult): boolean {
  return status === 'failed' || status === 'invalid'
}

function detectionJson({ id, type, file, status, problems, tests }: DetectionResult) {
  return { id, type, file, status, problems, tests: tests.map(testJson) }
}

function unitTestsJson({ file, status, problems, tests }: DetectionResult) {
  const told = tests.map(({ name, status: verdict, line, failures, warnings, output, durationMs }) => ({
    name,
    status: verdict,
    line,
    failures,
    warnings,
    output,
    durationMs,
  }))
  return { file, status, problems, tests: told }
}

/** One case in the stable shape. */
export function testJson(test: TestResult) {
  return {
    name: test.name,
    status: test.status,
    expectedResult: test.expectedResult,
    matched: test.matched,
    alerts: test.alerts,
    severity: test.severity,
    route: test.route,
    functions: functionsJson(test.functions),
    failures: test.failures,
    durationMs: test.durationMs,
    line: test.line,
    warnings: test.warnings,
    skippedExpectations: test.skippedExpectations,
    output: test.output,
    reads: test.reads,
  }
}

/** Functions the body lacks are absent; each of the others has both keys. */
export function functionsJson(functions: FunctionResults): Record<string, unknown> {
  const entries = Object.entries(functions) as [FunctionName, FunctionResult][]
  return Object.fromEntries(
    entries.map(([name, { output, error }]) => [
      name,
      { output: error ? null : plainOutput(name, output), error: error ?? null },
    ]),
  )
}

/** The alert context travels as JSON text, so that it is not read twice; here it is a value like the others. */
function plainOutput(name: FunctionName, output: unknown): unknown {
  if (name !== 'alert_context' || typeof output !== 'string') return output ?? null
  return JSON.parse(output) as unknown
}
