/** Collects every problem with its source location, and prints one for people. */
import { compareText } from '../../core/compare-text.ts'
import type { ProblemCode } from '../../model/problem-code.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { WarningCode } from '../../model/project/warning-policy.ts'
import type { SourceText } from './source-text.ts'

type Severity = Problem['severity']

export interface ProblemReport {
  readonly code: ProblemCode
  readonly message: string
  readonly hint?: string | null
  /** The source line may hold a secret: only its key is shown. */
  readonly secret?: boolean
  /** An error that leaves its file in the project. */
  readonly keepsFile?: boolean
}

/** A report whose code can be turned off, or made an error, in signalbox.yaml. */
export type WarningReport = ProblemReport & { readonly code: WarningCode }

/** Remembers between runs which texts passed which check. */
export interface ValidationCache {
  has(check: string, text: string): boolean
  add(check: string, text: string): void
}

export class ProblemList {
  /** undefined: everything is checked. */
  readonly knownGood: ValidationCache | undefined
  readonly #problems: Problem[] = []
  readonly #failed = new Set<string>()

  constructor(knownGood?: ValidationCache) {
    this.knownGood = knownGood
  }

  error(source: SourceText, offset: number, report: ProblemReport): void {
    this.#at('error', source, offset, report)
  }

  warning(source: SourceText, offset: number, report: WarningReport): void {
    this.#at('warning', source, offset, report)
  }

  /** Reports a problem of the whole file. */
  file(severity: 'warning', file: string, report: WarningReport): void
  file(severity: 'error', file: string, report: ProblemReport): void
  file(
    severity: Severity,
    file: string,
    { code, message, hint = null, keepsFile = false }: ProblemReport,
  ): void {
    const kept = keepsFile && { keepsFile }
    this.#add({ severity, code, message, file, line: 0, column: 0, hint, ...kept })
  }

  /** True once the file has an error that keeps it out of the project. */
  hasError(file: string): boolean {
    return this.#failed.has(file)
  }

  /** Sorted by source location; a file's own problems stay together. */
  sorted(): Problem[] {
    return this.#problems.toSorted(
      (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column,
    )
  }

  #at(severity: Severity, source: SourceText, offset: number, report: ProblemReport): void {
    const { file, line, column } = source.locationAt(offset)
    const { code, message, hint = null, keepsFile = false } = report
    const problem = { severity, code, message, file, line, column, hint, ...(keepsFile && { keepsFile }) }
    const text = source.line(line)
    const shown = report.secret ? maskValue(text) : text
    this.#add(shown === null ? problem : { ...problem, source: shown })
  }

  /** Adds the problems of another list. */
  add(problems: readonly Problem[]): void {
    for (const problem of problems) this.#add(problem)
  }

  #add(problem: Problem): void {
    if (problem.severity === 'error' && !problem.keepsFile) this.#failed.add(problem.file)
    this.#problems.push(problem)
  }
}

const MASK = '***'

/** The key with a mask for its value, which begins where the value does. */
function maskValue(line: string): string | null {
  const [, key, space, value] = /^(\s*(?:- +)?[\w.-]+:)(?:(\s+)(\S.*)?)?$/.exec(line) ?? []
  if (key === undefined) return null
  return value === undefined ? key : `${key}${space}${MASK}`
}

/** `file:line:col severity message [code]`, the source line with a caret, the hint. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, message, code, hint, source } = problem
  const location = line > 0 ? `${file}:${line}:${column}` : file
  const lines = [singleLine(`${location} ${severity} ${message} [${code}]`)]
  if (line > 0 && source !== undefined) {
    // The hidden value may begin after the mask.
    const shownColumn =
      column <= source.length || !source.endsWith(MASK) ? column : source.length - MASK.length + 1
    const excerpt = excerptAround(source, shownColumn)
    const gutter = ' '.repeat(String(line).length)
    lines.push(`  ${line} | ${excerpt.text}`, `  ${gutter} | ${' '.repeat(excerpt.column - 1)}^`)
  }
  if (hint) lines.push(`  hint: ${singleLine(hint)}`)
  return lines.join('\n')
}

const EXCERPT_WIDTH = 100

function excerptAround(source: string, column: number): { text: string; column: number } {
  const start = column <= EXCERPT_WIDTH - 20 ? 0 : column - EXCERPT_WIDTH / 2
  // A tab is one column, and must be seen: Python refuses some of them.
  const text = singleLine(source.slice(start, start + EXCERPT_WIDTH).replaceAll('\t', '→'))
  return { text: text.trimEnd(), column: column - start }
}

/** Replaces control characters by spaces: one column per character, and no terminal escapes. */
export function singleLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
