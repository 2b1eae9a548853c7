/** Reports the rounds of `watch`: each result, then the new problems, then the totals. */
import { isError } from '../../errors.ts'
import type { Problem } from '../../model/project/problem.ts'
import { summarise } from '../../testing/run-tests.ts'
import type { Io } from '../command/command.ts'
import type { Session } from '../command/session.ts'
import { messageWithCode } from '../format/message-with-code.ts'
import { problemsText } from '../format/problems-text.ts'
import { createProgress } from './progress.ts'
import { openReport } from './report-output.ts'
import type { TestRequest } from './test-run.ts'
import type { ProgressListener, TestRound } from './watch-state.ts'

export class WatchReporter {
  readonly #request: TestRequest
  readonly #session: Session
  readonly #io: Io
  /** The problems of the last round. */
  #known: ReadonlySet<string> = new Set()

  constructor(request: TestRequest, session: Session, io: Io) {
    this.#request = request
    this.#session = session
    this.#io = io
  }

  /** @returns true if there was a round. A project with errors must not end `watch`. */
  async report(run: (listener: ProgressListener) => Promise<TestRound | null>): Promise<boolean> {
    const { reporters, options } = this.#request
    const startedAt = performance.now()
    const report = await openReport(reporters, options.showFailuresOnly, this.#session)
    const progress = this.#progress()
    try {
      const round = await run({
        begin: progress.begin,
        result(result) {
          progress.clear()
          report.result(result)
          progress.advance()
        },
      })
      progress.clear()
      if (round === null) return false
      this.#reportProblems(round)
      const { all: results, problems } = round
      report.end({
        results,
        problems,
        summary: summarise(results, Math.round(performance.now() - startedAt)),
      })
    } catch (error) {
      if (!isError(error, 'user')) throw error
      this.#session.printError(`signalbox: ${messageWithCode(error)}`)
    }
    return true
  }

  #reportProblems({ all, problems }: TestRound): void {
    const newer = problems.filter((problem) => !this.#known.has(nameOf(problem)))
    this.#known = new Set(problems.map(nameOf))
    if (newer.length > 0)
      this.#session.printError(`${problemsText(newer, this.#session.errorStyle, this.#session.verbose)}\n`)
    if (all.length === 0) this.#session.printError('signalbox: nothing could be loaded')
  }

  #progress() {
    const create = (total: number) =>
      createProgress(this.#io.stderr, total, 'detection', () => performance.now())
    let current = create(0)
    return {
      begin: (total: number) => {
        current = create(this.#session.quiet ? 0 : total)
      },
      advance: () => current.advance(),
      clear: () => current.clear(),
    }
  }
}

function nameOf(problem: Problem): string {
  return JSON.stringify(problem)
}
