/** Keeps parsed specs between loads, so that an unchanged file is neither parsed nor checked again. */
import { hash } from 'node:crypto'
import { type FileStamp, isOldEnough, isSameStamp, stampOf } from '../../files/file-stamp.ts'
import { systemClock } from '../../model/ports.ts'
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
export interface ParseResult<T> {
  readonly spec: T | null
  readonly problems: readonly Problem[]
}

interface StoredParses<T> {
  readonly found: Record<string, ParseResult<T>>
  /** Keys of texts that passed a check. */
  readonly good: readonly string[]
  /** The stamp that a file had when its text was read, and the key of its text. */
  readonly files: Record<string, { readonly key: string; readonly stamp: FileStamp }>
}

/** The result for a file whose stamp has not changed. */
interface UnchangedFile<T> {
  readonly result: ParseResult<T>
  /** Whether this is the text of which the result was made. */
  isFrom(text: string): boolean
}

/** The cache is written only if more files than this had to be read, because writing takes longer than reading some. */
const MAX_UNRECORDED_FILES = 20

/** Raise this number when the layout of the stored parses changes. */
const FORMAT_VERSION = 2

export class ParseCache<T> implements ValidationCache {
  readonly #keep: CacheStorage | undefined
  readonly #name: string
  readonly #known: Record<string, ParseResult<T>>
  readonly #knownGood: ReadonlySet<string>
  readonly #used: Record<string, ParseResult<T>> = {}
  readonly #usedGood = new Set<string>()
  readonly #files: StoredParses<T>['files']
  #newFiles = 0
  #isNew = false

  /** Nothing is cached without a storage. */
  constructor(root: string, keep: CacheStorage | undefined) {
    this.#keep = keep
    this.#name = keep ? `parse-${hash('sha256', [FORMAT_VERSION, programVersion(), root].join('\0'))}` : ''
    const kept = (keep?.memory?.get(this.#name) as StoredParses<T> | undefined) ?? this.#read()
    this.#known = kept?.found ?? {}
    this.#knownGood = new Set(kept?.good)
    this.#files = { ...kept?.files }
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

  /** Returns the present stamp of a file, for `ofUnchanged` and `record`. */
  stampOf(path: string): FileStamp | null {
    return this.#keep ? stampOf(path) : null
  }

  /** Returns the result for the text that the file had when its stamp was recorded. null: the file must be read. */
  ofUnchanged(file: string, stamp: FileStamp): UnchangedFile<T> | null {
    const recorded = this.#files[file]
    const result = recorded && isSameStamp(recorded.stamp, stamp) ? this.#known[recorded.key] : undefined
    if (!recorded || !result) return null
    this.#used[recorded.key] = result
    return { result, isFrom: (text) => keyOf(file, text) === recorded.key }
  }

  /** Records the stamp that a file had before this text of it was read. */
  record(file: string, text: string, stamp: FileStamp): void {
    if (!this.#keep || !isOldEnough(stamp, systemClock.now())) return
    this.#files[file] = { key: keyOf(file, text), stamp }
    this.#newFiles++
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
    const found = isWhole ? this.#used : { ...this.#known, ...this.#used }
    const good = isWhole ? this.#usedGood : new Set([...this.#knownGood, ...this.#usedGood])
    const files = Object.fromEntries(Object.entries(this.#files).filter(([, { key }]) => found[key]))
    const kept: StoredParses<T> = { found, good: [...good], files }
    this.#keep.memory?.set(this.#name, kept)
    const isWorthWriting = this.#isNew || this.#newFiles > MAX_UNRECORDED_FILES
    if (isWorthWriting) await this.#keep.write(this.#name, Buffer.from(JSON.stringify(kept)))
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
