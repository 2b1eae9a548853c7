/** docs/cli.md says what the declarations say. */
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
    const fallback = defaultValue === undefined ? '' : `; ${String(defaultValue)} when absent`
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
  it('of every command', () => {
    expect(documented('Options of every command')).toEqual(declared(GLOBAL_OPTIONS))
  })

  it.each(commands)('of %s', (name, { options }) => {
    expect(sections.has(name)).toBe(true)
    expect(documented(name)).toEqual(declared(options))
  })
})
