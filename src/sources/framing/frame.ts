/** What framing yields: one event's untouched text, where it stood, and where to go on after it. */
import { isUtf8 } from 'node:buffer'
import type { FramedEvent } from '../_source.ts'

/**
 * A place from which framing can start again: `skip` events after byte `offset` are done already. An event
 * inside a list can't be returned to directly, so its list is read again from `offset`.
 */
export interface Position {
  readonly offset: number
  readonly line: number
  readonly skip: number
  /** `lines`: every line stands alone. `values`: JSON values that span lines. null: not decided yet. */
  readonly form: 'lines' | 'values' | null
}

export const START_POSITION: Position = { offset: 0, line: 1, skip: 0, form: null }

export interface Frame {
  readonly raw: string
  readonly refused?: string
  /** 1-based line and byte of its first character. */
  readonly line: number
  readonly offset: number
  /** 0-based number within the value that was opened to find it; absent for the first one. */
  readonly part?: number
  /** 1-based number within its list or document; null when it is a line of its own. */
  readonly item: number | null
  readonly next: Position
}

export interface FramingRules {
  /** A larger event is refused. */
  readonly eventBytes: number
  /** The dotted path in a container that leads to the events, or null. */
  readonly unwrap: string | null
}

/** The rules within one framer. */
export interface OpeningRules extends FramingRules {
  /** The events in what the path has led to. */
  readonly open: (event: Framable, path: string) => readonly Framable[]
}

export interface Framable {
  readonly raw: string
  readonly refused?: string
}

/** For people. */
export function positionText(frame: Frame): string {
  const item = frame.item === null ? '' : `, item ${frame.item}`
  return `line ${frame.line}${item}, byte ${frame.offset}`
}

/** `from` null: it can't be read again. */
export function toFramedEvent(
  frame: Frame,
  from: { readonly cursor: string; readonly origin: string } | null,
): FramedEvent {
  const { raw, refused } = frame
  const refusal = refused === undefined ? {} : { refused }
  return { cursor: null, ...from, raw, place: positionText(frame), ...refusal }
}

const EXCERPT_CHARS = 200
/** Enough bytes for the excerpt, whatever the characters. */
const EXCERPT_BYTES = EXCERPT_CHARS * 4

/** Collects the bytes of one event. Beyond the limit only its beginning and its size are kept. */
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
    if (this.#bytes > this.#limitBytes) {
      return this.refuse(`event of ${this.#bytes} bytes, the limit is ${this.#limitBytes}`)
    }
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    if (!isUtf8(bytes)) return this.refuse('not valid UTF-8')
    return { raw: bytes.toString() }
  }

  refuse(reason: string): { raw: string; refused: string } {
    return { raw: excerptOf(this.#excerpt()), refused: reason }
  }

  #excerpt(): Buffer {
    return Buffer.concat(this.#parts).subarray(0, EXCERPT_BYTES)
  }
}

/** The beginning of something refused. */
export function excerptOf(bytes: Buffer): string {
  return bytes.subarray(0, EXCERPT_BYTES).toString().slice(0, EXCERPT_CHARS).toWellFormed()
}

/** Without what else is known of it. */
export function textOnly({ raw, refused }: Framable): Framable {
  return refused === undefined ? { raw } : { raw, refused }
}
