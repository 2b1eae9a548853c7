/** Keeps parsed specs between loads, so that an unchanged file is neither parsed nor checked again. */
import { hash } from 'node:crypto'
import type { Problem } from '../../model/project/problem.ts'
import { programVersion } from '../../program-version.ts'
import type { ValidationCache } from './problems.ts'

/** The storage of the cache between runs. It returns exactly the bytes that were written. */
export interface CacheStorage {
  read(name: string): Uint8Array | null
  write(name: string, ...parts: readonly Uint8Array[]): Promise<unknown>
  /** The cache of one process that loads repeatedly. */
  readonly memory?: Map<string, unknown>
}

/** The result of reading one file. */
interface ParseResult<T> {
  readonly spec: T | null
  readonly problems: readonly Problem[]
}

interface StoredParses<T> {
  readonly found: Record<string, ParseResult<T>>
  /** Keys of texts that passed a check. */
  readonly good: readonly string[]
}

/** Raise this number when the layout of the stored parses changes. */
const FORMAT_VERSION = 1

export class ParseCache<T> implements ValidationCache {
  readonly #keep: CacheStorage | undefined
  readonly #name: string
  readonly #known: Record<string, ParseResult<T>>
  readonly #knownGood: ReadonlySet<string>
  readonly #used: Record<string, ParseResult<T>> = {}
  readonly #usedGood = new Set<string>()
  #isNew = false

  /** Nothing is cached without a storage. */
  constructor(root: string, keep: CacheStorage | undefined) {
    this.#keep = keep
    this.#name = keep ? `parse-${hash('sha256', [FORMAT_VERSION, programVersion(), root].join('\0'))}` : ''
    const kept = (keep?.memory?.get(this.#name) as StoredParses<T> | undefined) ?? this.#read()
    this.#known = kept?.found ?? {}
    this.#knownGood = new Set(kept?.good)
  }

  #read(): StoredParses<T> | null {
    const bytes = this.#keep?.read(this.#name)
    return bytes ? (JSON.parse(Buffer.from(bytes).toString()) as StoredParses<T>) : null
  }

  /** @param file the name that problems have. */
  of(file: string, text: string, read: () => ParseResult<T>): ParseResult<T> {
    if (!this.#keep) return read()
    const key = keyOf(file, text)
    const known = this.#known[key]
    const found = known ?? read()
    if (!known && !isJson(found.spec)) return found
    this.#isNew ||= !known
    this.#used[key] = found
    return found
  }

  has(check: string, text: string): boolean {
    const key = keyOf(check, text)
    const isKnown = this.#knownGood.has(key)
    if (isKnown) this.#usedGood.add(key)
    return isKnown
  }

  add(check: string, text: string): void {
    this.#isNew = true
    this.#usedGood.add(keyOf(check, text))
  }

  /** @param isWhole false: the load was partial, so entries of other files are kept. */
  async keep(isWhole: boolean): Promise<void> {
    if (!this.#keep) return
    const kept: StoredParses<T> = isWhole
      ? { found: this.#used, good: [...this.#usedGood] }
      : {
          found: { ...this.#known, ...this.#used },
          good: [...new Set([...this.#knownGood, ...this.#usedGood])],
        }
    this.#keep.memory?.set(this.#name, kept)
    if (this.#isNew) await this.#keep.write(this.#name, Buffer.from(JSON.stringify(kept)))
  }
}

function keyOf(what: string, text: string): string {
  return hash('sha256', `${what}\0${text}`, 'base64')
}

/** False for values with numbers that JSON does not have. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isJson)
}
