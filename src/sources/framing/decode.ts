/** Opens what `?unwrap=` has found and that is not an event yet: texts that hold JSON, and what its path still names. */
import { gunzipSync } from 'node:zlib'
import type { EventText } from './frame.ts'
import { isGzip } from './gunzip.ts'

type EventTextResult = ReturnType<EventText['take']>

const MAX_DECODED_BYTES = 16 * 1024 * 1024
const MAX_DECODED_EVENTS = 100_000
const BASE64 = /^[A-Za-z0-9+/\r\n]+={0,2}\s*$/
const BEGINS_JSON = /^\s*[{[]/

/**
 * @param path what of the path is left; empty: nothing.
 * @param frame frames bytes as the whole input would be.
 */
export function decodeEvents(
  { raw, refused }: EventTextResult,
  path: string,
  frame: (bytes: Buffer, path: string | null) => readonly EventTextResult[],
): readonly EventTextResult[] {
  if (refused !== undefined) return [{ raw, refused }]
  const bytes = raw.startsWith('"') ? bytesOfText(raw) : Buffer.from(raw)
  if (typeof bytes === 'string') return [{ raw, refused: bytes }]
  const events = frame(bytes, path === '' ? null : path)
  if (events.length <= MAX_DECODED_EVENTS) return events
  return [{ raw, refused: `the text holds more than ${MAX_DECODED_EVENTS} events` }]
}

/** What a JSON text holds: JSON, or base64 of JSON, compressed or not. Else why it is refused. */
function bytesOfText(raw: string): Buffer | string {
  let text: string
  try {
    text = JSON.parse(raw) as string
  } catch {
    return 'not a JSON text'
  }
  if (BEGINS_JSON.test(text)) return Buffer.from(text)
  const binary = BASE64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  try {
    const plain = isGzip(binary) ? gunzipSync(binary, { maxOutputLength: MAX_DECODED_BYTES }) : binary
    if (BEGINS_JSON.test(plain.subarray(0, 64).toString('latin1'))) return plain
  } catch {
    return 'the gzip data in the text is damaged or too large'
  }
  return 'the text to unwrap is neither JSON nor base64 of JSON'
}
