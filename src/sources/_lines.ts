/** Frames input in which every line stands alone: what one line breaks, the next one does not feel. */
import { layoutFor } from './_layout.ts'
import { EventText, excerptOf, type FramingRules, type Piece } from './_piece.ts'
import { type Scanned, ValueScanner } from './_scanner.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const OPEN_BRACKET = 0x5b

/** What the line under way is: nothing yet, one event, a list or container, or past saving. */
type Line =
  | { readonly kind: 'blank' }
  | { readonly kind: 'event'; readonly text: EventText; readonly offset: number }
  | { readonly kind: 'list'; readonly scanner: ValueScanner }
  | { readonly kind: 'broken' }

export class LineFramer {
  readonly #rules: FramingRules
  readonly #found: (piece: Piece) => void
  #line: Line = { kind: 'blank' }
  #number: number
  /** Offset of the line's first byte, and of the first byte not read yet. */
  #lineOffset: number
  #offset: number
  /** Events of this line so far. */
  #items = 0

  constructor(rules: FramingRules, at: { offset: number; line: number }, found: (piece: Piece) => void) {
    this.#rules = rules
    this.#found = found
    this.#number = at.line
    this.#lineOffset = at.offset
    this.#offset = at.offset
  }

  push(chunk: Buffer): null {
    const origin = this.#offset
    let from = 0
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from)
      const to = newline === -1 ? chunk.length : newline
      this.#read(chunk, from, to, origin)
      from = newline === -1 ? to : newline + 1
      this.#offset = origin + from
      if (newline !== -1) this.#endLine()
    }
    return null
  }

  /** With a reason, an unfinished line is refused for it; without, it counts as a whole one. */
  end(reason?: string): void {
    this.#endLine(reason)
  }

  #read(chunk: Buffer, from: number, to: number, origin: number): void {
    let start = from
    if (this.#line.kind === 'blank') {
      while (start < to && isSpace(chunk[start]!)) start++
      if (start === to) return
      this.#line = this.#begin(chunk[start]!, origin + start)
    }
    const line = this.#line
    if (line.kind === 'event') line.text.append(chunk.subarray(start, to))
    if (line.kind !== 'list') return
    const read = line.scanner.push(chunk, start, to, origin)
    if (read === to) return
    this.#line = { kind: 'broken' }
    const refused = line.scanner.complaint
    this.#tell({ raw: excerptOf(chunk.subarray(read, to)), refused }, origin + read)
  }

  #begin(byte: number, offset: number): Line {
    const { eventBytes, unwrap } = this.#rules
    if (byte !== OPEN_BRACKET && unwrap === null) {
      return { kind: 'event', text: new EventText(eventBytes), offset }
    }
    const found = (event: Scanned) => this.#tell(event, event.offset)
    return { kind: 'list', scanner: new ValueScanner(layoutFor(unwrap), eventBytes, this.#number, found) }
  }

  #endLine(reason?: string): void {
    const line = this.#line
    if (line.kind === 'event') {
      const text = reason === undefined ? withoutReturn(line.text.take()) : line.text.refuse(reason)
      const next = { offset: this.#offset, line: this.#number + 1, skip: 0, form: 'lines' } as const
      this.#found({ ...text, line: this.#number, offset: line.offset, item: null, next })
    }
    if (line.kind === 'list') line.scanner.end(this.#offset, reason ?? 'the line ends inside a value')
    this.#line = { kind: 'blank' }
    this.#number++
    this.#lineOffset = this.#offset
    this.#items = 0
  }

  #tell({ raw, refused }: { raw: string; refused?: string }, offset: number): void {
    const item = ++this.#items
    const next = { offset: this.#lineOffset, line: this.#number, skip: item, form: 'lines' } as const
    this.#found({
      raw,
      line: this.#number,
      offset,
      item,
      next,
      ...(refused !== undefined && { refused }),
    })
  }
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN || byte === NEWLINE
}

function withoutReturn(text: { raw: string; refused?: string }): { raw: string; refused?: string } {
  return text.raw.endsWith('\r') ? { ...text, raw: text.raw.slice(0, -1) } : text
}
