/** Frames input with one event per line: an error in one line does not affect the next one. */
import { layoutFor } from './event-layout.ts'
import { EventText, excerptOf, type Framable, type Frame, type OpeningRules, textOnly } from './frame.ts'
import { type ScannedValue, ValueScanner } from './json-scanner.ts'
import { ObjectEnd } from './object-end.ts'
import { wholeObject } from './whole-line.ts'

const NEWLINE = 0x0a
/** This byte precedes each text of a sequence (RFC 7464) and is in no JSON text. */
export const RECORD_SEPARATOR = 0x1e
export const SEPARATED = 'a record separator is inside a value'
const CARRIAGE_RETURN = 0x0d
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b

/** The state of the current line: blank, one event, a list or container, or broken. */
type Line =
  | { readonly kind: 'blank' }
  | LineEvent
  | { readonly kind: 'list'; readonly scanner: ValueScanner }
  | { readonly kind: 'broken' }

interface LineEvent {
  readonly kind: 'event'
  readonly text: EventText
  readonly offset: number
  /** Finds the end of an object, because another may follow; null when the event is the rest of its line. */
  object: ObjectEnd | null
  /** True when space followed the object. */
  hasSpaceBehind: boolean
}

export class LineFramer {
  readonly #rules: OpeningRules
  readonly #found: (frame: Frame) => void
  #line: Line = { kind: 'blank' }
  #number: number
  /** The offsets of the line's first byte and of the first unread byte. */
  #lineOffset: number
  #offset: number
  /** The number of events of this line so far. */
  #items = 0

  constructor(rules: OpeningRules, at: { offset: number; line: number }, found: (frame: Frame) => void) {
    this.#rules = rules
    this.#found = found
    this.#number = at.line
    this.#lineOffset = at.offset
    this.#offset = at.offset
  }

  /** @param isLast true if the input is known to end with the chunk. */
  push(chunk: Buffer, isLast = false): null {
    const origin = this.#offset
    const hasSeparators = chunk.includes(RECORD_SEPARATOR)
    let from = 0
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from)
      const to = newline === -1 ? chunk.length : newline
      if (hasSeparators) this.#readTexts(chunk, from, to, origin)
      else if ((newline === -1 && !isLast) || !this.#readWhole(chunk, from, to, origin)) {
        this.#read(chunk, from, to, origin)
      }
      from = newline === -1 ? to : newline + 1
      this.#offset = origin + from
      if (newline !== -1) this.#endLine()
    }
    return null
  }

  /** Ends the input. An unfinished line is rejected when there is a reason; otherwise it is complete. */
  end(reason?: string): void {
    this.#endLine(reason)
  }

  /** Reads a complete line that is one event, which most lines are. Returns false for any other line. */
  #readWhole(chunk: Buffer, from: number, to: number, origin: number): boolean {
    const { eventBytes, unwrap } = this.#rules
    const isLineStart = origin + from === this.#lineOffset
    if (!isLineStart || unwrap !== null || to - from > eventBytes) return false
    const raw = wholeObject(chunk, from, to)
    if (raw === null) return false
    const end = origin + Math.min(chunk.length, to + 1)
    const next = { offset: end, line: this.#number + 1, skip: 0, form: 'lines' } as const
    this.#found({ raw, line: this.#number, offset: origin + from, item: null, next })
    return true
  }

  /** Reads a part of a line with record separators. */
  #readTexts(chunk: Buffer, from: number, to: number, origin: number): void {
    for (let at = from; at <= to; ) {
      const separator = chunk.indexOf(RECORD_SEPARATOR, at)
      const isLast = separator === -1 || separator >= to
      this.#read(chunk, at, isLast ? to : separator, origin)
      if (isLast) return
      if (this.#line.kind === 'event') this.#endItem(this.#line)
      if (this.#line.kind === 'list') this.#line.scanner.end(origin + separator, SEPARATED)
      this.#line = { kind: 'blank' }
      at = separator + 1
    }
  }

  #read(chunk: Buffer, from: number, to: number, origin: number): void {
    let at = from
    while (at < to) {
      if (this.#line.kind === 'blank') {
        while (at < to && isSpace(chunk[at]!)) at++
        if (at === to) return
        this.#line = this.#begin(chunk[at]!, origin + at)
      }
      const line = this.#line
      if (line.kind === 'list') this.#readList(line.scanner, chunk, at, to, origin)
      if (line.kind !== 'event') return
      at = line.object?.isFound ? this.#readBehind(line, chunk, at, to) : this.#readEvent(line, chunk, at, to)
    }
  }

  #readList(scanner: ValueScanner, chunk: Buffer, from: number, to: number, origin: number): void {
    const read = scanner.push(chunk, from, to, origin)
    if (read === to) return
    this.#line = { kind: 'broken' }
    const refused = scanner.stopReason
    this.#report({ raw: excerptOf(chunk.subarray(read, to)), refused }, origin + read)
  }

  #readEvent({ text, object }: LineEvent, chunk: Buffer, from: number, to: number): number {
    const end = object === null ? to : object.read(chunk, from, to)
    text.append(chunk.subarray(from, end))
    return end
  }

  /** Another value may follow an object; with any other text the line is one event that is not JSON. */
  #readBehind(event: LineEvent, chunk: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && isSpace(chunk[at]!)) at++
    event.hasSpaceBehind ||= at > from
    if (at === to) return to
    if (chunk[at] === OPEN_BRACE || chunk[at] === OPEN_BRACKET) {
      this.#endItem(event)
      this.#line = { kind: 'blank' }
    } else {
      if (event.hasSpaceBehind) event.text.append(Buffer.from(' '))
      event.object = null
    }
    return at
  }

  #begin(byte: number, offset: number): Line {
    const { eventBytes, unwrap } = this.#rules
    if (byte !== OPEN_BRACKET && unwrap === null) {
      const object = byte === OPEN_BRACE ? new ObjectEnd() : null
      return { kind: 'event', text: new EventText(eventBytes), offset, object, hasSpaceBehind: false }
    }
    const found = (event: ScannedValue) => this.#report(event, event.offset)
    return { kind: 'list', scanner: new ValueScanner(layoutFor(unwrap), eventBytes, this.#number, found) }
  }

  #endLine(reason?: string): void {
    const line = this.#line
    if (line.kind === 'event') {
      const text = reason === undefined ? withoutReturn(line.text.take()) : line.text.refuse(reason)
      const next = { offset: this.#offset, line: this.#number + 1, skip: 0, form: 'lines' } as const
      const item = this.#items === 0 ? null : this.#items + 1
      this.#found({ ...text, line: this.#number, offset: line.offset, item, next })
    }
    if (line.kind === 'list') line.scanner.end(this.#offset, reason ?? 'the line ends inside a value')
    this.#line = { kind: 'blank' }
    this.#number++
    this.#lineOffset = this.#offset
    this.#items = 0
  }

  /** Ends an event that is not the last one of its line. */
  #endItem({ text, offset }: LineEvent): void {
    this.#report(text.take(), offset)
  }

  #report(event: Framable & { readonly path?: string }, offset: number): void {
    const parts = event.path === undefined ? [event] : this.#rules.open(event, event.path)
    for (const [part, each] of parts.entries()) {
      const item = ++this.#items
      const next = { offset: this.#lineOffset, line: this.#number, skip: item, form: 'lines' } as const
      this.#found({ ...textOnly(each), line: this.#number, offset, item, next, ...(part > 0 && { part }) })
    }
  }
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN || byte === NEWLINE
}

function withoutReturn(text: { raw: string; refused?: string }): { raw: string; refused?: string } {
  return text.raw.endsWith('\r') ? { ...text, raw: text.raw.slice(0, -1) } : text
}
