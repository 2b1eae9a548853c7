/** `watch` is the same as `test --watch`. */
import { defineCommand } from '../command/command.ts'
import { openSession } from '../command/session.ts'
import { loadOptionsOf, SELECTION_OPTIONS } from '../test-run/selection.ts'
import { watchTests } from '../test-run/watch-loop.ts'

export default defineCommand({
  arguments: { '[paths...]': 'files, directories or glob patterns to test instead of the whole project' },
  options: SELECTION_OPTIONS,
  run({ args, options }, io) {
    const paths = args.length > 0 ? args : undefined
    const session = openSession(options, io, { workspace: { ...loadOptionsOf(options), paths } })
    return watchTests({ options, reporters: [{ name: 'pretty', file: null }] }, session, io)
  },
})
