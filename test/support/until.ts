/** Waits for a condition by polling it: no test sleeps for a time it guessed. The timeout only ends what hangs. */

const FIRST_PAUSE_MS = 2
const MAX_PAUSE_MS = 50
/** A pause is this part of the time that was waited already. */
const PAUSES_OF_WAIT = 10

export async function until(
  condition: () => unknown,
  { timeoutMs = 150_000, what = String(condition) }: { timeoutMs?: number; what?: string } = {},
): Promise<void> {
  const start = performance.now()
  while (!(await condition())) {
    const waitedMs = performance.now() - start
    if (waitedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    // The longer the wait, the rarer the look: many conditions start a process or read a whole store.
    const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, waitedMs / PAUSES_OF_WAIT))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
