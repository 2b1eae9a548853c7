/** Which lines of the bodies ran in tests. */
import type { BodyLines } from './evaluation.ts'

/** null: no case recorded lines. */
export interface DetectionCoverage {
  readonly detection: string
  readonly file: string
  readonly lines: BodyLines | null
}

export interface FileCoverage extends BodyLines {
  readonly file: string
}
