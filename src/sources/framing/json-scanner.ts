/**
 * Cuts the events out of JSON text byte by byte, their text untouched. It follows strings, escapes and depth
 * only: whether an event is valid JSON is for the worker that parses it.
 */
import type { Layout } from './event-layout.ts'
import { EventText } from './frame.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const NEWLINE = 0x0a
const KEY_BYTES = 256
/** Far beyond what any worker takes; bounds what one broken value can swallow. */
const MAX_DEPTH = 1000

/** Bytes that can decide anything: in a string, in an event, elsewhere. */
const IN_STRING = bytes('"\\\n')
const IN_EVENT = bytes('{}[]", \t\r\n')
const ANY = new Uint8Array(256).fill(1)

function bytes(chars: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const char of chars) table[char.charCodeAt(0)] = 1
  return table
}

export interface ScannedValue {
  readonly raw: string
  readonly refused?: string
  readonly line: number
  readonly offset: number
  /** Byte after its last. */
  readonly end: number
  /** Line of its last byte. */
  readonly endLine: number
  /** True when it is not part of a list or container: reading can go on right after it. */
  readonly top: boolean
  /** Beginning of the top-level value that it is, or is part of. */
  readonly root: { readonly offset: number; readonly line: number }
  /** The path that leads on within it; a text is to be decoded first. Absent where it is an event as it stands. */
  readonly path?: string
}

interface Capture {
  readonly text: EventText
  readonly kind: 'scalar' | 'string' | 'nested'
  readonly offset: number
  readonly line: number
}

export class ValueScanner {
  readonly #layout: Layout
  readonly #limitBytes: number
  readonly #found: (event: ScannedValue) => void
  #depth = 0
  #inString = false
  #escaped = false
  #line: number
  #capture: Capture | null = null
  #key: EventText | null = null
  /** Beginning of the top-level value, kept for the refusal of a container without its list. */
  #rootText = new EventText(0)
  #root = { offset: 0, line: 1 }
  /** An element was read and no comma since. */
  #afterElement = false

  #chunk: Buffer = Buffer.alloc(0)
  /** Offset in the input of the chunk's first byte. */
  #origin = 0
  #to = 0
  /** Where in the chunk the bytes begin that capture or key still lack. */
  #pending = 0
  #stoppedAt = 0

  constructor(layout: Layout, limitBytes: number, line: number, found: (event: ScannedValue) => void) {
    this.#layout = layout
    this.#limitBytes = limitBytes
    this.#line = line
    this.#found = found
  }

  /** The line of the byte after the last one read. */
  get line(): number {
    return this.#line
  }

  /** Why the byte at which `push` stopped could not be read. */
  get stopReason(): string {
    if (this.#depth >= MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`
    return `"${String.fromCharCode(this.#chunk[this.#stoppedAt]!)}" fits nowhere`
  }

  /** Reads `chunk[from..to)` and returns `to`, or the index of the byte that can't be read: then it is over. */
  push(chunk: Buffer, from: number, to: number, origin: number): number {
    this.#chunk = chunk
    this.#origin = origin
    this.#to = to
    this.#pending = from
    for (let i = this.#passOver(from); i < to; i = this.#passOver(i + 1)) {
      const byte = chunk[i]!
      if (this.#inString) this.#stringByte(byte, i)
      else if (!this.#byte(byte, i)) {
        this.#stoppedAt = i
        return i
      }
      // Afterwards: a bare scalar ends before its line does.
      if (byte === NEWLINE) this.#line++
    }
    const open = this.#capture?.text ?? this.#key
    open?.append(chunk.subarray(this.#pending, to))
    return to
  }

  /** The next byte from `i` on that can decide anything: most stand inside a string or an event. */
  #passOver(i: number): number {
    const decides = this.#inString ? IN_STRING : this.#capture ? IN_EVENT : ANY
    if (this.#escaped) return i
    const chunk = this.#chunk
    const to = this.#to
    let at = i
    while (at < to && decides[chunk[at]!] === 0) at++
    return at
  }

  /** The input is over: a bare scalar is complete, anything else still open is refused. */
  end(offset: number, reason: string): void {
    if (this.#capture?.kind === 'scalar' && this.#depth === 0) {
      this.#chunk = Buffer.alloc(0)
      this.#origin = offset
      this.#pending = 0
      this.#finish(0)
      return
    }
    if (this.#depth === 0 && this.#capture === null) return
    const at = this.#capture ?? this.#root
    const text = this.#capture?.text ?? this.#rootText
    this.#report(text.refuse(reason), at, offset)
  }

  #stringByte(byte: number, i: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) {
      this.#inString = false
      if (this.#key) this.#endKey(this.#key, i)
      else if (this.#capture?.kind === 'string') this.#finish(i + 1)
    }
  }

  #endKey(key: EventText, i: number): void {
    key.append(this.#chunk.subarray(this.#pending, i))
    this.#layout.key(key.take().raw)
    this.#key = null
  }

  /** A byte outside strings; false when it fits nowhere. */
  #byte(byte: number, i: number): boolean {
    switch (byte) {
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        this.#endScalar(i)
        return true
      case QUOTE:
        this.#inString = true
        return this.#string(i)
      case 0x7b:
      case 0x5b:
        return this.#opens(byte, i)
      case 0x7d:
      case 0x5d:
        return this.#closes(i)
      case COMMA:
        this.#endScalar(i)
        if (this.#depth === this.#layout.eventDepth) this.#afterElement = false
        this.#layout.comma(this.#depth)
        return true
      default:
        return this.#begins('scalar', i)
    }
  }

  #string(i: number): boolean {
    if (!this.#capture && this.#layout.takesText(this.#depth)) return this.#begins('string', i)
    if (!this.#capture && this.#layout.wantsKey(this.#depth)) {
      this.#key = new EventText(KEY_BYTES)
      this.#pending = i + 1
      return true
    }
    return this.#begins('string', i)
  }

  #opens(bracket: number, i: number): boolean {
    if (!this.#capture) {
      if (this.#depth === 0) this.#beginRoot(i)
      if (this.#afterElement && this.#depth === this.#layout.eventDepth) return false
      if (this.#layout.opens(bracket, this.#depth)) this.#afterElement = false
      else if (!this.#begins('nested', i)) return false
    }
    this.#depth++
    return this.#depth < MAX_DEPTH
  }

  #closes(i: number): boolean {
    this.#endScalar(i)
    if (this.#depth === 0) return false
    this.#depth--
    if (this.#capture) {
      if (this.#depth === this.#layout.eventDepth) this.#finish(i + 1)
      return true
    }
    const refused = this.#layout.closes(this.#depth)
    if (refused !== null) this.#report(this.#rootText.refuse(refused), this.#root, this.#origin + i + 1)
    this.#afterElement = this.#depth > 0 && this.#depth === this.#layout.eventDepth
    return true
  }

  #beginRoot(i: number): void {
    this.#root = { offset: this.#origin + i, line: this.#line }
    this.#rootText = new EventText(0)
    this.#rootText.append(this.#chunk.subarray(i, this.#to))
  }

  #begins(kind: Capture['kind'], i: number): boolean {
    if (this.#capture || this.#depth !== this.#layout.eventDepth) return true
    if (this.#afterElement) return false
    if (this.#depth === 0 && kind !== 'nested') this.#beginRoot(i)
    const text = new EventText(this.#limitBytes)
    this.#capture = { text, kind, offset: this.#origin + i, line: this.#line }
    this.#pending = i
    return true
  }

  #endScalar(i: number): void {
    if (this.#capture?.kind === 'scalar' && this.#depth === this.#layout.eventDepth) this.#finish(i)
  }

  #finish(to: number): void {
    const capture = this.#capture!
    capture.text.append(this.#chunk.subarray(this.#pending, to))
    this.#capture = null
    this.#afterElement = this.#layout.inList
    const mismatch = this.#layout.mismatch
    const text = mismatch === null ? capture.text.take() : capture.text.refuse(mismatch)
    const { rest } = this.#layout
    const isOpened = rest !== null && (rest !== '' || capture.kind === 'string')
    this.#report(text, capture, this.#origin + to, isOpened ? rest : undefined)
    this.#layout.finished()
  }

  #report(
    text: { raw: string; refused?: string },
    at: { offset: number; line: number },
    end: number,
    path?: string,
  ): void {
    const { line, offset } = at
    const top = this.#depth === 0
    const opened = path === undefined ? {} : { path }
    this.#found({ ...text, line, offset, end, endLine: this.#line, top, root: this.#root, ...opened })
  }
}
