/** Recognizes a line that is one object without a scan of each byte: searches of the runtime read many bytes at once. */
import { isUtf8 } from 'node:buffer'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const CARRIAGE_RETURN = 0x0d
/** After an object, these begin another value or are the space before it. In an object they are rare after a brace. */
const BEHIND_OBJECT = new Set(Buffer.from('{[ \t\r'))

/** Returns the text of the line `chunk[from..to)` if it is one object; null if it may be anything else. */
export function wholeObject(chunk: Buffer, from: number, to: number): string | null {
  const end = chunk[to - 1] === CARRIAGE_RETURN ? to - 1 : to
  if (chunk[from] !== OPEN_BRACE || chunk[end - 1] !== CLOSE_BRACE) return null
  const bytes = chunk.subarray(from, end)
  if (!isUtf8(bytes)) return null
  const text = bytes.toString()
  return mayHoldTwoValues(text) ? null : text
}

/** The braces can also be in a string, so true means only that each byte must be scanned. */
function mayHoldTwoValues(text: string): boolean {
  for (let at = text.indexOf('}'); at !== -1; at = text.indexOf('}', at + 1)) {
    if (BEHIND_OBJECT.has(text.charCodeAt(at + 1))) return true
  }
  return false
}
