/** The reporter for GitHub Actions: annotations at the lines concerned, and a summary of the step in Markdown. */

import type { DetectionResult, TestResult } from '../model/events/test-result.ts'
import type { Problem } from '../model/project/problem.ts'
import type { CreateReporter, TestRun } from './_reporter.ts'
import { formatFailure } from './parts/failure.ts'
import { problemText, unreportedErrors } from './parts/problem-line.ts'
import { counted, escapeForTerminal, plainStyle } from './parts/terminal-text.ts'

/** The limit keeps a summary below the 1 MiB that GitHub accepts. */
const MAX_ANNOTATIONS = 100

const createGithub: CreateReporter = ({ pathPrefix }) => ({
  result: ({ id, problems, tests }) =>
    [
      ...problems.map((problem) => problemCommand(problem, pathPrefix)),
      ...tests.flatMap((test) => testCommands(id, test, pathPrefix)),
    ].join(''),
  end: (run) => {
    const warnings = run.problems.filter(({ severity }) => severity === 'warning')
    return [...unreportedErrors(run), ...warnings]
      .map((problem) => problemCommand(problem, pathPrefix))
      .join('')
  },
  stepSummary,
})

export default createGithub

function testCommands(id: string, test: TestResult, prefix: string): string[] {
  const title = `${id}: ${test.name}`
  const warnings = test.status === 'skipped' ? [] : test.warnings.map(escapeForTerminal)
  return [
    ...(test.status === 'failed'
      ? [command('error', { ...test, title }, formatFailure(test, plainStyle).join('\n'), prefix)]
      : []),
    ...warnings.map((text) => command('warning', { ...test, title }, text, prefix)),
  ]
}

function problemCommand(problem: Problem, prefix: string): string {
  return command(
    problem.severity === 'info' ? 'notice' : problem.severity,
    { ...problem, title: problem.code },
    escapeForTerminal(problemText(problem)),
    prefix,
  )
}

function command(
  level: 'error' | 'warning' | 'notice',
  { file, line, title }: { file: string; line: number; title: string },
  message: string,
  prefix: string,
): string {
  const properties = Object.entries({ file: prefix + file, line: Math.max(1, line), title })
    .map(([key, value]) => `${key}=${property(String(value))}`)
    .join(',')
  return `::${level} ${properties}::${data(message)}\n`
}

/** Escapes text of authors, so that it cannot end a workflow command or start another one. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(escapeForTerminal(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function stepSummary(run: TestRun): string {
  const { detections, tests, unitTests } = run.summary
  const rows = [
    [
      'Detections',
      detections.passed,
      detections.failed,
      detections.invalid,
      detections.untested,
      detections.skipped,
    ],
    ['Tests', tests.passed, tests.failed, '', '', tests.skipped],
    ['Unit tests', unitTests.passed, unitTests.failed, unitTests.invalid, '', unitTests.skipped],
  ]
  const bad = run.results.flatMap(failuresOf)
  const all = [...bad, ...unreportedErrors(run).map((problem) => badProblem(problem.file, problem))]
  const left = all.length - MAX_ANNOTATIONS
  return [
    '### Detection tests',
    '',
    '| | passed | failed | invalid | untested | skipped |',
    '|---|---|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    ...all.slice(0, MAX_ANNOTATIONS),
    ...(left > 0 ? [`and ${counted(left, 'more', 'more')}`, ''] : []),
  ].join('\n')
}

function failuresOf({ id, problems, tests }: DetectionResult): string[] {
  return [
    ...problems.map((problem) => badProblem(id, problem)),
    ...tests.filter(({ status }) => status === 'failed').map((test) => badTest(id, test)),
  ]
}

function badProblem(what: string, problem: Problem): string {
  return details(`${what} (${problem.file}:${problem.line})`, [problemText(problem)])
}

function badTest(id: string, test: TestResult): string {
  return details(`${id}: ${test.name} (${test.file}:${test.line})`, formatFailure(test, plainStyle))
}

/** Formats the lines as indented code, which no text can end. */
function details(title: string, lines: readonly string[]): string {
  const text = lines.map((line) => `    ${escapeForTerminal(line)}`).join('\n')
  return `<details><summary>${html(escapeForTerminal(title))}</summary>\n\n${text}\n\n</details>\n`
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
