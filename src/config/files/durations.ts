/** Durations as people write them: `30s`, `15m`, `3d`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** JSON Schema of a duration. */
export const DURATION_SCHEMA = {
  type: 'string',
  pattern: '^\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)$',
  form: 'a duration such as 30s, 15m, 12h or 3d',
} as const

/** Milliseconds, or undefined for text that is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined
}
