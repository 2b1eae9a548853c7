/** WORKER THREAD. Checks size, nesting and numbers of an event by scanning its text before any parser reads it. */
import type { Limits } from '../../model/project/settings.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30
const NINE = 0x39

/** Returns why the text must not be parsed, or null. The text need not be JSON. */
export function checkLimits(
  raw: string,
  limits: Pick<Limits, 'eventBytes' | 'eventDepth' | 'numberDigits'>,
): string | null {
  // A text never has more UTF-16 units than UTF-8 bytes, so this limit is never too strict.
  if (raw.length > limits.eventBytes) return `larger than ${limits.eventBytes} bytes`
  let depth = 0
  let digits = 0
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at)
    if (code >= ZERO && code <= NINE) {
      if (++digits > limits.numberDigits) return `a number has more than ${limits.numberDigits} digits`
      continue
    }
    digits = 0
    if (code === QUOTE) at = endOfString(raw, at)
    else if (opens(code)) {
      if (++depth > limits.eventDepth) return `nested more than ${limits.eventDepth} levels deep`
    } else if (closes(code)) depth--
  }
  return null
}

/** Whether the code is `[` or `{`. */
function opens(code: number): boolean {
  return code === 0x5b || code === 0x7b
}

/** Whether the code is `]` or `}`. */
function closes(code: number): boolean {
  return code === 0x5d || code === 0x7d
}

function endOfString(raw: string, start: number): number {
  for (let quote = raw.indexOf('"', start + 1); quote !== -1; quote = raw.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (raw.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote
  }
  return raw.length
}
