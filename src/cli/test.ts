/** `test`: runs the cases that detections carry, routing included. */
import { REPORTERS } from '../reporters/_reporters.ts'
import { defineCommand } from './_command.ts'
import { choice, flag, list } from './_options.ts'
import { loadingOf, parseReporters, SELECTION_OPTIONS } from './_selection.ts'
import { openSession } from './_session.ts'
import { testProject } from './_test-run.ts'
import { watchTests } from './_watch-loop.ts'

export default defineCommand({
  arguments: { '[paths...]': 'files or directories to test instead of the whole project' },
  options: {
    ...SELECTION_OPTIONS,
    format: choice('--format <format>', 'the reporter of standard output', ['pretty', 'json']),
    reporter: list(
      '--reporter <name[=file]>',
      'pretty, json, junit, github or tap; to a file when one is named',
    ),
    watch: flag('--watch', 'test again after every change'),
  },
  async run({ args, options }, io) {
    const { reporter, format } = options
    const chosen = format ? [format, ...reporter.filter((text) => text !== format)] : reporter
    const reporters = parseReporters(chosen.length > 0 ? chosen : ['pretty'], Object.keys(REPORTERS))
    const paths = args.length > 0 ? args : undefined
    const session = openSession(options, io, { workspace: { ...loadingOf(options), paths } })
    const request = { options, reporters }
    return options.watch ? watchTests(request, session, io) : testProject(request, session, io)
  },
})
