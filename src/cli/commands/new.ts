/** `new` creates the files of a rule, policy, helper or data model, with tests that pass. */
import { UserError } from '../../errors.ts'
import { isHelperName, KINDS, type Kind, scaffold } from '../../workspace/init/scaffold.ts'
import { writeNew } from '../../workspace/init/write-files.ts'
import { openProject } from '../../workspace/open-project.ts'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { text } from '../command/options.ts'
import { openSession } from '../command/session.ts'

export default defineCommand({
  arguments: {
    '<kind>': KINDS.join(', '),
    '<id>': 'unique id, for example AWS.RootLogin; for a helper its import name',
  },
  suggestions: KINDS,
  options: { type: text('--type <type>', 'log type of a rule, or resource type of a policy') },
  async run({ args: [kind = '', id = ''], options }, io) {
    const session = openSession(options, io)
    const { root } = session.workspace
    const known = KINDS.find((each) => each === kind)
    if (!known)
      throw new UserError(`unknown kind "${kind}"`, {
        code: 'invalid-argument',
        hint: `use one of: ${KINDS.join(', ')}`,
      })
    checkId(known, id)
    const { detections, helpers, dataModels } = await openProject(session.workspace)
    const taken = [...detections.values(), ...helpers, ...dataModels].find((each) => each.id === id)
    if (taken)
      throw new UserError(`duplicate id "${id}": ${taken.location.file} has it`, {
        code: 'duplicate-id',
        hint: 'choose another id',
      })
    const files = scaffold(known, id, options.type)
    writeNew(root, files)
    for (const path of Object.keys(files)) session.print(`${path}\n`)
    return EXIT_OK
  },
})

function checkId(kind: Kind, id: string): void {
  if (kind === 'helper' && !isHelperName(id)) {
    throw new UserError(`invalid helper id "${id}": Python cannot import it`, {
      code: 'invalid-argument',
      hint: 'use lower-case letters, digits and _, for example my_helpers',
    })
  }
  if (!/^[A-Za-z][\w.-]*$/.test(id)) {
    throw new UserError(`invalid id "${id}"`, {
      code: 'invalid-argument',
      hint: 'use letters, digits, dots and dashes, for example AWS.RootLogin',
    })
  }
}
