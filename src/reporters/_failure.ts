/** Tells why a case failed: expected against actual, the author's frames, what was printed. Pure. */
import type { FunctionError } from '../model/finding.ts'
import type { TestFailure, TestResult } from '../model/test-result.ts'
import { routeStory, routeTarget } from './_route-story.ts'
import { printable, printableLines, type Style } from './_style.ts'

const ROUTING: ReadonlySet<TestFailure['what']> = new Set(['ExpectedDestinations', 'ExpectedRoute', 'route'])
const LONGEST_OUTPUT = 20

/** Unindented lines. */
export function failureStory(test: TestResult, style: Style): string[] {
  return [
    ...test.failures.flatMap((failure) => failureLines(failure, style)),
    ...routeLines(test, style),
    ...printedLines(test.output, style),
  ]
}

function failureLines(failure: TestFailure, style: Style): string[] {
  if (isFunctionError(failure.actual))
    return [printable(failure.message), ...errorFrames(failure.actual, style)]
  if (!failure.what.startsWith('Expected') || failure.actual === null) return [printable(failure.message)]
  return [
    failure.what,
    `  expected  ${style('green', shown(failure.expected))}`,
    `  actual    ${style('red', shown(failure.actual))}`,
  ]
}

/** The author's frames, innermost last, each with its source line. */
export function errorFrames(error: FunctionError, style: Style): string[] {
  return error.frames.flatMap((frame) => [
    style('dim', `  at ${printable(frame.file)}:${frame.line} in ${printable(frame.function)}`),
    ...(frame.source ? [`     ${printable(frame.source.trim())}`] : []),
  ])
}

function routeLines({ failures, route }: TestResult, style: Style): string[] {
  if (!route || !failures.some(({ what }) => ROUTING.has(what))) return []
  return [`route: ${routeTarget(route)}`, ...routeStory(route, style).map((line) => `  ${line}`)]
}

/** What the body printed, its last lines. */
export function printedLines(output: string, style: Style): string[] {
  if (output === '') return []
  const lines = printableLines(output)
  const left = lines.length - LONGEST_OUTPUT
  const more = left > 0 ? [style('dim', `  | ... ${left} lines before`)] : []
  return ['printed:', ...more, ...lines.slice(-LONGEST_OUTPUT).map((line) => style('dim', `  | ${line}`))]
}

function isFunctionError(value: unknown): value is FunctionError {
  return typeof value === 'object' && value !== null && 'frames' in value && 'repr' in value
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value) ?? String(value))
}
