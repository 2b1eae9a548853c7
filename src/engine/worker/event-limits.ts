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
  if (!mayBeDeep(raw, limits.eventDepth) && !mayHaveDigits(raw, limits.numberDigits)) return null
  return scan(raw, limits)
}

/** Whether there are more brackets than levels, those in texts included. Searches of the runtime are faster than a scan. */
function mayBeDeep(raw: string, eventDepth: number): boolean {
  let brackets = 0
  for (const bracket of ['{', '[']) {
    for (let at = raw.indexOf(bracket); at !== -1; at = raw.indexOf(bracket, at + 1)) {
      if (++brackets > eventDepth) return true
    }
  }
  return false
}

/** Whether more digits follow each other, those in texts included. So many digits cover one of the characters looked at. */
function mayHaveDigits(raw: string, numberDigits: number): boolean {
  const distance = Math.max(1, numberDigits)
  for (let at = distance - 1; at < raw.length; at += distance) {
    if (!isDigit(raw.charCodeAt(at))) continue
    let [start, end] = [at, at + 1]
    while (start > 0 && isDigit(raw.charCodeAt(start - 1))) start--
    while (end < raw.length && isDigit(raw.charCodeAt(end))) end++
    if (end - start > numberDigits) return true
  }
  return false
}

function scan(raw: string, limits: Pick<Limits, 'eventDepth' | 'numberDigits'>): string | null {
  let depth = 0
  let digits = 0
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at)
    if (isDigit(code)) {
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

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
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
