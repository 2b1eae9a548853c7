/** Decodes values that `?unwrap=` found and that are not events yet: texts with JSON, and values with a remaining path. */
import { gunzipSync } from 'node:zlib'
import type { EventText } from './frame.ts'
import { isGzip } from './gunzip.ts'

type EventTextResult = ReturnType<EventText['take']>

const MAX_DECODED_BYTES = 16 * 1024 * 1024
const MAX_DECODED_EVENTS = 100_000
const BASE64 = /^[A-Za-z0-9+/\r\n]+={0,2}\s*$/
const BEGINS_JSON = /^\s*[{[]/

/**
 * @param path is the remaining path; it may be empty.
 * @param frame frames bytes like a whole input.
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
  return [{ raw, refused: `the text exceeds ${MAX_DECODED_EVENTS} events` }]
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
    const plain = isGzip(binary) ? gunzipSync(binary, { maxOutputLength: MAX_DECODED_BYTES }) : binary
    if (BEGINS_JSON.test(plain.subarray(0, 64).toString('latin1'))) return plain
  } catch {
    return 'the gzip data in the text is corrupt or too large'
  }
  return 'the text to unwrap is neither JSON nor base64 of JSON'
}
