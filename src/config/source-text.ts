/** One text file of the project: its path for people, and the way from offsets to lines. */
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import type { Place } from '../model/detection.ts'

/** Larger files are no specs; parsing them would only hang the command. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024

export class SourceText {
  /** Relative to the project root, with forward slashes. */
  readonly file: string
  readonly text: string
  #lineStarts: number[] | undefined

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
  }

  place(offset: number): Place {
    const starts = this.#starts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.file, line: low + 1, column: offset - starts[low]! + 1 }
  }

  /** Text of a 1-based line. */
  line(number: number): string {
    const starts = this.#starts()
    return this.text.slice(starts[number - 1] ?? 0, starts[number]).replace(/\r?\n$/, '')
  }

  #starts(): number[] {
    if (this.#lineStarts) return this.#lineStarts
    const starts = [0]
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
    return starts
  }
}

/** The text of a file, or why it cannot be one. */
export type ReadText = { readonly text: string } | { readonly code: string; readonly reason: string }

export function readText(path: string): ReadText {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) return { code: 'not-a-file', reason: 'is not a regular file' }
    if (stat.size > MAX_FILE_BYTES) {
      const megabytes = Math.ceil(stat.size / 1024 / 1024)
      return { code: 'file-too-large', reason: `has ${megabytes} MiB, more than the 8 MiB that are read` }
    }
    const bytes = readFileSync(path)
    if (!isUtf8(bytes)) return { code: 'not-utf8', reason: `is not UTF-8${firstBadLine(bytes)}` }
    // A byte order mark is no part of the text.
    return { text: bytes.toString('utf8').replace(/^\uFEFF/, '') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return code === 'ENOENT'
      ? { code: 'missing-file', reason: 'does not exist' }
      : { code: 'unreadable-file', reason: `cannot be read (${code})` }
  }
}

function firstBadLine(bytes: Buffer): string {
  const before = bytes.toString('utf8').split('\uFFFD', 1)[0]!
  return `: see line ${before.split('\n').length}`
}
