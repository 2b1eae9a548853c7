/** Typed declarations of options: one declaration gives parsing, help, completion and the check of the docs. */
import { InvalidArgumentError, Option } from 'commander'
import { isError, messageOf } from '../../errors.ts'

interface TypedOption<T> {
  readonly option: Option
  /** From what commander parsed. */
  readonly read: (parsed: unknown) => T
  /** Where it has no choices. */
  readonly suggestions?: Suggestions
}

/** What a shell offers: these words, or what the project has of a kind. */
export type Suggestions = readonly string[] | ProjectValues
export type ProjectValues = 'detections' | 'destinations' | 'types' | 'schemas'

export function withSuggestions<T>(option: TypedOption<T>, suggestions: Suggestions): TypedOption<T> {
  return { ...option, suggestions }
}

export type OptionSet = Readonly<Record<string, TypedOption<unknown>>>
export type Values<O extends OptionSet> = {
  readonly [K in keyof O]: O[K] extends TypedOption<infer T> ? T : never
}

/** `--no-x` is true when it was given. */
export function flag(flags: string, description: string): TypedOption<boolean> {
  const option = new Option(flags, description)
  return { option, read: (parsed) => parsed === !option.negate }
}

export function text(flags: string, description: string): TypedOption<string | undefined> {
  return { option: new Option(flags, description), read: (parsed) => parsed as string | undefined }
}

/** Text that must parse: what the parser throws is shown beside the option. */
export function parsed<T>(
  flags: string,
  description: string,
  parse: (text: string) => T,
): TypedOption<T | undefined> {
  const option = new Option(flags, description).argParser((value) => parseArgument(value, parse))
  return { option, read: (value) => value as T | undefined }
}

/** Repeatable. */
export function list(flags: string, description: string): TypedOption<readonly string[]> {
  const option = new Option(flags, `${description} (repeatable)`)
  option.argParser<readonly string[]>((value, previous) => [...(previous ?? []), value])
  return { option, read: (value) => (value ?? []) as readonly string[] }
}

export function choice<C extends string>(
  flags: string,
  description: string,
  choices: readonly C[],
): TypedOption<C | undefined> {
  const option = new Option(flags, description).choices(choices)
  return { option, read: (value) => value as C | undefined }
}

/** The first choice, when nothing is said. */
export function choiceWithDefault<C extends string>(
  flags: string,
  description: string,
  choices: readonly [C, ...C[]],
  fallback: C = choices[0],
): TypedOption<C> {
  const option = new Option(flags, description).choices(choices).default(fallback)
  return { option, read: (value) => value as C }
}

function parseArgument<T>(value: string, parse: (text: string) => T): T {
  try {
    return parse(value)
  } catch (cause) {
    if (isError(cause, 'user')) throw new InvalidArgumentError(messageOf(cause))
    throw cause
  }
}

/** Whole numbers from `least` up. */
export function wholeNumber(least: number): (text: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || !Number.isSafeInteger(number))
      throw new InvalidArgumentError(`It is a whole number of at least ${least}.`)
    return number
  }
}

/** On every command. */
export const GLOBAL_OPTIONS = {
  project: text('--project <dir>', 'directory of the detections repository; the current one when absent'),
  destinations: text('--destinations <file>', 'registry of destinations instead of destinations.yaml'),
  pythonPath: list('--python-path <path>', 'folder of pure-Python packages, or a wheel'),
  envFile: text('--env-file <file>', 'file of NAME=value lines, added to the environment'),
  quiet: flag('--quiet', 'no progress, no notices; results and errors only'),
  verbose: flag('--verbose', 'every problem by itself; otherwise equal ones are folded'),
  noColor: flag('--no-color', 'no colours; NO_COLOR and a stream that is no terminal do the same'),
} satisfies OptionSet
export type GlobalOptions = typeof GLOBAL_OPTIONS

/** On every command that prints data. */
export const FORMAT = choiceWithDefault('--format <format>', 'how data is printed', ['pretty', 'json'])

export const IGNORE_EXTRA_KEYS = flag(
  '--ignore-extra-keys',
  'keys of detections that nobody knows are warnings instead of errors',
)

export const STORE = text(
  '--store <url>',
  'sqlite:PATH; else that of signalbox.yaml, else sqlite:.signalbox/signalbox.db',
)
