/** Parses a command's arguments with commander. The result is values or the text of help, and wrong use is a UserError. */
import { CommanderError, Command as Parser } from 'commander'
import { UserError } from '../../errors.ts'
import type { Command, Invocation } from './command.ts'
import { GLOBAL_OPTIONS, type OptionSet } from './options.ts'

export interface CommandDescription {
  /** The words of the command, for example `alerts list`. */
  readonly path: string
  readonly summary: string
}

type Parsed =
  | { readonly help: string }
  | { readonly invocation: Omit<Invocation<OptionSet>, 'commands' | 'program'>; readonly help?: undefined }

/** @returns all options of a command. Its own come first. */
export function optionsOf(command: Command): OptionSet {
  return { ...command.options, ...GLOBAL_OPTIONS }
}

export function parseArguments(about: CommandDescription, command: Command, argv: readonly string[]): Parsed {
  let help = ''
  const parser = createParser(about, command)
  parser.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} })
  try {
    parser.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { help }
    throw usageError(error, about.path)
  }
  const values = parser.opts<Record<string, unknown>>()
  const options = Object.entries(optionsOf(command)).map(([key, { option, read }]) => [
    key,
    read(values[option.attributeName()]),
  ])
  return {
    invocation: {
      args: parser.args,
      options: Object.fromEntries(options) as Invocation<OptionSet>['options'],
    },
  }
}

function createParser({ path, summary }: CommandDescription, command: Command): Parser {
  const parser = new Parser(`signalbox ${path}`)
    .description(summary)
    .helpOption('--help', 'show this help')
    .exitOverride()
    .action(() => {})
  for (const [name, description] of Object.entries(command.arguments ?? {}))
    parser.argument(name, description)
  for (const { option } of Object.values(command.options)) parser.addOption(option)
  parser.optionsGroup('Options of every command:')
  for (const { option } of Object.values(GLOBAL_OPTIONS)) parser.addOption(option)
  if (command.details !== undefined) parser.addHelpText('after', `\n${command.details}`)
  return parser
}

/** Commander begins its message with `error: ` and writes its suggestion on a separate line. */
function usageError(error: CommanderError, path: string): UserError {
  const [first = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const near = suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?')
  return new UserError(first, {
    code: 'invalid-option',
    hint: near ?? `see signalbox ${path} --help`,
    cause: error,
  })
}
