/** Finds and runs a command, and turns an error into an exit code. */
import { inspect } from 'node:util'
import { nearest } from '../core/did-you-mean.ts'
import { isError, UserError } from '../errors.ts'
import { VERSION } from '../version.ts'
import {
  type Command,
  type CommandGroup,
  EXIT_OK,
  EXIT_UNUSABLE,
  type Io,
  isGroup,
} from './command/command.ts'
import { type CommandDescription, parseArguments } from './command/parse.ts'
import { COMMANDS } from './command-map.ts'
import { fileSystemError } from './format/file-system-error.ts'
import { messageWithCode } from './format/message-with-code.ts'
import { groupHelp, overallHelp } from './help.ts'

export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io)
  } catch (error) {
    io.stderr.write(errorText(error))
    return EXIT_UNUSABLE
  }
}

async function dispatch([name = '', ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === '' || isHelp(name)) return name === '' ? printMissingUsage(io) : runHelp(rest, io)
  if (name === '--version' || name === '-V' || name === 'version') return print(`${VERSION}\n`, io)
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!entry) throw unknownCommand(name)
  const command = (await entry.load()).default
  const about = { path: name, summary: entry.summary }
  return isGroup(command) ? runGroup(about, command, rest, io) : runCommand(about, command, rest, io)
}

/** `signalbox help test` is the same as `signalbox test --help`. */
function runHelp([name]: readonly string[], io: Io): Promise<number> | number {
  return name !== undefined && !name.startsWith('-')
    ? dispatch([name, '--help'], io)
    : print(overallHelp(), io)
}

async function runGroup(
  about: CommandDescription,
  group: CommandGroup,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const { path } = about
  const [name = '', ...rest] = argv
  const built = Object.entries(group.commands).map(([sub, { summary }]) => [sub, summary] as const)
  const help = groupHelp(path, built)
  if (isHelp(name)) {
    const ownHelp = group.defaultCommand && parseArguments(about, group.defaultCommand, ['--help']).help
    return print(ownHelp ? `${ownHelp}\n${help}` : help, io)
  }
  const found = Object.hasOwn(group.commands, name) ? group.commands[name] : undefined
  if (found) return runCommand({ path: `${path} ${name}`, summary: found.summary }, found.command, rest, io)
  if (group.defaultCommand && (name === '' || name.startsWith('-')))
    return runCommand(about, group.defaultCommand, argv, io)
  const names = Object.keys(group.commands)
  throw name === '' || name.startsWith('-')
    ? new UserError(`${path} requires a command`, {
        code: 'unknown-command',
        hint: `one of: ${names.join(', ')}`,
      })
    : new UserError(`unknown command "${path} ${name}"`, {
        code: 'unknown-command',
        hint: hintFor(name, names),
      })
}

async function runCommand(
  about: CommandDescription,
  command: Command,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const parsed = parseArguments(about, command, argv)
  return parsed.help === undefined
    ? command.run({ ...parsed.invocation, commands: COMMANDS, program: runProgram }, io)
    : print(parsed.help, io)
}

function unknownCommand(name: string): UserError {
  if (name.startsWith('-')) {
    return new UserError(`option ${name} must follow the command`, {
      code: 'unknown-command',
      hint: 'write: signalbox COMMAND [options]',
    })
  }
  return new UserError(`unknown command "${name}"`, {
    code: 'unknown-command',
    hint: hintFor(name, Object.keys(COMMANDS)),
  })
}

function hintFor(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  return near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`
}

function printMissingUsage(io: Io): number {
  io.stderr.write(overallHelp())
  return EXIT_UNUSABLE
}

function isHelp(name: string): boolean {
  return name === '--help' || name === '-h' || name === 'help'
}

function print(text: string, io: Io): number {
  io.stdout.write(text)
  return EXIT_OK
}

/** Formats a thrown value for standard error. Only a bug is shown with its stack. */
export function errorText(thrown: unknown): string {
  const error = fileSystemError(thrown) ?? thrown
  if (isError(error, 'user')) {
    return `signalbox: ${messageWithCode(error)}\n${error.hint ? `hint: ${error.hint}\n` : ''}`
  }
  return `${inspect(error)}\nThis is a bug in Signalbox: please report it with the lines above.\n`
}
