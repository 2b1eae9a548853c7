/** The contract of a reporter: results and a summary in, text out. It writes nothing itself. */

import type { DetectionResult, TestSummary } from '../model/events/test-result.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Style } from './parts/terminal-text.ts'

export interface ReporterOptions {
  readonly style: Style
  /** `--show-failures-only`. */
  readonly failuresOnly: boolean
  /** Stands before file names where they must be relative to something else than the project; empty or ends in `/`. */
  readonly pathPrefix: string
}

export interface TestRun {
  readonly summary: TestSummary
  readonly results: readonly DetectionResult[]
  /** Of the project's files; already shown to people, so only for machines. */
  readonly problems: readonly Problem[]
}

/** One per run. Each answer is appended to the output as it is; it may be empty. */
export interface Reporter {
  /** As results come in, in load order. */
  result(result: DetectionResult): string
  end(run: TestRun): string
  /** Markdown for the summary of a step of GitHub Actions. */
  stepSummary?(run: TestRun): string
}

export type CreateReporter = (options: ReporterOptions) => Reporter

export interface ReporterModule {
  readonly default: CreateReporter
}
