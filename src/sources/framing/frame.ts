/** The result of framing: the unchanged text of one event, its position, and the next position. */
import { isUtf8 } from 'node:buffer'
import type { FramedEvent } from '../_source.ts'

/**
 * A position where framing can resume: `skip` events after byte `offset` are done already. Framing cannot resume at an
 * event inside a list, so the list is read again from `offset`.
 */
export interface Position {
  readonly offset: number
  readonly line: number
  readonly skip: number
  /** `lines` means one event per line, `values` JSON values that span lines, and null that this is undecided. */
  readonly form: 'lines' | 'values' | null
}

export const START_POSITION: Position = { offset: 0, line: 1, skip: 0, form: null }

export interface Frame {
  readonly raw: string
  readonly refused?: string
  /** The 1-based line and the byte of its first character. */
  readonly line: number
  readonly offset: number
  /** The 0-based number within the decoded value; absent for the first one. */
  readonly part?: number
  /** The 1-based number within its list or document; null when the event is a line of its own. */
  readonly item: number | null
  readonly next: Position
}

export interface FramingRules {
  /** Framing rejects a larger event. */
  readonly eventBytes: number
  /** The dotted path to the events in a container, or null. */
  readonly unwrap: string | null
}

/** The rules with a function that decodes values. */
export interface OpeningRules extends FramingRules {
  /** Returns the events in the value at the path. */
  readonly open: (event: Framable, path: string) => readonly Framable[]
}

export interface Framable {
  readonly raw: string
  readonly refused?: string
}

/** Formats the position for messages. */
export function positionText(frame: Frame): string {
  const item = frame.item === null ? '' : `, item ${frame.item}`
  return `line ${frame.line}${item}, byte ${frame.offset}`
}

/** @param origin the id of the input; null when it cannot be read again. */
export function toFramedEvent(frame: Frame, origin: string | null): FramedEvent {
  const { raw, refused } = frame
  const position = positionText(frame)
  const event = origin === null ? { raw, position } : { raw, position, origin }
  return refused === undefined ? event : { ...event, refused }
}

const EXCERPT_CHARS = 200
/** This number of bytes is enough for the excerpt in any encoding of its characters. */
const EXCERPT_BYTES = EXCERPT_CHARS * 4

/** Collects the bytes of one event. When it exceeds the limit, only its beginning and its size are kept. */
export class EventText {
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  append(bytes: Buffer): void {
    const wasWithin = this.#bytes <= this.#limitBytes
    if (wasWithin) this.#parts.push(bytes)
    this.#bytes += bytes.length
    // A copy, so that the excerpt does not keep whole chunks alive.
    if (wasWithin && this.#bytes > this.#limitBytes) this.#parts = [Buffer.from(this.#excerpt())]
  }

  take(): { raw: string; refused?: string } {
    const bytes = this.#complete()
    if (bytes === null) return this.#refuseSize()
    if (!isUtf8(bytes)) return this.refuse('invalid UTF-8')
    return { raw: bytes.toString() }
  }

  /** Returns the text with replacement characters for bytes that are not UTF-8. */
  takeReadable(): { raw: string; refused?: string } {
    const bytes = this.#complete()
    return bytes === null ? this.#refuseSize() : { raw: bytes.toString() }
  }

  /** Returns null for an event that exceeds the limit. */
  #complete(): Buffer | null {
    if (this.#bytes > this.#limitBytes) return null
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
  }

  #refuseSize(): { raw: string; refused: string } {
    return this.refuse(`event of ${this.#bytes} bytes exceeds the limit of ${this.#limitBytes}`)
  }

  refuse(reason: string): { raw: string; refused: string } {
    return { raw: excerptOf(this.#excerpt()), refused: reason }
  }

  #excerpt(): Buffer {
    return Buffer.concat(this.#parts).subarray(0, EXCERPT_BYTES)
  }
}

/** Returns the beginning of a rejected text. */
export function excerptOf(bytes: Buffer): string {
  return bytes.subarray(0, EXCERPT_BYTES).toString().slice(0, EXCERPT_CHARS).toWellFormed()
}

/** Removes all other fields. */
export function textOnly({ raw, refused }: Framable): Framable {
  return refused === undefined ? { raw } : { raw, refused }
}
