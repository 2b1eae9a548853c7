/** `completion` prints a script that completes commands, options and values. The script is generated from their declarations. */
import { UserError } from '../../errors.ts'
import { declaredDestinations } from '../../model/project/destination.ts'
import { openProject } from '../../workspace/open-project.ts'
import { type Command, type CommandEntry, defineCommand, EXIT_OK, isGroup } from '../command/command.ts'
import { choice, type ProjectValues } from '../command/options.ts'
import { optionsOf } from '../command/parse.ts'
import { openSession, type Session } from '../command/session.ts'
import { type Completion, completionScript, SHELLS } from '../format/completion-script.ts'

const VALUES: Readonly<Record<ProjectValues, (session: Session) => Promise<Iterable<string>>>> = {
  detections: async ({ workspace }) => (await openProject(workspace)).detections.keys(),
  destinations: async ({ workspace }) =>
    declaredDestinations((await openProject(workspace)).registry).map(({ name }) => name),
  types: async () =>
    (await (await import('../../workspace/destinations/load-destination-types.ts')).loadTypeSummaries()).map(
      ({ type }) => type,
    ),
  schemas: async () =>
    (await (await import('../../workspace/schemas.ts')).projectSchemas()).map(({ name }) => name),
}

export default defineCommand({
  arguments: { '[shell]': SHELLS.join(', ') },
  suggestions: SHELLS,
  options: {
    values: choice(
      '--values <kind>',
      'print the completions of a value, one per line',
      Object.keys(VALUES) as ProjectValues[],
    ),
  },
  async run({ args: [shell = ''], options, commands }, io) {
    const session = openSession(options, io)
    if (options.values) {
      for (const value of await VALUES[options.values](session)) session.print(`${value}\n`)
      return EXIT_OK
    }
    const found = SHELLS.find((name) => name === shell)
    if (!found)
      throw new UserError(`unknown shell "${shell}"`, {
        code: 'invalid-argument',
        hint: `use one of: ${SHELLS.join(', ')}`,
      })
    const entries = await Promise.all(Object.entries(commands).map(completionsOf))
    session.print(completionScript(found, entries.flat()))
    return EXIT_OK
  },
})

async function completionsOf([name, { summary, load }]: [string, CommandEntry]): Promise<Completion[]> {
  const command = (await load()).default
  if (!isGroup(command)) return [completionOf(name, summary, command)]
  const below = Object.entries(command.commands)
  const own = completionOf(name, summary, command.defaultCommand ?? null)
  return [
    { ...own, commands: below.map(([sub]) => sub) },
    ...below.map(([sub, each]) => completionOf(`${name} ${sub}`, each.summary, each.command)),
  ]
}

function completionOf(path: string, summary: string, command: Command | null): Completion {
  if (!command) return { path, summary, commands: [], options: [] }
  const options = Object.values(optionsOf(command)).flatMap(({ option, suggestions }) =>
    option.long ? [{ name: option.long, values: suggestions ?? option.argChoices }] : [],
  )
  const isRepeatable = Object.keys(command.arguments ?? {})[0]?.includes('...') ?? false
  const argument = command.suggestions && { values: command.suggestions, isRepeatable }
  return { path, summary, commands: [], options, argument }
}
