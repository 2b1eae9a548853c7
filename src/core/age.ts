/** How old a stored time is. A clock may have been ahead when the time was stored. */

/** Clocks of one machine differ by less; a time further ahead comes from a clock that was wrong. */
const MAX_AHEAD_MS = 60_000

/** Milliseconds since then; infinite for a time in the future, so that what counts from it has expired. */
export function ageMs(since: number, now: number): number {
  const age = now - since
  return age < -MAX_AHEAD_MS ? Number.POSITIVE_INFINITY : Math.max(0, age)
}
