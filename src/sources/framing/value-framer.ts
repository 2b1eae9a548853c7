/** Frames values that span lines: a list, containers, or a sequence of values. */
import { layoutFor } from './event-layout.ts'
import { excerptOf, type Frame, type OpeningRules, type Position, textOnly } from './frame.ts'
import { type ScannedValue, ValueScanner } from './json-scanner.ts'
import { RECORD_SEPARATOR, SEPARATED } from './line-framer.ts'

const NEWLINE = 0x0a

/** The rest of the input that is framed line by line after a structural error. */
interface UnframedRest {
  readonly rest: Buffer
  readonly offset: number
  readonly line: number
}

type BrokenValue = Pick<Frame, 'raw' | 'refused' | 'line' | 'offset'>

export class ValueFramer {
  readonly #rules: OpeningRules
  #scanner: ValueScanner
  readonly #found: (frame: Frame) => void
  /** The offset of the first unread byte. */
  #offset: number
  /** The value with an unexpected byte; the rest of its line is skipped. */
  #broken: BrokenValue | null = null
  /** The offset of the current top-level value, and the number of its events so far. */
  #root = -1
  #items = 0

  constructor(rules: OpeningRules, at: { offset: number; line: number }, found: (frame: Frame) => void) {
    this.#rules = rules
    this.#scanner = this.#createScanner(at.line)
    this.#found = found
    this.#offset = at.offset
  }

  push(chunk: Buffer): UnframedRest | null {
    const origin = this.#offset
    for (let from = 0; ; ) {
      const separator = chunk.indexOf(RECORD_SEPARATOR, from)
      const offset = this.#read(chunk.subarray(from, separator === -1 ? chunk.length : separator))
      if (offset !== null)
        return { rest: chunk.subarray(offset - origin), offset, line: this.#broken!.line + 1 }
      if (separator === -1) return null
      this.#separate()
      from = separator + 1
    }
  }

  /** Returns the offset from which lines must be read, or null. */
  #read(part: Buffer): number | null {
    const origin = this.#offset
    const read = this.#broken ? 0 : this.#scanner.push(part, 0, part.length, origin)
    this.#offset += part.length
    if (read === part.length) return null
    this.#broken ??= this.#breakAt(part, read, origin)
    const newline = part.indexOf(NEWLINE, read)
    if (newline === -1) return null
    const offset = origin + newline + 1
    this.#leave(this.#broken, { offset, line: this.#broken.line + 1, skip: 0, form: 'lines' })
    return offset
  }

  /** Skips the separator, which ends an unfinished value. */
  #separate(): void {
    const { line } = this.#scanner
    if (this.#broken) this.#leave(this.#broken, { offset: this.#offset, line, skip: 0, form: 'values' })
    else this.#scanner.end(this.#offset, SEPARATED)
    this.#broken = null
    this.#scanner = this.#createScanner(line)
    this.#offset++
  }

  #createScanner(line: number): ValueScanner {
    const { unwrap, eventBytes } = this.#rules
    return new ValueScanner(layoutFor(unwrap), eventBytes, line, (event) => this.#report(event))
  }

  /** Ends the input and rejects an unfinished value with the reason. */
  end(reason = 'the input ends inside a value'): void {
    if (this.#broken) {
      const line = this.#broken.line + 1
      this.#leave(this.#broken, { offset: this.#offset, line, skip: 0, form: 'lines' })
    } else this.#scanner.end(this.#offset, reason)
  }

  #breakAt(chunk: Buffer, at: number, origin: number): BrokenValue {
    const newline = chunk.indexOf(NEWLINE, at)
    const rest = chunk.subarray(at, newline === -1 ? chunk.length : newline)
    const refused = `${this.#scanner.stopReason}; reading continues with the next line`
    return { raw: excerptOf(rest), refused, line: this.#scanner.line, offset: origin + at }
  }

  #leave(broken: BrokenValue, next: Position): void {
    this.#found({ ...broken, item: ++this.#items, next })
  }

  #report(scanned: ScannedValue): void {
    const { raw, refused, line, offset, end, endLine, top, root, path } = scanned
    if (root.offset !== this.#root) {
      this.#root = root.offset
      this.#items = 0
    }
    const event = { raw, ...(refused !== undefined && { refused }) }
    const parts = path === undefined ? [event] : this.#rules.open(event, path)
    for (const [part, each] of parts.entries()) {
      const item = ++this.#items
      const next: Position = top
        ? { offset: end, line: endLine, skip: 0, form: 'values' }
        : { ...root, skip: item, form: 'values' }
      this.#found({ ...textOnly(each), line, offset, item, next, ...(part > 0 && { part }) })
    }
  }
}
