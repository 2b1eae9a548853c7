/** `validate` loads everything, Python bodies included, and prints every problem with its source location. */
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { filesNotLoaded, judgedProblems, reportedProblems } from '../../model/project/warning-policy.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { type GuardCoverage, guardCoverage } from '../../workspace/guards/guard-coverage.ts'
import { lintProject } from '../../workspace/lint-project.ts'
import { bodyProblems, openProject, startEngine } from '../../workspace/open-project.ts'
import { reportPatVerdicts } from '../../workspace/pat-verdicts.ts'
import { warnUnusedContent } from '../../workspace/unused-content.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK, EXIT_UNUSABLE } from '../command/command.ts'
import { ALLOW_LOCAL_TYPES, FORMAT, flag, IGNORE_EXTRA_KEYS } from '../command/options.ts'
import { openSession, type Session } from '../command/session.ts'
import { errorsIn } from '../command/soundness.ts'
import { tooManyWarnings, WARNING_OPTIONS } from '../command/warning-options.ts'
import { coverageJson, coverageReport } from '../format/guard-coverage-view.ts'
import { countProblems, emptyProjectText, nothingLoaded, problemsText } from '../format/problems-text.ts'

export default defineCommand({
  options: {
    format: FORMAT,
    pat: flag('--pat', "report also what Panther's own tool (pat) would reject"),
    allowUnknownDestinations: flag(
      '--allow-unknown-destinations',
      'report unknown destination names as warnings, not errors',
    ),
    ignoreExtraKeys: IGNORE_EXTRA_KEYS,
    allowLocalTypes: ALLOW_LOCAL_TYPES,
    guards: flag('--guards', 'list also the enabled detections without a guard or index conditions'),
    ...WARNING_OPTIONS,
  },
  async run({ options }, io) {
    const { allowUnknownDestinations, ignoreExtraKeys, format, pat, guards } = options
    const session = openSession(options, io, {
      workspace: { allowUnknownDestinations, ignoreExtraKeys, reportPatIncompatibilities: pat },
    })
    const project = await openProject(session.workspace)
    const { problems: ofBodies, coverage } = await checkBodies(
      project,
      { allowUnknownDestinations, pat, guards },
      session,
    )
    const idle = warnUnusedContent(project, project.settings.sources)
    const problems = judgedProblems([...project.problems, ...ofBodies, ...idle], project.settings.warnings)
    const isEmpty = nothingLoaded(project) && problems.length === 0
    if (format === 'json') session.print(problemsJson(problems, coverage))
    else if (!isEmpty) session.print(problemsReport(project, problems, session))
    if (format === 'pretty' && coverage) session.print(coverageReport(coverage, session.style))
    if (nothingLoaded(project)) {
      session.printError(emptyProjectText(project))
      return EXIT_UNUSABLE
    }
    const tooMany = tooManyWarnings(problems, [], options)
    if (tooMany !== null) session.printError(tooMany)
    return errorsIn(problems).length === 0 && tooMany === null ? EXIT_OK : EXIT_FAILED
  },
})

/** The engine loads every body and lint runs tests, which an empty project does not need. */
async function checkBodies(
  project: Project,
  given: { allowUnknownDestinations: boolean; pat: boolean; guards: boolean },
  { log }: Session,
): Promise<{ problems: Problem[]; coverage: GuardCoverage | null }> {
  if (nothingLoaded(project)) return { problems: [], coverage: null }
  const { allowUnknownDestinations } = given
  const engine = await startEngine(project, 'test', log)
  try {
    const coverage = given.guards ? await guardCoverage(project, engine) : null
    const problems = [
      ...bodyProblems(project, engine),
      ...(await lintProject(project, engine, { allowUnknownDestinations })),
      ...(given.pat ? await reportPatVerdicts(project, engine, allowUnknownDestinations) : []),
      ...(coverage ? reportedProblems(coverage.problems, project.settings.warnings) : []),
    ]
    return { problems, coverage }
  } finally {
    await engine.close()
  }
}

/** The shape is stable and documented in docs/cli.md. */
function problemsJson(problems: readonly Problem[], coverage: GuardCoverage | null): string {
  const listed = problems.map(({ severity, code, message, file, line, column, hint }) => ({
    severity,
    code,
    message,
    file,
    line,
    column,
    hint,
  }))
  return `${JSON.stringify({ version: 1, problems: listed, ...(coverage && { guards: coverageJson(coverage) }) }, null, 2)}\n`
}

function problemsReport(
  project: Project,
  problems: readonly Problem[],
  { style, quiet, verbose }: Session,
): string {
  const shown = problems.length > 0 ? `${problemsText(problems, style, verbose)}\n\n` : ''
  const errors = errorsIn(problems).length
  if (quiet && errors === 0) return shown
  const verdict = errors > 0 ? style('red', countProblems(problems)) : style('green', countProblems(problems))
  return `${shown}${contents(project, problems)}: ${verdict}\n`
}

function contents(
  { detections, helpers, dataModels, registry, configuration }: Project,
  problems: readonly Problem[],
): string {
  const notLoaded = filesNotLoaded(problems, configuration)
  const parts = [
    counted(detections.size, 'detection'),
    helpers.length > 0 && counted(helpers.length, 'helper'),
    dataModels.length > 0 && counted(dataModels.length, 'data model'),
    registryText(registry),
    notLoaded.length > 0 && `${counted(notLoaded.length, 'file')} not loaded`,
  ]
  return parts.filter(Boolean).join(', ')
}

function registryText(registry: Project['registry']): string {
  if (registry === 'absent') return 'no destinations.yaml'
  if (registry === 'invalid') return 'destinations.yaml has errors'
  return counted(registry.destinations.length, 'destination')
}
