/** `init`: a working detections repository. What exists stays. */

import { VERSION } from '../version.ts'
import { newRepository } from '../workspace/repository.ts'
import { projectSchemas } from '../workspace/schemas.ts'
import { writeMissing } from '../workspace/write-files.ts'
import { defineCommand, OK } from './_command.ts'
import { openSession } from './_session.ts'

export default defineCommand({
  arguments: { '[dir]': 'where; the project when absent' },
  options: {},
  async run({ args: [dir], options }, io) {
    const session = openSession(options, io)
    const root = dir ?? session.workspace.root
    const files = newRepository(await projectSchemas(), VERSION)
    const written = writeMissing(root, files)
    const kept = Object.keys(files).filter((path) => !written.includes(path))
    for (const path of written) session.print(`${path}\n`)
    for (const path of kept) session.note(`${path} is there already and was left alone`)
    const there = root === '.' ? '' : ` --project ${root}`
    session.note(
      `next: signalbox test${there}; signalbox destinations add${there}; signalbox new rule ID${there}`,
    )
    return OK
  },
})
