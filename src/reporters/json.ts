/** The JSON reporter: one document per run, in the stable shape of docs/cli.md. Fields are only added. */
import { testJson } from '../model/events/test-json.ts'
import type { DetectionResult } from '../model/events/test-result.ts'
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
  const cases = tests.map(({ name, status: verdict, line, failures, warnings, output, durationMs }) => ({
    name,
    status: verdict,
    line,
    failures,
    warnings,
    output,
    durationMs,
  }))
  return { file, status, problems, tests: cases }
}
