/** Points in time as people write them: with date, time and offset. */

/** JSON Schema of a time. */
export const TIME_SCHEMA = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,3})?)?(?:Z|[+-]\\d\\d:\\d\\d)$',
  form: 'a time with its offset, such as 2026-12-05T06:00:00+01:00 or 2026-12-05T05:00:00Z',
} as const

const FORM = new RegExp(TIME_SCHEMA.pattern)

/** Epoch ms; undefined: the text is no time, or its date does not exist. */
export function parseTime(text: string): number | undefined {
  if (!FORM.test(text)) return undefined
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number]
  // Dates that do not exist, such as 2026-02-31, are read as days of the next month.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
