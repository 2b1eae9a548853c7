/** `completion`: prints a script that completes commands and options, made from their declarations. */
import { UserError } from '../errors.ts'
import { type Command, type CommandEntry, defineCommand, isGroup, OK } from './_command.ts'
import { type Completion, completionScript, SHELLS } from './_completion-script.ts'
import { optionsOf } from './_parse.ts'
import { openSession } from './_session.ts'

export default defineCommand({
  arguments: { '<shell>': 'bash, zsh or fish' },
  options: {},
  async run({ args: [shell = ''], options, commands }, io) {
    const found = SHELLS.find((name) => name === shell)
    if (!found) throw new UserError(`unknown shell "${shell}"`, { hint: `known: ${SHELLS.join(', ')}` })
    const entries = await Promise.all(Object.entries(commands).map(completionsOf))
    openSession(options, io).print(completionScript(found, entries.flat()))
    return OK
  },
})

async function completionsOf([name, { summary, load }]: [string, CommandEntry]): Promise<Completion[]> {
  const command = (await load()).default
  if (!isGroup(command)) return [{ path: name, summary, words: longOptions(command) }]
  const below = Object.entries(command.commands)
  return [
    {
      path: name,
      summary,
      words: [...below.map(([sub]) => sub), ...(command.alone ? longOptions(command.alone) : [])],
    },
    ...below.map(([sub, each]) => ({
      path: `${name} ${sub}`,
      summary: each.summary,
      words: longOptions(each.command),
    })),
  ]
}

function longOptions(command: Command): string[] {
  return Object.values(optionsOf(command)).flatMap(({ option }) => option.long ?? [])
}
