/** One text file of the project: its path for people, and the way from offsets to lines. */
import { isUtf8 } from 'node:buffer'
import { readProjectFile } from '../../files/project-file.ts'
import type { ProblemCode } from '../../model/problem-code.ts'
import type { SourceLocation } from '../../model/project/detection.ts'

/** A larger file is not a spec, and parsing it would hang the command. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024

export class SourceText {
  /** Relative to the project root, with forward slashes. */
  readonly file: string
  #text: string | undefined
  readonly #read: () => string
  #lineStarts: number[] | undefined

  /** @param text the text, or a function that reads it when it is needed for the first time. */
  constructor(file: string, text: string | (() => string)) {
    this.file = file
    this.#read = typeof text === 'string' ? () => text : text
  }

  get text(): string {
    this.#text ??= this.#read()
    return this.#text
  }

  locationAt(offset: number): SourceLocation {
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
type ReadText = { readonly text: string } | { readonly code: ProblemCode; readonly reason: string }

/** @param folders where the file must lie, links followed; null: the user named it, wherever it lies. */
export function readText(path: string, folders: readonly string[] | null): ReadText {
  const read = readProjectFile(path, { folders, maxBytes: MAX_FILE_BYTES })
  if (!('bytes' in read)) return read
  if (!isUtf8(read.bytes)) return { code: 'not-utf8', reason: `is not UTF-8${firstBadLine(read.bytes)}` }
  // A byte order mark is not part of the text.
  return { text: read.bytes.toString('utf8').replace(/^\uFEFF/, '') }
}

function firstBadLine(bytes: Buffer): string {
  const before = bytes.toString('utf8').split('\uFFFD', 1)[0]!
  return `: see line ${before.split('\n').length}`
}
