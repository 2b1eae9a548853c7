import { expect, it } from 'vitest'
import type { DetectionResult } from '../../src/model/events/test-result.ts'
import createJson from '../../src/reporters/json.ts'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import { detectionResult, keyError, route, testResult } from './results.ts'

const summary = {
  detections: { total: 1, passed: 1, failed: 0, untested: 0, invalid: 0, skipped: 0 },
  tests: { total: 1, passed: 1, failed: 0, skipped: 0 },
  unitTests: { total: 0, passed: 0, failed: 0, skipped: 0, invalid: 0 },
  durationMs: 12,
}
const problem = {
  severity: 'error' as const,
  code: 'unknown-key' as const,
  message: 'unknown key "Severty"',
  file: 'rules/a.yml',
  line: 3,
  column: 1,
  hint: null,
}

function documentOf(results: readonly DetectionResult[], failuresOnly = false): unknown {
  const reporter = createJson({ style: plainStyle, failuresOnly, pathPrefix: '' })
  expect(results.map((result) => reporter.result(result)).join('')).toBe('')
  return JSON.parse(reporter.end({ summary, results, problems: [problem] }))
}

it('the JSON document has the documented shape and order of keys', () => {
  const document = documentOf([
    detectionResult({
      tests: [testResult({ functions: { detection: { output: true }, title: { error: keyError } } })],
    }),
  ])
  expect(document).toEqual({
    version: 1,
    summary,
    detections: [
      {
        id: 'AWS.Root.Login',
        type: 'rule',
        file: 'rules/aws/root.yml',
        status: 'passed',
        problems: [],
        tests: [
          {
            name: 'root logs in',
            status: 'passed',
            expectedResult: true,
            matched: true,
            alerts: true,
            severity: { value: 'HIGH', source: 'static' },
            route,
            functions: { detection: { output: true, error: null }, title: { output: null, error: keyError } },
            failures: [],
            durationMs: 0.2,
            line: 12,
            warnings: [],
            skippedExpectations: [],
            output: '',
            reads: [],
            handling: null,
            notices: [],
          },
        ],
      },
    ],
    problems: [problem],
    unitTests: [],
  })
  const [detection] = (document as { detections: object[] }).detections
  expect(Object.keys(detection!)).toEqual(['id', 'type', 'file', 'status', 'problems', 'tests'])
})

it('outputs are JSON values, so the alert context is an object and None is null', () => {
  const functions = {
    alert_context: { output: '{"ip":"10.0.0.1"}' },
    destinations: { output: null },
    unique: { output: 'a' },
  }
  expect(documentOf([detectionResult({ tests: [testResult({ functions })] })])).toMatchObject({
    detections: [
      {
        tests: [
          {
            functions: {
              alert_context: { output: { ip: '10.0.0.1' }, error: null },
              destinations: { output: null, error: null },
              unique: { output: 'a', error: null },
            },
          },
        ],
      },
    ],
  })
})

it('--show-failures-only keeps the summary and the detections that failed', () => {
  const results = [detectionResult(), detectionResult({ id: 'B', status: 'failed' })]
  expect(documentOf(results, true)).toMatchObject({ summary, detections: [{ id: 'B' }] })
})
