/** The contract of a command: declarations plus one function from arguments to an exit code. File name = command. */
import type { GlobalOptions, OptionSet, Suggestions, Values } from './options.ts'

export const EXIT_OK = 0
/** The detections' tests failed, a file is invalid, a delivery is missing. */
export const EXIT_FAILED = 1
/** Could not run, or wrong use. */
export const EXIT_UNUSABLE = 2
/** The file of the store was removed or replaced while `run` used it. */
export const EXIT_STORE_LOST = 3

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What a command knows of its process. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream
  /** Machine output and results. */
  readonly stdout: NodeJS.WritableStream
  /** Problems, progress and logs. */
  readonly stderr: NodeJS.WritableStream
  /** From here on these signals no longer end the process by themselves. Returns the way back. */
  onSignal(listener: (signal: Signal) => void): () => void
  /** Resolves when both outputs have passed on what was written to them, with false when that takes longer. */
  flush(timeoutMs: number): Promise<boolean>
  /** Ends the process at once. */
  endNow(code: number): void
}

/** One line of the map of commands; loaded only when called. */
export interface CommandEntry {
  readonly summary: string
  /** It will run detections: Python boots while the command itself is loaded. */
  readonly runsPython?: true
  readonly load: () => Promise<CommandModule>
}
export type CommandMap = Readonly<Record<string, CommandEntry>>

export interface Invocation<O extends OptionSet> {
  readonly args: readonly string[]
  /** All there are, for completion. */
  readonly commands: CommandMap
  readonly options: Values<O> & Values<GlobalOptions>
}

export interface Command<O extends OptionSet = OptionSet> {
  /** In commander's notation, for example `<id>` or `[paths...]`, each with a line of help. */
  readonly arguments?: Readonly<Record<string, string>>
  /** What a shell offers for the first argument. */
  readonly suggestions?: Suggestions
  readonly options: O
  /** What `--help` prints below the options. */
  readonly details?: string
  run(invocation: Invocation<O>, io: Io): Promise<number>
}

/** Commands below a word: `alerts list`. */
export interface CommandGroup {
  readonly commands: Readonly<Record<string, { readonly summary: string; readonly command: Command }>>
  /** What the word alone does; without it, it needs one of the commands. */
  readonly defaultCommand?: Command
}

interface CommandModule {
  readonly default: Command | CommandGroup
}

/** Gives the options their types in one place; the parser has already checked them. */
export function defineCommand<O extends OptionSet>(command: Command<O>): Command {
  return command as unknown as Command
}

export function isGroup(command: Command | CommandGroup): command is CommandGroup {
  return 'commands' in command
}
