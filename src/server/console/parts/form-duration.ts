/** Durations as addresses and forms of the console have them: a whole number of minutes, hours or days. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What a field of a duration accepts, for its attribute `pattern`. */
export const DURATION_PATTERN = '[0-9]{1,4}[mhd]'

/** What is said of a text that is no duration. */
export const NO_DURATION = 'Write a duration such as 30m, 2h or 3d.'

/** Milliseconds; undefined: the text is no duration. */
export function parseDuration(text: string): number | undefined {
  return new RegExp(`^${DURATION_PATTERN}$`).test(text)
    ? Number(text.slice(0, -1)) * UNIT_MS[text.at(-1)!]!
    : undefined
}
