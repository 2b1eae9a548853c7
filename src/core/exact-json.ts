/** JSON whose numbers keep their digits: `53.0` stays `53.0`, and integers beyond 2^53 lose none. Pure. */

/** JSON text. It stays text so that `53.0` and integers beyond 2^53 survive. */
export type JsonText = string

/** Functions of the language that its typings lack. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): object
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
}
const exact = JSON as unknown as ExactJson

/** A number stands at the start, or after one of these signs: a fraction, an exponent, minus zero, or many digits. */
const PERHAPS_INEXACT = /(?:^|[:,[])\s*(?:-0|-?\d+[.eE])|\d{16}/

/** Parses like `JSON.parse`, but a number that a double would write differently keeps its text, as raw JSON. */
export function parseExact(text: string): unknown {
  // To look at every single value takes five times as long as the parse itself.
  if (!PERHAPS_INEXACT.test(text)) return JSON.parse(text)
  return exact.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exact.rawJSON(source)
      : value,
  )
}

/** Whether a double could spoil a number in the text so that comparing it goes wrong. */
export function needsExactness(text: string): boolean {
  return /\d{16}/.test(text)
}

/** The number that a parsed value is, or undefined. */
export function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (!exact.isRawJSON(value)) return undefined
  return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON)
}

/** The text of a value: text as it is, null as nothing, anything else as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** An object or a list that stands for no number. */
export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !exact.isRawJSON(value)
}
