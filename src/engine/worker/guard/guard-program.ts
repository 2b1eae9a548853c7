/**
 * WORKER THREAD. The guard of a detection as the analysis writes it, checked and made ready to be compiled.
 */

import { DictValue, ListValue, SetValue, TupleValue } from './guard-values.ts'
import { type Pattern, type PatternMode, translatePattern } from './python-pattern.ts'

export type ProgramNode = readonly [operation: string, ...operands: (number | string)[]]

export type PythonLocation = readonly [path: string, line: number, column: number]

export interface GuardProgram {
  readonly nodes: readonly ProgramNode[]
  /** Scalars stand for themselves, everything else is `[kind, …]`. */
  readonly constants: readonly unknown[]
  /** Parameters, slots, node of the body. */
  readonly functions: readonly (readonly [number, number, number])[]
  readonly globals: number
  /** Number of the function that decides. */
  readonly matcher: number
  /** What it returns when there is nothing to report. */
  readonly silent: boolean
  /** Whether it sees plain dicts and lists (a policy) instead of views. */
  readonly isPlain: boolean
  /** The log type whose data model the program follows, where it reads one. */
  readonly logType: string | null
  readonly readsModel: boolean
  /** The files of the helpers and the data model that it follows. */
  readonly followed: readonly string[]
  /** The location of the matcher. */
  readonly location: PythonLocation
  /** The locations of the nodes, by file; see guard-locations.ts. */
  readonly locations: readonly (readonly [path: string, encoded: string])[]
}

/** A constant pattern; each way to apply it is translated when it is first needed. */
export class PatternValue {
  readonly #pattern: string
  readonly #flags: number
  readonly #translated = new Map<PatternMode, Pattern | null>()

  constructor(pattern: string, flags: number) {
    this.#pattern = pattern
    this.#flags = flags
  }

  /** null: it is not known. */
  test(mode: PatternMode, text: string): boolean | null {
    let translated = this.#translated.get(mode)
    if (translated === undefined) {
      translated = translatePattern(this.#pattern, this.#flags, mode)
      this.#translated.set(mode, translated)
    }
    return translated === null ? null : translated.test(text)
  }
}

/** @param functionOf What a function constant stands for. */
export function decodeConstant(encoded: unknown, functionOf: (number: number) => unknown): unknown {
  if (!Array.isArray(encoded)) return encoded
  const [kind, ...parts] = encoded
  const decode = (part: unknown) => decodeConstant(part, functionOf)
  switch (kind) {
    case 'list':
      return new ListValue(parts.map(decode), true)
    case 'tuple':
      return new TupleValue(parts.map(decode))
    case 'set':
      return new SetValue(parts.map(decode), true)
    case 'dict':
      return new DictValue(
        parts.map(([key, value]) => [decode(key), decode(value)] as const),
        true,
      )
    case 'regex':
      return new PatternValue(parts[0], parts[1])
    case 'function':
      return functionOf(parts[0])
  }
  throw new Error(`unknown kind of constant: ${kind}`)
}
