/** Computes the delay after a failed attempt: full jitter under a doubling maximum. Pure. */

const INITIAL_DELAY_MS = 1_000
const MAX_DELAY_MS = 5 * 60_000

/** `attempts` are those spent before this failure; `random` is in [0, 1). */
export function backoffMs(attempts: number, random: number): number {
  return Math.floor(random * Math.min(MAX_DELAY_MS, INITIAL_DELAY_MS * 2 ** attempts))
}
