/** docs/cli.md agrees with the declarations of commands and options. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isGroup } from '../../src/cli/command/command.ts'
import { GLOBAL_OPTIONS, type OptionSet } from '../../src/cli/command/options.ts'
import { COMMANDS } from '../../src/cli/command-map.ts'

const sections = new Map(
  readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
    .split(/^## /m)
    .map((section) => [section.split('\n', 1)[0]!, section]),
)

/** The rows of a section's option table. */
function documented(section: string): string[] {
  return (sections.get(section) ?? '').split('\n').filter((line) => line.startsWith('| `--'))
}

function declared(options: OptionSet): string[] {
  return Object.values(options).map(({ option }) => {
    const { flags, description, argChoices, defaultValue } = option
    const choices = argChoices ? `: ${argChoices.join(', ')}` : ''
    const fallback = defaultValue === undefined ? '' : `; default: ${String(defaultValue)}`
    return `| \`${flags}\` | ${description}${choices}${fallback} |`
  })
}

const commands = (
  await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => {
      const command = (await load()).default
      return isGroup(command)
        ? [
            ...(command.defaultCommand ? [[name, command.defaultCommand] as const] : []),
            ...Object.entries(command.commands).map(
              ([sub, each]) => [`${name} ${sub}`, each.command] as const,
            ),
          ]
        : [[name, command] as const]
    }),
  )
).flat()

describe('the options documented', () => {
  it('docs/cli.md documents the options that all commands have', () => {
    expect(documented('Options of every command')).toEqual(declared(GLOBAL_OPTIONS))
  })

  it.each(commands)('docs/cli.md documents every option of %s', (name, { options }) => {
    expect(sections.has(name), `docs/cli.md has the heading "## ${name}"`).toBe(true)
    expect(documented(name)).toEqual(declared(options))
  })
})

/** The verbs that summaries use. A new one is added here after a look at the sentence. */
const VERBS = new Set(
  'acknowledge add assign change check copy create edit expire explain extend install list load measure print read remove reopen resend resolve retry run send show skip test unmute'.split(
    ' ',
  ),
)

it('each summary of a command begins with a verb in the imperative', async () => {
  const summaries = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]) => {
      const command = (await load()).default
      const below = isGroup(command) ? Object.entries(command.commands) : []
      return [[name, summary], ...below.map(([sub, each]) => [`${name} ${sub}`, each.summary])]
    }),
  )
  const others = summaries.flat().filter(([, summary = '']) => !VERBS.has(summary.split(/[ ,]/)[0]!))
  expect(others).toEqual([])
})
