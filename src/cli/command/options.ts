/** Typed declarations of options. One declaration serves parsing, help, completion and the check of the docs. */
import { InvalidArgumentError, Option } from 'commander'
import { parseTime, TIME_SCHEMA } from '../../config/files/times.ts'
import { isError, messageOf } from '../../errors.ts'

export interface TypedOption<T> {
  readonly option: Option
  /** Converts the value that commander parsed. */
  readonly read: (parsed: unknown) => T
  /** The completions of the value of an option without choices. */
  readonly suggestions?: Suggestions
}

/** Completions that a shell offers: fixed words, or the names of one kind in the project. */
export type Suggestions = readonly string[] | ProjectValues
export type ProjectValues = 'detections' | 'destinations' | 'types' | 'schemas'

export function withSuggestions<T>(option: TypedOption<T>, suggestions: Suggestions): TypedOption<T> {
  return { ...option, suggestions }
}

export type OptionSet = Readonly<Record<string, TypedOption<unknown>>>
export type Values<O extends OptionSet> = {
  readonly [K in keyof O]: O[K] extends TypedOption<infer T> ? T : never
}

/** The value is true if the flag was given, `--no-x` included. */
export function flag(flags: string, description: string): TypedOption<boolean> {
  const option = new Option(flags, description)
  return { option, read: (parsed) => parsed === !option.negate }
}

export function text(flags: string, description: string): TypedOption<string | undefined> {
  return { option: new Option(flags, description), read: (parsed) => parsed as string | undefined }
}

/** The value must parse. The message of the parser's error is printed with the option. */
export function parsed<T>(
  flags: string,
  description: string,
  parse: (text: string) => T,
): TypedOption<T | undefined> {
  const option = new Option(flags, description).argParser((value) => parseArgument(value, parse))
  return { option, read: (value) => value as T | undefined }
}

/** The option can be repeated. */
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

/** The default is the first choice. */
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

/** Parses whole numbers that are not below a minimum. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < minimum || !Number.isSafeInteger(number))
      throw new InvalidArgumentError(`Use a whole number of at least ${minimum}.`)
    return number
  }
}

/** Every command has these options. */
export const GLOBAL_OPTIONS = {
  project: text('--project <dir>', 'directory of the detections repository; default: the current directory'),
  destinations: text('--destinations <file>', 'file of destinations to use instead of destinations.yaml'),
  silences: text('--silences <file>', 'file of silences to use instead of silences.yaml'),
  pythonPath: list('--python-path <path>', 'folder of pure-Python packages, or a wheel'),
  envFile: text('--env-file <file>', 'file of NAME=value lines to add to the environment'),
  quiet: flag('--quiet', 'print results and errors only, without progress and notices'),
  verbose: flag('--verbose', 'list every problem, instead of one entry for equal ones'),
  noColor: flag('--no-color', 'print without colours, as with NO_COLOR or outside a terminal'),
} satisfies OptionSet
export type GlobalOptions = typeof GLOBAL_OPTIONS

/** A point in time, for the rules of handling. */
export const AT = parsed('--at <time>', 'time of the event, for silences; default: At of the case', timeOf)

function timeOf(text: string): number {
  const time = parseTime(text)
  if (time === undefined) throw new InvalidArgumentError(`Use ${TIME_SCHEMA.form}.`)
  return time
}

/** Every command that prints data has this option. */
export const FORMAT = choiceWithDefault('--format <format>', 'output format', ['pretty', 'json'])

export const ALLOW_LOCAL_TYPES = flag(
  '--allow-local-types',
  'import destination types of the project, such as ./my-sink.ts, and check their options',
)

export const IGNORE_EXTRA_KEYS = flag(
  '--ignore-extra-keys',
  'report unknown keys in detections as warnings, not errors',
)

export const STORE = text(
  '--store <url>',
  'sqlite:PATH or postgres://USER@HOST/DATABASE; default: the store of signalbox.yaml, else sqlite:.signalbox/signalbox.db',
)
