/** The reporter for people: one line per detection, an explanation of each failure, and a summary. */
import type { DetectionResult, TestResult, TestSummary } from '../model/events/test-result.ts'
import type { CreateReporter, ReporterOptions } from './_reporter.ts'
import { formatFailure } from './parts/failure.ts'
import { counted, escapeForTerminal, type Format, type Style } from './parts/terminal-text.ts'

const LABELS: Record<DetectionResult['status'], { text: string; format: Format }> = {
  passed: { text: 'PASS', format: 'green' },
  failed: { text: 'FAIL', format: 'red' },
  invalid: { text: 'INVALID', format: 'red' },
  untested: { text: 'UNTESTED', format: 'yellow' },
  skipped: { text: 'SKIP', format: 'yellow' },
}
const LABEL_WIDTH = Math.max(...Object.values(LABELS).map(({ text }) => text.length))

const createPretty: CreateReporter = (options) => ({
  result: (result) =>
    linesOf(result, options)
      .map((line) => `${line}\n`)
      .join(''),
  end: ({ summary }) => `\n${summaryLines(summary, options.style).join('\n')}\n`,
})

export default createPretty

function linesOf(result: DetectionResult, { style, failuresOnly }: ReporterOptions): string[] {
  const bad = result.status === 'failed' || result.status === 'invalid'
  if (failuresOnly && !bad) return []
  return [
    headline(result, style),
    ...result.problems
      .filter(isReportedHere)
      .map((problem) => `  ${style('red', '✗')} ${escapeForTerminal(problem.message)}`),
    ...result.tests.filter((test) => test.status === 'failed').flatMap((test) => failedTest(test, style)),
    ...(failuresOnly
      ? []
      : remarks(result).map((text) => `  ${style('yellow', '!')} ${escapeForTerminal(text)}`)),
  ]
}

/** A body that cannot be loaded was already printed with the other problems. */
function isReportedHere({ code }: { code: string }): boolean {
  return code !== 'python-error'
}

function headline({ id, status, tests, file }: DetectionResult, style: Style): string {
  const { text, format } = LABELS[status]
  const durationMs = tests.reduce((sum, test) => sum + test.durationMs, 0)
  const details = [
    countOf(tests),
    ...(status === 'passed' || id === file ? [] : [escapeForTerminal(file)]),
    took(durationMs),
  ]
  return `${style(format, text.padEnd(LABEL_WIDTH))}  ${escapeForTerminal(id)}  ${style('dim', details.filter(Boolean).join('  '))}`
}

function countOf(tests: readonly TestResult[]): string {
  if (tests.length === 0) return ''
  const passed = tests.filter((test) => test.status === 'passed').length
  return passed === tests.length
    ? counted(passed, 'test')
    : `${passed} of ${counted(tests.length, 'test')} passed`
}

function failedTest(test: TestResult, style: Style): string[] {
  const location = style('dim', `${escapeForTerminal(test.file)}:${test.line}`)
  return [
    `  ${style('red', '✗')} ${style('bold', escapeForTerminal(test.name))}  ${location}`,
    ...formatFailure(test, style).map((line) => `      ${line}`),
  ]
}

/** Warnings, notices and expectations that were not checked. A text that several cases have is listed once. */
function remarks({ tests }: DetectionResult): string[] {
  const texts = tests.flatMap((test) => [
    ...test.warnings,
    ...test.notices,
    ...test.skippedExpectations.map(({ what, reason }) => `${what} was not checked: ${reason}`),
  ])
  return [...new Set(texts)]
}

function took(durationMs: number): string {
  if (durationMs < 1) return ''
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1_000).toFixed(1)} s`
}

function summaryLines(
  { tests, detections, unitTests, notLoaded = 0, durationMs }: TestSummary,
  style: Style,
): string[] {
  const units = countsLine(unitTests, ['passed', 'failed', 'invalid', 'skipped'], style)
  return [
    `Detections  ${countsLine(detections, ['passed', 'failed', 'invalid', 'untested', 'skipped'], style)}`,
    `Tests       ${countsLine(tests, ['passed', 'failed', 'skipped'], style)}  ${style('dim', took(durationMs))}`.trimEnd(),
    ...(units === 'none' ? [] : [`Unit tests  ${units}`]),
    ...(notLoaded > 0 ? [`Not loaded  ${style('red', counted(notLoaded, 'file'))}`] : []),
  ]
}

function countsLine<K extends keyof typeof LABELS>(
  counts: Readonly<Record<K, number>>,
  order: readonly K[],
  style: Style,
): string {
  const present = order.filter((status) => counts[status] > 0)
  if (present.length === 0) return 'none'
  return present.map((status) => style(LABELS[status].format, `${counts[status]} ${status}`)).join(', ')
}
