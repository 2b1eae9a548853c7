/** Results to report on. */
import type { FunctionError } from '../../src/model/alerts/finding.ts'
import type { Route } from '../../src/model/alerts/route.ts'
import type { DetectionResult, TestResult } from '../../src/model/events/test-result.ts'

export const route: Route = {
  level: 'static-severity',
  destinations: ['soc-slack', 'soc-inbox'],
  suppressed: false,
  trace: [
    { level: 'generated-destinations', decided: false, reason: 'destinations() returned None' },
    { level: 'static-destinations', decided: false, reason: 'OutputIds is not set' },
    {
      level: 'static-severity',
      decided: true,
      reason: 'HIGH goes to [soc-slack, soc-inbox]',
      unknown: ['ghost'],
      dropped: [
        { destination: 'soc-pager', filter: 'logTypes' },
        { destination: 'soc-old', filter: 'disabled' },
      ],
    },
  ],
  problems: [{ code: 'unknown-destination', message: '"ghost" is no destination', destination: 'ghost' }],
}

export const keyError: FunctionError = {
  type: 'KeyError',
  message: 'user',
  repr: "KeyError('user')",
  frames: [
    { file: 'rules/aws/root.py', line: 7, function: 'rule', source: '    return name(event)' },
    { file: 'global_helpers/names.py', line: 3, function: 'name', source: '    return event["user"]' },
  ],
}

export function testResult(more: Partial<TestResult> = {}): TestResult {
  return {
    name: 'root logs in',
    status: 'passed',
    file: 'rules/aws/root.yml',
    line: 12,
    expectedResult: true,
    matched: true,
    alerts: true,
    severity: { value: 'HIGH', source: 'static' },
    route,
    functions: { detection: { output: true }, alert_context: { output: '{"n":53.0}' } },
    failures: [],
    warnings: [],
    skippedExpectations: [],
    handling: null,
    notices: [],
    reads: [],
    output: '',
    durationMs: 0.2,
    ...more,
  }
}

export function detectionResult(more: Partial<DetectionResult> = {}): DetectionResult {
  return {
    id: 'AWS.Root.Login',
    type: 'rule',
    file: 'rules/aws/root.yml',
    status: 'passed',
    problems: [],
    tests: [testResult()],
    ...more,
  }
}
