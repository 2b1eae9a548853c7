/** Runs the tests once: it loads the project, starts Python, evaluates the cases and reports the results. */
import type { Engine } from '../../model/events/evaluation.ts'
import type { DetectionResult, TestSummary } from '../../model/events/test-result.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { filesNotLoaded, judgedProblems } from '../../model/project/warning-policy.ts'
import { lcov } from '../../reporters/parts/lcov.ts'
import { Coverage } from '../../testing/coverage-recorder.ts'
import { runTests, summarise, type TestSelection } from '../../testing/run-tests.ts'
import { runUnitTests } from '../../testing/unit-test-results.ts'
import { bodyProblems, openProject } from '../../workspace/open-project.ts'
import { startTestEngine } from '../../workspace/test-engine.ts'
import { warmUp } from '../../workspace/warm-up.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_UNUSABLE, type Io } from '../command/command.ts'
import type { Session } from '../command/session.ts'
import { errorsIn } from '../command/soundness.ts'
import { tooManyWarnings, type WarningValues } from '../command/warning-options.ts'
import { emptyProjectText, invalidFiles, nothingLoaded, problemsText } from '../format/problems-text.ts'
import { coverageText } from './coverage-view.ts'
import { createProgress } from './progress.ts'
import { openReport, writeReport } from './report-output.ts'
import {
  hasNoMatch,
  loadSelection,
  type ReporterChoice,
  type SelectionValues,
  selectionOf,
} from './selection.ts'
import { reportWhenInterrupted } from './unfinished.ts'

export interface TestRequest {
  readonly options: SelectionValues
  readonly reporters: readonly ReporterChoice[]
  /** The options that limit warnings. Without them, all warnings are allowed. */
  readonly warnings?: WarningValues
  /** The requested output of coverage. */
  readonly coverage?: CoverageChoice | undefined
}

export interface CoverageChoice {
  /** Coverage is printed as a table to standard output. */
  readonly asTable: boolean
  readonly lcovFile: string | undefined
}

/** @returns the exit code. */
export async function testProject(request: TestRequest, session: Session, io: Io): Promise<number> {
  const startedAt = performance.now()
  const selection = selectionOf(request.options)
  const warm = warmUp()
  try {
    const project = await openProject(session.workspace, loadSelection(request.options))
    return await testLoaded({ project, selection, startedAt, warm }, request, session, io)
  } finally {
    await warm.dispose()
  }
}

interface Loaded {
  readonly project: Project
  readonly selection: TestSelection
  readonly startedAt: number
  readonly warm: ReturnType<typeof warmUp>
}

async function testLoaded(loaded: Loaded, request: TestRequest, session: Session, io: Io): Promise<number> {
  const { project, warm } = loaded
  if (nothingLoaded(project)) {
    showProblems(project.problems, session)
    session.printError(emptyProjectText(project))
    return EXIT_UNUSABLE
  }
  if (hasNoMatch(project, request.options)) {
    showProblems(project.problems, session)
    session.printError(`signalbox: no detections match the filter ${request.options.filter.join(' and ')}`)
    return EXIT_FAILED
  }
  const engine = await startTestEngine(project, session.log, {
    prewarmed: warm,
    guards: !request.options.noGuards,
  })
  try {
    return await runLoaded({ ...loaded, engine }, request, session, io)
  } finally {
    await engine.close()
  }
}

async function runLoaded(
  { project, engine, selection, startedAt }: Loaded & { readonly engine: Engine },
  request: TestRequest,
  session: Session,
  io: Io,
): Promise<number> {
  const { options, reporters } = request
  const problems = judgedProblems(
    [...project.problems, ...bodyProblems(project, engine)],
    project.settings.warnings,
  )
  showProblems(problems, session)
  const report = await openReport(reporters, options.showFailuresOnly, session)
  const chosen = [...project.detections.values()].filter(selection.detections)
  const total = chosen.length
  const unfinished = new Set(chosen.map(({ id }) => id))
  const forgetSignals = reportWhenInterrupted(unfinished, session, io)
  const inLoadOrder = !options.sort
  const progress = createProgress(io.stderr, session.quiet ? 0 : total, 'detection', () => performance.now())
  const hasUnitTests = options.filter.length === 0 && !options.omitUnitTests
  const units = hasUnitTests ? runUnitTests(project, engine, selection.tests) : []
  const coverage = request.coverage ? new Coverage() : undefined
  const cases = await runTests(project, engine, {
    selection,
    coverage,
    // Only this reporter lists the reads of every case.
    recordAllReads: reporters.some(({ name }) => name === 'json'),
    allowUnknownDestinations: options.allowUnknownDestinations,
    failOnProblems: options.failOnProblems,
    onResult: (result) => {
      progress.clear()
      unfinished.delete(result.id)
      if (inLoadOrder) report.result(result)
      progress.advance()
    },
  })
  progress.clear()
  const unitResults = await units
  forgetSignals()
  if (inLoadOrder) for (const result of unitResults) report.result(result)
  const results = [...cases, ...unitResults]
  if (!inLoadOrder) for (const result of sortResults(results)) report.result(result)
  const lost = invalidFiles(problems, project.configuration)
  const notLoaded = filesNotLoaded(problems, project.configuration).length
  const summary = { ...withInvalidFiles(results, lost, performance.now() - startedAt), notLoaded }
  report.end({ summary, results, problems })
  if (coverage) reportCoverage(coverage, request.coverage!, session)
  const tooMany = request.warnings ? tooManyWarnings(problems, results, request.warnings) : null
  if (tooMany !== null) session.printError(tooMany)
  return tooMany === null ? verdict(summary, problems) : EXIT_FAILED
}

function reportCoverage(coverage: Coverage, { asTable, lcovFile }: CoverageChoice, session: Session): void {
  if (asTable) session.print(`\n${coverageText(coverage.detections(), coverage.files(), session.style)}`)
  if (lcovFile !== undefined) writeReport(lcovFile, lcov(coverage.files()), session)
}

function showProblems(problems: readonly Problem[], session: Session): void {
  const shown = session.quiet ? errorsIn(problems) : problems
  if (shown.length > 0) session.printError(`${problemsText(shown, session.errorStyle, session.verbose)}\n`)
}

/** Failures come last, next to the prompt of the shell. */
const SORTED: readonly DetectionResult['status'][] = ['passed', 'untested', 'skipped', 'failed', 'invalid']

function sortResults(results: readonly DetectionResult[]): DetectionResult[] {
  const rank = ({ status }: DetectionResult) => SORTED.indexOf(status)
  return results.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
}

/** A file that could not be loaded has no result of its own and is counted here. */
function withInvalidFiles(
  results: readonly DetectionResult[],
  lostFiles: readonly string[],
  elapsedMs: number,
): TestSummary {
  const summary = summarise(results, Math.round(elapsedMs))
  const reported = new Set(
    results.flatMap(({ file, problems: own }) => [file, ...own.map((problem) => problem.file)]),
  )
  const lost = lostFiles.filter((file) => !reported.has(file)).length
  const { total, invalid } = summary.detections
  return { ...summary, detections: { ...summary.detections, total: total + lost, invalid: invalid + lost } }
}

function verdict({ detections, unitTests }: TestSummary, problems: readonly Problem[]): number {
  const bad = detections.failed + detections.invalid + unitTests.failed + unitTests.invalid
  return bad + errorsIn(problems).length > 0 ? EXIT_FAILED : EXIT_OK
}
