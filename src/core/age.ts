/** How old a stored time is. A clock may have been ahead when the time was stored. */

/** Clocks of one machine differ by less; a time further ahead comes from a clock that was wrong. */
const MAX_AHEAD_MS = 60_000

/**
 * Milliseconds from then until `at`; infinite for a time in the future, so that what counts from it has expired.
 * @param present the time of the clock, where `at` is an earlier one: an event can wait for longer than clocks differ, and
 * what another one has begun meanwhile lies in its future, but not in that of the clock.
 */
export function ageMs(since: number, at: number, present: number = at): number {
  return since - Math.max(at, present) > MAX_AHEAD_MS ? Number.POSITIVE_INFINITY : Math.max(0, at - since)
}
