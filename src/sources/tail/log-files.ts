/** Lists the files of a log: the file at its path and the rotated files beside it. */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Log } from '../../model/ports.ts'
import { isForbidden, isMissing, openIfThere, unreadable } from '../stream/open-file.ts'
import { type FileIdentity, type FileRecord, identityOf, isSameFile, originOf } from './file-cursor.ts'
import { compareAge, formerTarget, type RotatedName, rotatedName } from './rotated-names.ts'

/** When names still change after this number of listings, the next pass lists the files again. */
const MAX_LISTINGS = 10

export interface LogFile extends FileIdentity {
  readonly path: string
  readonly size: number
  readonly modifiedAt: bigint
  /** The value is null for the path of the log, or for a former target of its link with another name. */
  readonly rotated: RotatedName | null
  readonly isOwn: boolean
}

export class LogFiles {
  readonly path: string
  readonly #olddir: string | null
  readonly #source: string
  readonly #log: Log
  readonly #warned = new Set<string>()
  /** True when renames disturbed the last listing, or when a file was not at its listed path. */
  haveNamesMoved = false
  /** False when the last listing lacks the files of a folder that could not be listed. */
  isListingComplete = false

  constructor(path: string, olddir: string | null, source: string, log: Log) {
    this.path = path
    this.#olddir = olddir === null ? null : resolve(dirname(path), olddir)
    this.#source = source
    this.#log = log
  }

  /** Returns the present file at the path, or null. */
  async own(): Promise<LogFile | null> {
    const stats = await statOf(this.path)
    return stats && logFile(this.path, stats, null, true)
  }

  /**
   * Lists every file once, the oldest first; the file at the path is always last. A file that is renamed while names
   * and files are read is missing, so two consecutive listings must agree.
   */
  async list(known: readonly FileRecord[]): Promise<LogFile[]> {
    this.haveNamesMoved = true
    let { files, names } = await this.#listOnce(known)
    for (let listings = 1; listings < MAX_LISTINGS && this.haveNamesMoved; listings++) {
      const before = names
      ;({ files, names } = await this.#listOnce(known))
      this.haveNamesMoved = names !== before
    }
    return files
  }

  /** Returns the files, and the identities under each name as text. */
  async #listOnce(known: readonly FileRecord[]): Promise<{ files: LogFile[]; names: string }> {
    this.isListingComplete = true
    const own = await this.own()
    const rotated: LogFile[] = []
    const names = [`${own && originOf(own)}`]
    const add = (file: LogFile) => {
      if (![own, ...rotated].some((other) => other && isSameFile(other, file))) rotated.push(file)
    }
    for (const { path, name } of await this.#rotatedNames()) {
      const stats = await statOf(path)
      names.push(`${path} ${stats && originOf(identityOf(stats))}`)
      if (stats?.isFile()) add(logFile(path, stats, name, false))
    }
    for (const { path, inode, bornAt } of known) {
      if (path === undefined) continue
      const file = await statOf(path)
      if (file && isSameFile(identityOf(file), { inode, bornAt })) add(logFile(path, file, null, false))
    }
    const files = rotated.sort(byAge)
    return { files: own ? [...files, own] : files, names: names.sort().join('\n') }
  }

  /** Returns the target of the path when it is a link, so that its file is found when the link changes. */
  async target(): Promise<string | null> {
    const isLink = await lstat(this.path).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    )
    return isLink ? realpath(this.path).catch(() => null) : null
  }

  /** Returns null when the path names another file by now, or when the file cannot be read. */
  async open(file: LogFile): Promise<FileHandle | null> {
    try {
      const handle = await openIfThere(file.path)
      if (handle && isSameFile(identityOf(await handle.stat({ bigint: true })), file)) return handle
      await handle?.close()
      this.haveNamesMoved = true
    } catch (cause) {
      if (file.isOwn) throw cause
      this.warnOnce(file.path, 'cannot read a rotated file', { bytes: file.size, error: cause })
    }
    return null
  }

  async #rotatedNames(): Promise<{ path: string; name: RotatedName }[]> {
    const folder = dirname(this.path)
    const log = basename(this.path)
    const found: { path: string; name: RotatedName }[] = []
    const collect = (at: string, names: readonly string[], parse: (name: string) => RotatedName | null) => {
      for (const entry of names) {
        const name = parse(entry)
        if (name) found.push({ path: join(at, entry), name })
      }
    }
    const beside = await this.#names(folder)
    collect(folder, beside, (name) => rotatedName(log, name))
    this.#warnOfOthers(log, beside)
    if (this.#olddir) collect(this.#olddir, await this.#names(this.#olddir), (name) => rotatedName(log, name))
    const target = await this.target()
    if (target) {
      const [at, last] = [dirname(target), basename(target)]
      const parse = (name: string) => formerTarget(last, name) ?? rotatedName(last, name)
      collect(at, await this.#names(at), parse)
    }
    return found
  }

  #warnOfOthers(log: string, names: readonly string[]): void {
    for (const name of names) {
      if (!name.startsWith(log) || name === log || rotatedName(log, name)) continue
      const hint = /\.(xz|bz2|zst|lz4|Z)$/.test(name)
        ? 'only gzip is supported'
        : 'its name is not that of a rotated file'
      this.warnOnce(join(dirname(this.path), name), `ignoring a file beside the log: ${hint}`)
    }
  }

  warnOnce(file: string, message: string, more: object = {}): void {
    if (this.#warned.has(`${file} ${message}`)) return
    this.#warned.add(`${file} ${message}`)
    this.#log.warn({ source: this.#source, file, ...more }, message)
  }

  /** A folder that cannot be listed is treated as if it had no rotated files. */
  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(folder)
    } catch (cause) {
      if (isMissing(cause)) return []
      if (!isForbidden(cause)) throw unreadable(folder, cause)
      this.isListingComplete = false
      this.warnOnce(folder, 'cannot list the folder: rotated files are not found', {
        error: cause,
      })
      return []
    }
  }
}

export function isListed(file: FileIdentity, listed: readonly LogFile[]): boolean {
  return listed.some((other) => isSameFile(other, file))
}

/**
 * Orders files by dates in their names, then by times of birth. Numbers in names decide only without a time of birth,
 * because most programs give older files higher numbers, but some give them lower ones. Times of the last write decide
 * only when nothing else does.
 */
function byAge(a: LogFile, b: LogFile): number {
  const byName = a.rotated && b.rotated ? compareAge(a.rotated, b.rotated) : 0
  const isDated = a.rotated?.order === 'date'
  // A compressed file was born when it was compressed.
  const isBirthKnown = !a.rotated?.isCompressed && !b.rotated?.isCompressed && a.bornAt > 0n && b.bornAt > 0n
  const byBirth = isBirthKnown ? compare(a.bornAt, b.bornAt) : 0
  return (isDated ? byName || byBirth : byBirth || byName) || compare(a.modifiedAt, b.modifiedAt)
}

function compare(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function logFile(path: string, stats: BigIntStats, rotated: RotatedName | null, isOwn: boolean): LogFile {
  const { size, mtimeNs } = stats
  return { ...identityOf(stats), path, size: Number(size), modifiedAt: mtimeNs, rotated, isOwn }
}

/** Only a missing file gives null: any other failure would otherwise skip the rest of an existing file. */
function statOf(path: string): Promise<BigIntStats | null> {
  return stat(path, { bigint: true }).catch((cause: unknown) => {
    if (isMissing(cause)) return null
    throw unreadable(path, cause)
  })
}
