/** `test` runs the test cases of detections, routing included. */
import { UserError } from '../../errors.ts'
import { REPORTERS } from '../../reporters/_catalog.ts'
import { defineCommand } from '../command/command.ts'
import { choice, flag, list, text, type Values, withSuggestions } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { WARNING_OPTIONS } from '../command/warning-options.ts'
import {
  loadOptionsOf,
  parseReporters,
  type ReporterChoice,
  SELECTION_OPTIONS,
} from '../test-run/selection.ts'
import { type CoverageChoice, testProject } from '../test-run/test-run.ts'
import { watchTests } from '../test-run/watch-loop.ts'

const COVERAGE_OPTIONS = {
  coverage: flag('--coverage', 'print a table of the Python lines that the cases ran, after the report'),
  coverageLcov: text('--coverage-lcov <file>', 'write the Python lines that the cases ran as an lcov file'),
}

export default defineCommand({
  arguments: { '[paths...]': 'files, directories or glob patterns to test instead of the whole project' },
  options: {
    ...SELECTION_OPTIONS,
    ...WARNING_OPTIONS,
    format: choice('--format <format>', 'reporter for standard output', ['pretty', 'json']),
    reporter: withSuggestions(
      list(
        '--reporter <name[=file]>',
        'pretty, json, junit, github or tap, and optionally a file to write to',
      ),
      Object.keys(REPORTERS),
    ),
    ...COVERAGE_OPTIONS,
    watch: flag('--watch', 'test again after every change'),
  },
  async run({ args, options }, io) {
    const { reporter, format } = options
    const chosen = format ? [format, ...reporter.filter((text) => text !== format)] : reporter
    const reporters = parseReporters(chosen.length > 0 ? chosen : ['pretty'], Object.keys(REPORTERS))
    const paths = args.length > 0 ? args : undefined
    const session = openSession(options, io, { workspace: { ...loadOptionsOf(options), paths } })
    const request = { options, reporters, warnings: options, coverage: coverageOf(options, reporters) }
    return options.watch ? watchTests(request, session, io) : testProject(request, session, io)
  },
})

/** Parses the options of coverage and rejects options that cannot be combined with them. */
function coverageOf(
  {
    coverage: asTable,
    coverageLcov: lcovFile,
    watch,
  }: Values<typeof COVERAGE_OPTIONS> & { readonly watch: boolean },
  reporters: readonly ReporterChoice[],
): CoverageChoice | undefined {
  if (!asTable && lcovFile === undefined) return undefined
  if (watch)
    throw new UserError('--coverage and --watch cannot be combined', {
      code: 'conflicting-options',
      hint: 'run without --watch, which tests only what a change affects',
    })
  const document = reporters.find(({ name, file }) => file === null && name !== 'pretty')
  if (asTable && document)
    throw new UserError(
      `--coverage prints a table to standard output, which --reporter ${document.name} needs`,
      {
        code: 'conflicting-options',
        hint: `use --reporter ${document.name}=FILE or --coverage-lcov FILE`,
      },
    )
  return { asTable, lcovFile }
}
