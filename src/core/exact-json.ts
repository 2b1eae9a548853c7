/** JSON that keeps every digit: `53.0` and integers beyond 2^53 come out as they went in. */

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
/** Not yet among the types of the language. */
const json = JSON as unknown as {
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
  parse(text: string, reviver: Reviver): unknown
}

/** Parsed only to be put into a larger value and written again: some of its numbers are no numbers. */
export function exactly(text: JsonText): unknown {
  return json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  )
}

/** A part of such a value as text: texts as they are, all else as JSON. */
export function exactText(value: unknown): string {
  if (typeof value === 'string') return value
  return json.isRawJSON(value) ? value.rawJSON : (JSON.stringify(value) ?? '')
}

/** JSON text, kept as text so that `53.0` and integers beyond 2^53 survive. */
export type JsonText = string
