/** Problems: what is wrong in the author's or operator's files, with its source location. */
import type { ProblemCode } from '../problem-code.ts'

export interface Problem {
  /** `info` is shown, but never counted. */
  readonly severity: 'error' | 'warning' | 'info'
  /** It is stable: settings, comments and other programs name it. */
  readonly code: ProblemCode
  readonly message: string
  /** Path relative to the project root. */
  readonly file: string
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number
  readonly column: number
  readonly hint: string | null
  /** An error that leaves its file in the project: the detection still runs. */
  readonly keepsFile?: boolean
  /** The offending source line, for the caret. */
  readonly source?: string
}
