/** Makes texts that come from events safe to send and to show to people: characters that receivers refuse become visible. Pure. */
import { isContainer } from './exact-json.ts'

const REPLACEMENT = '\ufffd'
/** The picture of a control character is this far above it, for example ␛ for ESC. */
const CONTROL_PICTURES = 0x2400
const DELETE = 0x7f
const DELETE_PICTURE = '\u2421'

/**
 * The C0 and C1 controls but tab and line feed, noncharacters, and the controls that change the direction of writing.
 * A receiver on PostgreSQL refuses NUL, others refuse noncharacters; an override makes a text read backwards.
 */
const UNSAFE = /(?![\t\n])\p{Cc}|\p{Noncharacter_Code_Point}|[\u202a-\u202e\u2066-\u2069]/gu
/** These end a line in some programs and not in others. */
const LINE_ENDS = /\r\n|[\r\u0085\u2028\u2029]/g

/** Replaces what a receiver could refuse or misread. A text without such characters is returned as it is. */
export function readableText(text: string): string {
  return text.toWellFormed().replace(LINE_ENDS, '\n').replace(UNSAFE, visible)
}

/** Makes all texts of a value readable, its keys included. Exact numbers stay exact. */
export function readableValue(value: unknown): unknown {
  if (typeof value === 'string') return readableText(value)
  if (Array.isArray(value)) return value.map(readableValue)
  if (!isContainer(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [readableText(key), readableValue(item)]),
  )
}

function visible(character: string): string {
  const code = character.codePointAt(0)!
  if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code)
  return code === DELETE ? DELETE_PICTURE : REPLACEMENT
}

/** An escape of JSON: a pair of surrogates, half of a pair, or any other. */
const ESCAPE = /\\u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(d[89a-f][0-9a-f]{2}))|\\./gi

/** Replaces unpaired surrogates in JSON text, whether raw or escaped. All else stays as it was written. */
export function wellFormedJson(json: string): string {
  return json
    .toWellFormed()
    .replace(ESCAPE, (sequence, half: string | undefined) => (half === undefined ? sequence : '\\ufffd'))
}
