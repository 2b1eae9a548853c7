/** Opens the session of a command: the options of the project, a log, colours, and functions that print. */
import { resolve } from 'node:path'
import { createLog, type LogOptions } from '../../log.ts'
import type { Log } from '../../model/ports.ts'
import { type Style, styleFor } from '../../reporters/parts/terminal-text.ts'
import type { WorkspaceOptions } from '../../workspace/open-project.ts'
import type { Io } from './command.ts'
import type { GlobalOptions, Values } from './options.ts'

export interface Session {
  readonly workspace: WorkspaceOptions
  readonly log: Log
  readonly quiet: boolean
  readonly verbose: boolean
  /** The style of standard output. */
  readonly style: Style
  /** The style of standard error. */
  readonly errorStyle: Style
  /** Writes a result to standard output. */
  print(text: string): void
  /** Writes one line of information to standard error, unless `--quiet` is set. */
  note(line: string): void
  /** Writes lines about an error to standard error. */
  printError(lines: string): void
}

/** The options that every command has, and one that those have which may import destination types of the project. */
export type SessionOptions = Values<GlobalOptions> & { readonly allowLocalTypes?: boolean }

export function openSession(
  options: SessionOptions,
  io: Io,
  more: {
    readonly workspace?: Partial<WorkspaceOptions>
    readonly log?: Pick<LogOptions, 'format' | 'level'>
  } = {},
): Session {
  const { project, destinations, silences, envFile, quiet, verbose, noColor, pythonPath, allowLocalTypes } =
    options
  const printError = (lines: string) => void io.stderr.write(`${lines}\n`)
  const level = quiet ? 'error' : (more.log?.level ?? 'warn')
  const format = more.log?.format ?? 'pretty'
  const color = !noColor && 'isTTY' in io.stderr && io.stderr.isTTY === true
  const log = createLog({
    format,
    level,
    color,
    write: (line) => void io.stderr.write(line),
  })
  return {
    workspace: {
      root: project ?? '.',
      destinationsFile: destinations,
      silencesFile: silences,
      envFile,
      pythonPaths: pythonPath.map((path) => resolve(path)),
      allowLocalTypes,
      log,
      ...more.workspace,
    },
    log,
    quiet,
    verbose,
    style: styleFor(io.stdout, !noColor),
    errorStyle: styleFor(io.stderr, !noColor),
    print: (text) => void io.stdout.write(text),
    note: (line) => quiet || printError(line),
    printError,
  }
}
