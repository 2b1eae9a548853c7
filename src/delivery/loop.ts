/** Runs passes: sleeps until the next one is worth while, or somebody wakes it. Knows time, and nothing of deliveries. */
import { messageOf } from '../errors.ts'
import type { Clock, Log } from '../model/ports.ts'

/** The longest sleep: commands and other daemons write beside us, and leases of the dead run out. */
const MAX_SLEEP_MS = 5_000
const FAILURE_DELAY_MS = 1_000

interface Loop {
  /** Runs until the stop. */
  run(): Promise<void>
  wake(): void
  /** Resolves when a pass ends. */
  nextPass(): Promise<void>
  /** Resolves when a pass has ended that began after the call, or when time is up. */
  waitForNextPass(timeUp: AbortSignal): Promise<void>
  /** When the next pass has something to do, as far as time alone can tell. */
  nextAt(): number | null
}

/** `pass` resolves with the time at which the next has something to do, or null. */
export function createLoop(
  pass: () => Promise<number | null>,
  { clock, log }: { clock: Clock; log: Log },
  stop: AbortSignal,
): Loop {
  let alarm = new AbortController()
  let ended = Promise.withResolvers<void>()
  let begun = 0
  let finished = 0
  let nextAt: number | null = null
  // With a reason of its own: the default one is an Error with a stack, for every wake.
  const wake = () => alarm.abort('woken')

  async function runPass(): Promise<void> {
    try {
      nextAt = await pass()
    } catch (error) {
      log.error({ error: messageOf(error) }, 'the store can not be read; delivery tries again')
      nextAt = clock.now() + FAILURE_DELAY_MS
    }
  }

  async function run(): Promise<void> {
    while (!stop.aborted) {
      // Before the pass: a wake in its midst must not be slept over.
      alarm = new AbortController()
      begun++
      await runPass()
      finished = begun
      ended.resolve()
      ended = Promise.withResolvers()
      const untilNextMs = (nextAt ?? Number.POSITIVE_INFINITY) - clock.now()
      const signal = AbortSignal.any([alarm.signal, stop])
      await clock.sleep(Math.max(0, Math.min(untilNextMs, MAX_SLEEP_MS)), signal)
    }
    ended.resolve()
  }

  return {
    run,
    wake,
    nextPass: () => ended.promise,
    async waitForNextPass(timeUp) {
      // A pass under way may already be past a destination that has something new.
      const target = begun + 1
      wake()
      while (finished < target && !timeUp.aborted && !stop.aborted) {
        await Promise.race([ended.promise, aborted(timeUp)])
      }
    },
    nextAt: () => nextAt,
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
