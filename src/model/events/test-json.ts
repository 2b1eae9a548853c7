/** A case's result in the stable shape of docs/cli.md: fields are only ever added. Pure. */
import type { FunctionName, FunctionResult, FunctionResults } from '../alerts/finding.ts'
import type { TestResult } from './test-result.ts'

export type TestJson = ReturnType<typeof testJson>

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
    handling: test.handling,
    notices: test.notices,
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
