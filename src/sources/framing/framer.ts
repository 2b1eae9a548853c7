/**
 * Frames a stream of bytes into events. It detects whether each line is an event or values span lines, and keeps at most
 * one event and one chunk.
 */

import { DecodeBudget, decodeEvents, MAX_DECODED_EVENTS } from './decode.ts'
import { type Frame, type FramingRules, type OpeningRules, type Position, START_POSITION } from './frame.ts'
import { isSpace, LineFramer, RECORD_SEPARATOR } from './line-framer.ts'
import { ValueFramer } from './value-framer.ts'

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const NEWLINE = 0x0a
/** The number of first bytes that may be read to detect the form. */
const LOOK_AHEAD_BYTES = 64 * 1024
const STEP_BYTES = 64 * 1024

export class Framer {
  readonly #rules: OpeningRules
  #form: LineFramer | ValueFramer | null = null
  /** The position where reading resumes after the last frame. */
  #position: Position
  #ahead: Buffer = Buffer.alloc(0)
  #skip: number
  #frames: Frame[] = []

  /** @param budget that of the value whose text is framed; null for an input. */
  constructor(rules: FramingRules, at: Position, budget: DecodeBudget | null = null) {
    const open: OpeningRules['open'] = (event, path) => {
      const shared = budget ?? new DecodeBudget()
      const frame = (bytes: Buffer, unwrap: string | null) =>
        frameWhole(bytes, new Framer({ ...rules, unwrap }, START_POSITION, shared), MAX_DECODED_EVENTS)
      return decodeEvents(event, { path, budget: shared, frame })
    }
    this.#rules = { ...rules, open }
    this.#position = at
    this.#skip = at.skip
    // A byte order mark at the beginning of the input is skipped.
    if (at.form !== null && at.offset > 0) this.#form = this.#open(at.form, at)
  }

  push(chunk: Buffer): Frame[] {
    if (this.#form) this.#read(chunk)
    else {
      this.#ahead = Buffer.concat([this.#ahead, chunk])
      this.#decide(false)
    }
    return this.#frames.splice(0)
  }

  /** Frames the remaining bytes of a complete input. */
  end(): Frame[] {
    if (!this.#form) this.#decide(true, true)
    this.#form?.end()
    return this.#frames.splice(0)
  }

  /** Rejects the unfinished event of an aborted input; a later run starts before it. */
  abort(reason: string): Frame[] {
    const next = this.#position
    if (!this.#form) this.#decide(true)
    this.#form?.end(reason)
    const frames = this.#frames.splice(0)
    const last = frames.at(-1) ?? this.refusal(reason)
    return [...frames.slice(0, -1), { ...last, refused: last.refused ?? reason, next }]
  }

  /** Creates a reject for an error between two events. */
  refusal(reason: string): Frame {
    const next = this.#position
    const { line, offset } = next
    return { raw: '', refused: reason, line, offset, item: null, next }
  }

  /** @param isComplete false while bytes may follow, and for an input that ends before its end. */
  #decide(isEnd: boolean, isComplete = false): void {
    const mark = this.#position.offset === 0 ? markLength(this.#ahead) : 0
    if (mark === null && !isEnd) return
    const text = this.#ahead.subarray(mark ?? 0)
    const isAll = isEnd || text.length >= LOOK_AHEAD_BYTES
    const form = this.#position.form ?? formOf(text, isAll, this.#rules.unwrap !== null)
    if (form === null) return
    this.#ahead = Buffer.alloc(0)
    this.#form = this.#open(form, { ...this.#position, offset: this.#position.offset + (mark ?? 0) })
    this.#read(text, isComplete)
  }

  #open(form: 'lines' | 'values', at: { offset: number; line: number }): LineFramer | ValueFramer {
    const found = (frame: Frame) => {
      if (this.#skip > 0) {
        this.#skip--
        return
      }
      this.#position = frame.next
      this.#frames.push(frame)
    }
    return new (form === 'lines' ? LineFramer : ValueFramer)(this.#rules, at, found)
  }

  #read(chunk: Buffer, isLast = false): void {
    const left = this.#form!.push(chunk, isLast)
    if (left === null) return
    this.#form = this.#open('lines', left)
    this.#form.push(left.rest)
  }
}

/**
 * Frames a complete input. Returns null for more events, or for events of more characters: small events take far more
 * memory as frames than as bytes, and decoded texts may be larger than the input.
 */
export function frameWhole(
  bytes: Buffer,
  framer: Framer,
  maxEvents: number,
  maxChars = Number.POSITIVE_INFINITY,
): Frame[] | null {
  const frames: Frame[] = []
  let chars = 0
  const add = (more: readonly Frame[]): boolean => {
    for (const frame of more) {
      frames.push(frame)
      chars += frame.raw.length
    }
    return frames.length <= maxEvents && chars <= maxChars
  }
  for (let from = 0; from < bytes.length; from += STEP_BYTES) {
    if (!add(framer.push(bytes.subarray(from, from + STEP_BYTES)))) return null
  }
  return add(framer.end()) ? frames : null
}

/** Returns the length of the byte order mark; null while it may be incomplete. */
function markLength(text: Buffer): number | null {
  const length = Math.min(text.length, BYTE_ORDER_MARK.length)
  if (!text.subarray(0, length).equals(BYTE_ORDER_MARK.subarray(0, length))) return 0
  return length === BYTE_ORDER_MARK.length ? length : null
}

/**
 * Returns null while the text is too short. A first line that ends inside a value begins a document, unless it is not JSON;
 * everything else is read line by line, because an error then affects one line only.
 */
function formOf(text: Buffer, isAll: boolean, unwraps: boolean): 'lines' | 'values' | null {
  let start = 0
  while (start < text.length && isSpace(text[start]!)) start++
  if (start === text.length) return isAll ? 'lines' : null
  // Each text of a sequence may span lines, even when the first one does not.
  if (text[start] === RECORD_SEPARATOR) return 'values'
  const opener = String.fromCharCode(text[start]!)
  if (opener !== '[' && opener !== '{') return 'lines'
  const newline = text.indexOf(NEWLINE, start)
  if (newline === -1 && !isAll) return null
  const line = text
    .subarray(start, newline === -1 ? text.length : newline)
    .toString('latin1')
    .trimEnd()
  if (newline === -1) {
    return text.length >= LOOK_AHEAD_BYTES && (opener === '[' || unwraps) ? 'values' : 'lines'
  }
  if (opener === '{') return /[{[,:]$/.test(line) ? 'values' : 'lines'
  return !line.endsWith(']') && /^\[\s*($|["[{\d\-tfn])/.test(line) ? 'values' : 'lines'
}
