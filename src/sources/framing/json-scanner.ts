/**
 * Extracts the unchanged texts of events from JSON text byte by byte. It follows only strings, escapes and depth;
 * the worker that parses an event checks that it is valid JSON.
 */
import type { Layout } from './event-layout.ts'
import { EventText } from './frame.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const NEWLINE = 0x0a
const KEY_BYTES = 256
/** This depth is far beyond that of any accepted event; it limits the text that one broken value can consume. */
const MAX_DEPTH = 1000

/** The significant bytes in a string, in an event and elsewhere. */
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
  /** The offset of the byte after its last one. */
  readonly end: number
  /** The line of its last byte. */
  readonly endLine: number
  /** True when it is not part of a list or container, so that reading can resume directly after it. */
  readonly top: boolean
  /** The beginning of its top-level value. */
  readonly root: { readonly offset: number; readonly line: number }
  /** The remaining path within the value, which is decoded first when it is a text. Absent when the value is an event. */
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
  /** The beginning of the top-level value, for the reject of a container without its list. */
  #rootText = new EventText(0)
  #root = { offset: 0, line: 1 }
  /** True when no comma followed the last element yet. */
  #afterElement = false

  #chunk: Buffer = Buffer.alloc(0)
  /** The offset in the input of the chunk's first byte. */
  #origin = 0
  #to = 0
  /** The index in the chunk of the first byte that is not in the capture or key yet. */
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

  /** The reason why `push` stopped. */
  get stopReason(): string {
    if (this.#depth >= MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`
    return `"${String.fromCharCode(this.#chunk[this.#stoppedAt]!)}" is unexpected`
  }

  /** Reads `chunk[from..to)` and returns `to`, or the index of the unexpected byte, after which it must not be called. */
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
      // The line is counted last, because a bare scalar ends before its line.
      if (byte === NEWLINE) this.#line++
    }
    const open = this.#capture?.text ?? this.#key
    open?.append(chunk.subarray(this.#pending, to))
    return to
  }

  /** Returns the index of the next significant byte; most bytes are inside a string or an event. */
  #passOver(i: number): number {
    const decides = this.#inString ? IN_STRING : this.#capture ? IN_EVENT : ANY
    if (this.#escaped) return i
    const chunk = this.#chunk
    const to = this.#to
    let at = i
    while (at < to && decides[chunk[at]!] === 0) at++
    return at
  }

  /** Ends the input: a bare scalar is complete, and any other open value is rejected. */
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

  /** Reads a byte outside strings; returns false when it is unexpected. */
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
