/** The forms of single values that several schemas use. */
import { SEVERITIES } from '../../model/alerts/severity.ts'

export const TEXT = { type: 'string' } as const
export const BOOLEAN = { type: 'boolean' } as const
export const INTEGER = { type: 'integer' } as const
export const TEXTS = { type: 'array', items: TEXT } as const
export const TEXT_SET = { ...TEXTS, uniqueItems: true } as const

/** Ids and display names. */
export const ID_TEXT = {
  type: 'string',
  minLength: 1,
  pattern: '^[^<>&"%]+$',
  form: 'text without any of < > & " %',
} as const

/** The five levels in any case. panther_analysis_tool accepts only the first spelling. */
const SPELLINGS = SEVERITIES.map((severity) => severity.charAt(0) + severity.slice(1).toLowerCase())
export const SEVERITY = {
  type: 'string',
  enum: SEVERITIES.flatMap((severity, i) => [SPELLINGS[i], severity, severity.toLowerCase()]),
  choices: SPELLINGS,
} as const

/** A time in a test case: from the beginning of the case, or of the calendar. */
export const CASE_TIME = {
  type: 'string',
  pattern:
    '^(?:\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)|\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d:\\d\\d))?)$',
  form: 'a time from the beginning of the case such as 0s or 15m, or a time such as 2026-01-31T12:00:00Z',
} as const

const ONE_TIMING = [{ required: ['CronExpression'] }, { required: ['RateMinutes'] }]
const TIMINGS = {
  CronExpression: TEXT,
  RateMinutes: { type: 'integer', minimum: 1 },
  TimeoutMinutes: { type: 'integer', minimum: 1 },
}
export const SCHEDULE = {
  type: 'object',
  properties: TIMINGS,
  oneOf: ONE_TIMING,
  additionalProperties: false,
} as const

/** Adds a description, a sentence for editors, to a schema. */
export function described<S extends object>(
  description: string,
  schema: S,
): S & { readonly description: string } {
  return { ...schema, description }
}

/** A closed mapping. */
export function closed(
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
  rest: object = {},
) {
  return { type: 'object', properties, required, additionalProperties: false, ...rest } as const
}

/** `oneOf` over the presence of keys. */
export function exactlyOne(...keys: readonly string[]) {
  return { oneOf: keys.map((key) => ({ required: [key] })) } as const
}
