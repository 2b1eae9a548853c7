/** The contract of a reporter. It gets results and a summary and returns text, and it writes nothing itself. */

import type { DetectionResult, TestSummary } from '../model/events/test-result.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Style } from './parts/terminal-text.ts'

export interface ReporterOptions {
  readonly style: Style
  readonly failuresOnly: boolean
  /** A prefix of file names that are not relative to the project. It is empty or ends with `/`. */
  readonly pathPrefix: string
}

export interface TestRun {
  readonly summary: TestSummary
  readonly results: readonly DetectionResult[]
  /** The problems of the project's files. The command has already printed them, so only reporters for machines use them. */
  readonly problems: readonly Problem[]
}

/** A reporter serves one run. Each returned text is appended to the output as it is, and it may be empty. */
export interface Reporter {
  /** This function is called for each result, in load order. */
  result(result: DetectionResult): string
  end(run: TestRun): string
  /** @returns Markdown for the summary of a step in GitHub Actions. */
  stepSummary?(run: TestRun): string
}

export type CreateReporter = (options: ReporterOptions) => Reporter

export interface ReporterModule {
  readonly default: CreateReporter
}
