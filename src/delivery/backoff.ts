/** How long to wait after a failed attempt: full jitter under a doubling ceiling. Pure. */

const INITIAL_DELAY_MS = 1_000
const MAX_DELAY_MS = 5 * 60_000

/** `attempts`: attempts spent before this failure; `random`: in [0, 1). */
export function backoffMs(attempts: number, random: number): number {
  return Math.floor(random * Math.min(MAX_DELAY_MS, INITIAL_DELAY_MS * 2 ** attempts))
}
