/** The contract of a command: declarations, and one function from arguments to an exit code. A file has the name of its command. */
import type { GlobalOptions, OptionSet, Suggestions, Values } from './options.ts'

export const EXIT_OK = 0
/** A test failed, a file is invalid, or a delivery is missing. */
export const EXIT_FAILED = 1
/** The command could not run, or it was used in a wrong way. */
export const EXIT_UNUSABLE = 2
/** The file of the store was removed or replaced while `run` used it. */
export const EXIT_STORE_LOST = 3

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** The streams and signals that a command gets from its process. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream
  /** The stream for results, which other programs may read. */
  readonly stdout: NodeJS.WritableStream
  /** The stream for problems, progress and logs. */
  readonly stderr: NodeJS.WritableStream
  /** Signals no longer end the process by themselves. @returns a function that restores the default. */
  onSignal(listener: (signal: Signal) => void): () => void
  /** Resolves with true when both outputs are flushed, or with false after the timeout. */
  flush(timeoutMs: number): Promise<boolean>
  /** Ends the process immediately. */
  endNow(code: number): void
}

/** An entry of the catalog of commands. */
export interface CommandEntry {
  readonly summary: string
  /** The command runs detections, so Python boots while the command itself is loaded. */
  readonly runsPython?: true
  readonly load: () => Promise<CommandModule>
}
export type CommandMap = Readonly<Record<string, CommandEntry>>

export interface Invocation<O extends OptionSet> {
  readonly args: readonly string[]
  /** The catalog is for the command `completion`. */
  readonly commands: CommandMap
  /** Runs any command, for the command `mcp`. @returns the exit code. */
  readonly program: (argv: readonly string[], io: Io) => Promise<number>
  readonly options: Values<O> & Values<GlobalOptions>
}

export interface Command<O extends OptionSet = OptionSet> {
  /** The arguments in commander's notation, for example `<id>` or `[paths...]`, each with a line of help. */
  readonly arguments?: Readonly<Record<string, string>>
  /** The completions of the first argument. */
  readonly suggestions?: Suggestions
  readonly options: O
  /** The text that `--help` prints below the options. */
  readonly details?: string
  run(invocation: Invocation<O>, io: Io): Promise<number>
}

/** Commands with a common first word, such as `alerts list`. */
export interface CommandGroup {
  readonly commands: Readonly<Record<string, { readonly summary: string; readonly command: Command }>>
  /** The command that runs if no subcommand is given. Without it, a subcommand is required. */
  readonly defaultCommand?: Command
}

interface CommandModule {
  readonly default: Command | CommandGroup
}

/** Gives the options their types in one place. The parser has checked the values before. */
export function defineCommand<O extends OptionSet>(command: Command<O>): Command {
  return command as unknown as Command
}

export function isGroup(command: Command | CommandGroup): command is CommandGroup {
  return 'commands' in command
}
