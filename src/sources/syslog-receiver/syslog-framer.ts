/** Cuts a connection into messages (RFC 6587): each has its length before it, or ends with a line feed or a NUL. */
import { EventText, type Framable } from '../framing/frame.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const NUL = 0
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39
const MAX_LENGTH_DIGITS = 9

type State =
  | { readonly kind: 'between' }
  | { readonly kind: 'length'; digits: string }
  | { readonly kind: 'counted'; readonly text: EventText; bytesLeft: number }
  | { readonly kind: 'line'; readonly text: EventText }

const BETWEEN: State = { kind: 'between' }

export class SyslogFramer {
  readonly #limitBytes: number
  #state: State = BETWEEN
  #messages: Framable[] = []

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  push(chunk: Buffer): Framable[] {
    for (let at = 0; at < chunk.length; ) at = this.#read(chunk, at)
    return this.#messages.splice(0)
  }

  /** Ends the connection: a last line is complete without its line feed, a message with a length is not. */
  end(): Framable[] {
    const state = this.#state
    if (state.kind === 'line') this.#messages.push(state.text.takeReadable())
    if (state.kind === 'length') this.#messages.push({ raw: state.digits })
    if (state.kind === 'counted') {
      this.#messages.push(
        state.text.refuse(`the connection ended ${state.bytesLeft} bytes before the message`),
      )
    }
    this.#state = BETWEEN
    return this.#messages.splice(0)
  }

  /** Returns the index of the next unread byte. */
  #read(chunk: Buffer, at: number): number {
    const state = this.#state
    if (state.kind === 'between') return this.#begin(chunk[at]!, at)
    if (state.kind === 'length') return this.#readLength(state, chunk[at]!, at)
    if (state.kind === 'line') return this.#readLine(state.text, chunk, at)
    const to = Math.min(chunk.length, at + state.bytesLeft)
    state.text.append(chunk.subarray(at, to))
    state.bytesLeft -= to - at
    if (state.bytesLeft === 0) this.#finish(state.text)
    return to
  }

  #begin(byte: number, at: number): number {
    if (byte === NEWLINE || byte === CARRIAGE_RETURN || byte === NUL) return at + 1
    const isDigit = byte > ZERO && byte <= NINE
    this.#state = isDigit ? { kind: 'length', digits: '' } : { kind: 'line', text: this.#createText() }
    return at
  }

  #readLength(state: { digits: string }, byte: number, at: number): number {
    if (byte === SPACE) {
      this.#state = { kind: 'counted', text: this.#createText(), bytesLeft: Number(state.digits) }
      return at + 1
    }
    if (byte >= ZERO && byte <= NINE && state.digits.length < MAX_LENGTH_DIGITS) {
      state.digits += String.fromCharCode(byte)
      return at + 1
    }
    const text = this.#createText()
    text.append(Buffer.from(state.digits))
    this.#state = { kind: 'line', text }
    return at
  }

  #readLine(text: EventText, chunk: Buffer, at: number): number {
    const ends = [chunk.indexOf(NEWLINE, at), chunk.indexOf(NUL, at)].filter((end) => end !== -1)
    const to = Math.min(chunk.length, ...ends)
    text.append(chunk.subarray(at, to))
    if (ends.length > 0) this.#finish(text)
    return to
  }

  #finish(text: EventText): void {
    this.#messages.push(text.takeReadable())
    this.#state = BETWEEN
  }

  #createText(): EventText {
    return new EventText(this.#limitBytes)
  }
}
