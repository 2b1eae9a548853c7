/** Frames values that span lines: a list, containers, or one value after the other. */
import { layoutFor } from './_layout.ts'
import { excerptOf, type FramingRules, type Piece, type Position } from './_piece.ts'
import { type Scanned, ValueScanner } from './_scanner.ts'

const NEWLINE = 0x0a

/** What is left to be framed line by line after the structure broke. */
interface Left {
  readonly rest: Buffer
  readonly offset: number
  readonly line: number
}

type Broken = Pick<Piece, 'raw' | 'refused' | 'line' | 'offset'>

export class ValueFramer {
  readonly #scanner: ValueScanner
  readonly #found: (piece: Piece) => void
  /** Offset of the first byte not read yet. */
  #offset: number
  /** Set once a byte fitted nowhere: the rest of its line is passed over. */
  #broken: Broken | null = null
  /** Offset of the top-level value under way, and its events so far. */
  #root = -1
  #items = 0

  constructor(rules: FramingRules, at: { offset: number; line: number }, found: (piece: Piece) => void) {
    const tell = (event: Scanned) => this.#tell(event)
    this.#scanner = new ValueScanner(layoutFor(rules.unwrap), rules.eventBytes, at.line, tell)
    this.#found = found
    this.#offset = at.offset
  }

  push(chunk: Buffer): Left | null {
    const origin = this.#offset
    const read = this.#broken ? 0 : this.#scanner.push(chunk, 0, chunk.length, origin)
    this.#offset += chunk.length
    if (read === chunk.length) return null
    this.#broken ??= this.#breakAt(chunk, read, origin)
    const newline = chunk.indexOf(NEWLINE, read)
    if (newline === -1) return null
    return this.#leave(this.#broken, chunk.subarray(newline + 1), origin + newline + 1)
  }

  /** With a reason, what is unfinished is refused for it. */
  end(reason = 'the input ends inside a value'): void {
    if (this.#broken) this.#leave(this.#broken, Buffer.alloc(0), this.#offset)
    else this.#scanner.end(this.#offset, reason)
  }

  #breakAt(chunk: Buffer, at: number, origin: number): Broken {
    const newline = chunk.indexOf(NEWLINE, at)
    const rest = chunk.subarray(at, newline === -1 ? chunk.length : newline)
    const refused = `${this.#scanner.complaint}; reading goes on with the next line`
    return { raw: excerptOf(rest), refused, line: this.#scanner.line, offset: origin + at }
  }

  #leave(broken: Broken, rest: Buffer, offset: number): Left {
    const line = broken.line + 1
    this.#found({ ...broken, item: ++this.#items, next: { offset, line, skip: 0, form: 'lines' } })
    return { rest, offset, line }
  }

  #tell({ raw, refused, line, offset, end, endLine, top, root }: Scanned): void {
    if (root.offset !== this.#root) {
      this.#root = root.offset
      this.#items = 0
    }
    const item = ++this.#items
    const next: Position = top
      ? { offset: end, line: endLine, skip: 0, form: 'values' }
      : { ...root, skip: item, form: 'values' }
    this.#found({ raw, line, offset, item, next, ...(refused !== undefined && { refused }) })
  }
}
