/** The reporter for the Test Anything Protocol 14: one point per case, with diagnostics as a YAML block. */
import type { DetectionResult, TestResult } from '../model/events/test-result.ts'
import type { CreateReporter } from './_reporter.ts'
import { formatFailure } from './parts/failure.ts'
import { problemText, unreportedErrors } from './parts/problem-line.ts'
import { escapeForTerminal, plainStyle } from './parts/terminal-text.ts'

const createTap: CreateReporter = ({ failuresOnly }) => {
  let points = 0
  let begun = false
  const begin = (lines: readonly string[]) => {
    const head = begun ? [] : ['TAP version 14']
    begun = true
    return [...head, ...lines].map((line) => `${line}\n`).join('')
  }
  const point = (good: boolean, name: string, details: readonly string[], directive = '') => {
    points++
    const block = details.length > 0 ? ['  ---', ...details.map((line) => `  ${line}`), '  ...'] : []
    return [`${good ? 'ok' : 'not ok'} ${points} - ${escaped(name)}${directive}`, ...block]
  }

  const testPoint = (id: string, test: TestResult): string[] => {
    if (test.status === 'failed') return point(false, `${id}: ${test.name}`, diagnostics(test))
    if (failuresOnly) return []
    const reason = test.warnings.join('; ')
    const directive = test.status === 'skipped' ? ` # SKIP ${escaped(reason)}`.trimEnd() : ''
    return point(true, `${id}: ${test.name}`, [], directive)
  }

  const lines = ({ id, status, file, problems, tests }: DetectionResult): string[] => [
    ...(status === 'untested' && !failuresOnly
      ? [`# untested: ${escapeForTerminal(id)} (${escapeForTerminal(file)})`]
      : []),
    ...problems.flatMap((problem) => point(false, `${id}: ${problem.code}`, problemBlock(problem))),
    ...tests.flatMap((test) => testPoint(id, test)),
  ]

  return {
    result: (result) => begin(lines(result)),
    end: (run) => {
      const lost = unreportedErrors(run).flatMap((problem) =>
        point(false, `${problem.file}: ${problem.code}`, problemBlock(problem)),
      )
      const { tests, unitTests } = run.summary
      const sum = (status: 'passed' | 'failed' | 'skipped') => tests[status] + unitTests[status]
      const counts = `# ${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`
      return begin([...lost, counts, points > 0 ? `1..${points}` : '1..0 # SKIP no tests'])
    },
  }
}

export default createTap

function diagnostics(test: TestResult): string[] {
  return [
    `message: ${JSON.stringify(test.failures.map(({ message }) => message).join('; '))}`,
    'severity: fail',
    ...locationLines(test),
    'details: |',
    ...formatFailure(test, plainStyle).map((line) => `  ${line}`),
  ]
}

function problemBlock(problem: DetectionResult['problems'][number]): string[] {
  return [
    `message: ${JSON.stringify(problemText(problem))}`,
    `severity: ${problem.severity}`,
    ...locationLines(problem),
  ]
}

function locationLines({ file, line }: { file: string; line: number }): string[] {
  return ['at:', `  file: ${JSON.stringify(file)}`, `  line: ${line}`]
}

/** Escapes number signs, because one would start a directive in a description. */
function escaped(text: string): string {
  return escapeForTerminal(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#')
}
