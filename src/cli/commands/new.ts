/** `new` creates the files of a rule, policy, helper, data model or destination type, with tests that pass. */
import { UserError } from '../../errors.ts'
import { isLocalType } from '../../workspace/destinations/local-types.ts'
import {
  destinationFile,
  destinationScaffold,
  destinationTestFile,
  isDestinationName,
} from '../../workspace/init/destination-scaffold.ts'
import { isHelperName, KINDS, type Kind, scaffold } from '../../workspace/init/scaffold.ts'
import { writeNew } from '../../workspace/init/write-files.ts'
import { openProject } from '../../workspace/open-project.ts'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { text } from '../command/options.ts'
import { openSession, type Session } from '../command/session.ts'

const NAMES = [...KINDS, 'destination'] as const

export default defineCommand({
  arguments: {
    '<kind>': NAMES.join(', '),
    '<id>': 'unique id, for example AWS.RootLogin; for a helper its import name, for a destination its name',
  },
  suggestions: NAMES,
  options: { type: text('--type <type>', 'log type of a rule, or resource type of a policy') },
  async run({ args: [kind = '', id = ''], options }, io) {
    const session = openSession(options, io)
    if (kind === 'destination') return createDestination(id, session)
    const { root } = session.workspace
    const known = KINDS.find((each) => each === kind)
    if (!known)
      throw new UserError(`unknown kind "${kind}"`, {
        code: 'invalid-argument',
        hint: `use one of: ${NAMES.join(', ')}`,
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

/** Writes a local destination type with its test, and says what is left to do. */
function createDestination(name: string, session: Session): number {
  if (!isDestinationName(name)) {
    throw new UserError(`invalid name of a destination type "${name}"`, {
      code: 'invalid-argument',
      hint: 'use lower-case letters, digits and dashes, for example team-pager',
    })
  }
  if (!isLocalType(name)) {
    throw new UserError(`${name} is a bundled destination type`, {
      code: 'duplicate-id',
      hint: `use type: ${name} in destinations.yaml, or choose another name`,
    })
  }
  const files = destinationScaffold(name)
  writeNew(session.workspace.root, files)
  for (const path of Object.keys(files)) session.print(`${path}\n`)
  session.note(destinationSteps(name))
  return EXIT_OK
}

function destinationSteps(name: string): string {
  const variable = name.toUpperCase().replaceAll('-', '_')
  const reference = (suffix: string) => `\${env:${variable}_${suffix}}`
  return `
next steps
  1. write the request and the answers of your provider in ${destinationFile(name)}
  2. run its test, for which the project must depend on the package signalbox:
       node --test ${destinationTestFile(name)}
  3. add a destination of this type:
       signalbox destinations add soc-${name} --type ./${destinationFile(name)} --severity HIGH \\
         --option 'url=${reference('URL')}' --option 'token=${reference('TOKEN')}' --allow-local-types
  4. send the test alert:
       signalbox destinations test soc-${name} --allow-local-types
`
}

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
