/** The ledger of a rotated log: in which file, at which byte, each line was written, and what became of the files. */
import { type BigIntStats, existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** One content of a file: a truncation begins the next one. */
export interface Content {
  readonly inode: string
  readonly generation: number
}

export interface WrittenLine {
  readonly id: string
  /** Written while the log was being rotated, or to a file that no name leads to. */
  readonly isAtRisk: boolean
  readonly offset: number
  readonly end: number
  /** The file in which it was written, and the files that a copy with it replaced. */
  readonly contents: readonly Content[]
}

export class LogLedger {
  readonly lines: WrittenLine[] = []
  readonly #log: string
  /** The present end of each file, and how often it was truncated, in the order in which the files were the log. */
  readonly #files = new Map<string, { end: number; generation: number }>()
  /** The contents by the inode of the copy or of the compressed file. */
  readonly #copies = new Map<string, Content>()
  /** The time at which the rotation began that removed the last name of the file. */
  readonly #removedAt = new Map<string, number>()

  constructor(log: string) {
    this.#log = log
  }

  /** The file is the log from now on, or was found to be. */
  note(stats: BigIntStats): void {
    const inode = inodeOf(stats)
    if (!this.#files.has(inode)) this.#files.set(inode, { end: Number(stats.size), generation: 0 })
  }

  /** `after` is the state of the file behind the line. No other line was written meanwhile. */
  wrote(id: string, bytes: number, isRotating: boolean, after: BigIntStats): void {
    const inode = inodeOf(after)
    const size = Number(after.size)
    const file = this.#files.get(inode)!
    const isTruncatedBefore = file.end > 0 && size === bytes
    if (isTruncatedBefore) this.#files.set(inode, { end: 0, generation: file.generation + 1 })
    const { end: offset, generation } = this.#files.get(inode)!
    const isTruncatedAfter = size < offset + bytes
    this.#files.set(inode, { end: size, generation: isTruncatedAfter ? generation + 1 : generation })
    const isAtRisk = isRotating || after.nlink === 0n
    this.lines.push({ id, isAtRisk, offset, end: offset + bytes, contents: [{ inode, generation }] })
  }

  /** The log was replaced by a copy of itself. */
  replaced(before: BigIntStats, after: BigIntStats): void {
    const [inode, copy] = [inodeOf(before), inodeOf(after)]
    this.note(after)
    for (const [i, line] of this.lines.entries()) {
      if (!line.contents.some((content) => content.inode === inode)) continue
      this.lines[i] = { ...line, contents: [...line.contents, { inode: copy, generation: 0 }] }
    }
    this.#removedAt.set(inode, performance.now())
  }

  /** Another program copied the log. */
  copied(log: BigIntStats, copy: BigIntStats): void {
    const inode = inodeOf(log)
    this.#copies.set(inodeOf(copy), { inode, generation: this.generations(inode) })
  }

  /** Returns what is to be called when the rotation has ended. */
  rotationBegins(): () => void {
    const beganAt = performance.now()
    const before = this.#stats(this.#log)
    if (before) this.note(before)
    const content = before && {
      inode: inodeOf(before),
      generation: this.#files.get(inodeOf(before))!.generation,
    }
    return () => {
      const after = this.#stats(this.#log)
      if (after) this.note(after)
      for (const name of content ? [`${this.#log}.1`, `${this.#log}.1.gz`] : []) {
        const stats = this.#stats(name)
        if (stats && !this.#files.has(inodeOf(stats))) this.#addCopy(inodeOf(stats), content!)
      }
      const present = new Set(this.#present())
      for (const inode of this.#files.keys()) {
        if (!present.has(inode) && !this.#removedAt.has(inode)) this.#removedAt.set(inode, beganAt)
      }
    }
  }

  copyOf(inode: string): Content | null {
    return this.#copies.get(inode) ?? null
  }

  isKnown(inode: string): boolean {
    return this.#files.has(inode)
  }

  generations(inode: string): number {
    return this.#files.get(inode)?.generation ?? 0
  }

  /** True for a file that was the log after that one, and was removed by then. */
  wasRemovedAfter(inode: string, after: string, by: number): boolean {
    const order = [...this.#files.keys()]
    return order.indexOf(inode) > order.indexOf(after) && this.wasRemoved(inode, by)
  }

  wasRemoved(inode: string, by: number): boolean {
    return (this.#removedAt.get(inode) ?? Number.POSITIVE_INFINITY) <= by
  }

  /** A copy that was counted up by another rotation stays a copy of the same content. */
  #addCopy(copy: string, content: Content): void {
    if (!this.#copies.has(copy)) this.#copies.set(copy, content)
  }

  #present(): string[] {
    const folder = dirname(this.#log)
    const names = readdirSync(folder).filter((name) => name.startsWith(basename(this.#log)))
    return names.flatMap((name) => {
      const stats = this.#stats(join(folder, name))
      return stats ? [inodeOf(stats)] : []
    })
  }

  #stats(path: string): BigIntStats | null {
    return existsSync(path) ? statSync(path, { bigint: true }) : null
  }
}

export function inodeOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}/${birthtimeNs}`
}
