/** Decodes values that `?unwrap=` found and that are not events yet: texts with JSON, and values with a remaining path. */
import { gunzipSync } from 'node:zlib'
import { type EventText, excerptOf } from './frame.ts'
import { isGzip } from './gunzip.ts'

type EventTextResult = ReturnType<EventText['take']>

/** A text may not decompress to more bytes. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024
/** The texts within one value, those within texts included, may not hold more. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024
export const MAX_DECODED_EVENTS = 100_000

const TOO_LARGE = `the texts to unwrap exceed ${MAX_DECODED_BYTES} bytes`

/** Counts what is decoded within one value, because compressed texts within a compressed text multiply its size. */
export class DecodeBudget {
  #bytes = MAX_DECODED_BYTES
  #events = MAX_DECODED_EVENTS

  get isSpent(): boolean {
    return this.#bytes < 0
  }

  takeBytes(count: number): boolean {
    this.#bytes -= count
    return this.#bytes >= 0
  }

  takeEvents(count: number): boolean {
    this.#events -= count
    return this.#events >= 0
  }
}

const BASE64 = /^[A-Za-z0-9+/\r\n]+={0,2}\s*$/
const BEGINS_JSON = /^\s*[{[]/

interface Decoding {
  /** The remaining path; it may be empty. */
  readonly path: string
  readonly budget: DecodeBudget
  /** Frames bytes like a whole input; null for too many events. */
  readonly frame: (bytes: Buffer, path: string | null) => readonly EventTextResult[] | null
}

export function decodeEvents(
  { raw, refused }: EventTextResult,
  { path, budget, frame }: Decoding,
): readonly EventTextResult[] {
  if (refused !== undefined) return [{ raw, refused }]
  const tooLarge = () => [{ raw: excerptOf(Buffer.from(raw)), refused: TOO_LARGE }]
  if (budget.isSpent) return tooLarge()
  const bytes = raw.startsWith('"') ? bytesOfText(raw) : Buffer.from(raw)
  if (typeof bytes === 'string') return [{ raw, refused: bytes }]
  if (!budget.takeBytes(bytes.length)) return tooLarge()
  const events = frame(bytes, path === '' ? null : path)
  const isWithin = events !== null && (path !== '' || budget.takeEvents(events.length))
  return isWithin ? events : [{ raw, refused: `the text exceeds ${MAX_DECODED_EVENTS} events` }]
}

/** Returns the content of a JSON text: JSON, or base64 of plain or compressed JSON. Otherwise it returns the reason of the reject. */
function bytesOfText(raw: string): Buffer | string {
  let text: string
  try {
    text = JSON.parse(raw) as string
  } catch {
    return 'invalid JSON text'
  }
  if (BEGINS_JSON.test(text)) return Buffer.from(text)
  const binary = BASE64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  try {
    const plain = isGzip(binary) ? gunzipSync(binary, { maxOutputLength: MAX_TEXT_BYTES }) : binary
    if (BEGINS_JSON.test(plain.subarray(0, 64).toString('latin1'))) return plain
  } catch {
    return 'the gzip data in the text is corrupt or too large'
  }
  return 'the text to unwrap is neither JSON nor base64 of JSON'
}
